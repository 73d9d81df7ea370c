"""Typing slips: every kind at its rate, in plain words only, never a value and never the place of one."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from muse_core.dialogue.spelling import _is_of_the_shop, _kinds, with_slip
from muse_core.dialogue.utterance import Word, fill, render
from muse_core.language import lexicon
from muse_core.wordings.words import words

EN = "please search everything that matches {np} {tail} before tomorrow evening"
ROMAN = "humare dukaandaar bhaiya {np} jaldi dikhaiye {tail} kyunki nikalna padega"
VALUES = {"np": "black cotton shirts", "tail": "under 1500 with 16 gb memory"}


def slipped(pattern: str, is_roman: bool, count: int = 3000) -> list[list[Word]]:
    rng, core = np.random.default_rng(5), fill(pattern, VALUES)
    return [with_slip(core, rng, is_roman) for _ in range(count)]


@pytest.mark.parametrize(("pattern", "is_roman"), [(EN, False), (ROMAN, True)])
def test_values_and_their_places_survive_every_slip(pattern: str, is_roman: bool) -> None:
    for core in slipped(pattern, is_roman):
        utterance = render(core)
        said = [utterance.text[start:end] for start, end in utterance.arguments]
        assert " ".join(said) == " ".join(VALUES.values())
        assert utterance.text[: utterance.position].endswith("16 gb memory")


@pytest.mark.parametrize(("pattern", "is_roman"), [(EN, False), (ROMAN, True)])
def test_one_word_changes_by_one_key(pattern: str, is_roman: bool) -> None:
    before = [word.text for word in fill(pattern, VALUES)]
    lengths: Counter[int] = Counter()
    for core in slipped(pattern, is_roman):
        after = [word.text for word in core]
        if len(after) < len(before):
            assert "".join(after) == "".join(before)
            lengths[-99] += 1
            continue
        changed = [(one, other) for one, other in zip(before, after, strict=True) if one != other]
        assert len(changed) <= 1
        lengths[len(changed[0][1]) - len(changed[0][0]) if changed else 99] += 1
    assert {-1, 0, 1, -99} <= lengths.keys()
    ends = dict(_kinds("roman" if is_roman else "en"))
    share = 1 - max(end for name, end in ends.items() if name != "space")
    assert lengths[-99] / 3000 == pytest.approx(share, abs=0.03)


def test_the_seven_kinds_are_data_in_both_latin_scripts() -> None:
    for script in ("en", "roman"):
        table = words("spelling", script)["kinds"]  # type: ignore[arg-type]
        assert len(table) == 7 and all(rate > 0 for rate in table.values())


def test_a_slip_never_makes_a_word_of_the_shop() -> None:
    rng = np.random.default_rng(2)
    assert _is_of_the_shop("red") and not _is_of_the_shop("reed")
    for text in ("read", "bleu", "sik", "goald", "cottoon", "shirtt"):
        for _ in range(60):
            made = render(with_slip([Word(text, "plain")], rng)).text
            found = [slot for slot in lexicon.slots() if lexicon.canonical(slot, made) is not None]
            assert made == text or not found, (text, made)


def test_numbers_and_pictures_in_plain_words_stay() -> None:
    rng = np.random.default_rng(4)
    for text in ("1500", "5k-8k", "[image:att1]", "2nd"):
        assert render(with_slip([Word(text, "plain")], rng)).text == text
