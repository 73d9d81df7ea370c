"""A price limit that the simulator can say is read back as the same limit, in every script."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muse_core.dialogue.phrases import phrases
from muse_core.dialogue.script import LANGUAGE_OF, SCRIPTS, Script
from muse_core.language.parse import parse_request
from muse_core.language.prices import price_forms

prices = st.one_of(st.integers(100, 99_999), st.integers(2, 4_000).map(lambda n: n * 50))
NOUNS: dict[Script, str] = {"en": "shirt", "hi": "शर्ट", "roman": "kameez", "both": "shirt"}


def _said(script: Script, kind: str, low: int, high: int) -> list[str]:
    forms = price_forms(high, LANGUAGE_OF[script])
    return [pattern.format(p=form, q=low) for pattern in phrases(script)["price"][kind] for form in forms]


@pytest.mark.parametrize("script", SCRIPTS)
@settings(max_examples=60, deadline=None)
@given(value=prices)
def test_a_limit_reads_back(script: Script, value: int) -> None:
    for phrase in _said(script, "max", 0, value):
        parsed = parse_request(f"{NOUNS[script]} {phrase}")
        assert (parsed.min_price, parsed.max_price) == (None, value), phrase
    for phrase in _said(script, "min", 0, value):
        parsed = parse_request(f"{phrase} {NOUNS[script]}")
        assert (parsed.min_price, parsed.max_price) == (value, None), phrase


@pytest.mark.parametrize("script", SCRIPTS)
@settings(max_examples=60, deadline=None)
@given(low=st.integers(100, 9_999), more=prices)
def test_a_range_reads_back(script: Script, low: int, more: int) -> None:
    for phrase in _said(script, "range", low, low + more):
        parsed = parse_request(f"{NOUNS[script]} {phrase}")
        assert (parsed.min_price, parsed.max_price) == (low, low + more), phrase
