"""Number words: all of 0..99 in three spellings, scales and half forms."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muse_core.language.numerals import Script, read_number, say_number, say_small, small_value

SCRIPTS: tuple[Script, ...] = ("devanagari", "roman", "english")


@pytest.mark.parametrize("script", SCRIPTS)
def test_all_small_numbers_are_distinct_and_read_back(script: Script) -> None:
    said = [say_small(value, script) for value in range(100)]
    assert len(set(said)) == 100
    for value, words in enumerate(said):
        number = read_number(words.split())
        assert number is not None and number.value == value


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 999_999_999), st.sampled_from(SCRIPTS))
def test_say_read_round_trip(value: int, script: Script) -> None:
    words = say_number(value, script).split()
    number = read_number(words)
    assert number is not None
    assert (number.value, number.end) == (value, len(words))


def test_spelling_variants() -> None:
    assert small_value("पाँच") == small_value("पांच") == small_value("paanch") == small_value("panch") == 5
    assert small_value("pachas") == small_value("pachaas") == 50
    assert small_value("shirt") is None


def test_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 0 to"):
        say_number(-1, "english")


def test_two_numbers_are_not_one() -> None:
    number = read_number(["500", "1000"])
    assert number is not None and (number.value, number.end) == (500, 1)
