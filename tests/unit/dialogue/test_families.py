"""Families: enough of them in every cell, on disjoint sides, new compositions of known cues."""

from __future__ import annotations

import re

import pytest

from muse_core.dialogue.families import all_families, cells, closings, openings
from muse_core.dialogue.utterance import slots_of
from muse_core.dialogue.wording import SCRIPTS, frames, replies
from muse_core.types import LANGUAGES, TURN_TYPES

_KNOWN_SLOTS = {
    "np", "a", "tail", "adj", "post", "limit", "sort", "order", "items", "by", "which", "text", "target",
    "img", "acol", "noun", "task", "post2", "limit2", "order2", "items2",
}  # fmt: skip


@pytest.mark.parametrize("turn_type", TURN_TYPES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_cell_has_many_families_on_every_side(turn_type: str, language: str) -> None:
    sides = cells()[turn_type, language]  # type: ignore[index]
    assert sum(map(len, sides.values())) >= 20
    assert len(sides["dev"]) >= 2 and len(sides["test"]) >= 2
    held_out = (len(sides["dev"]) + len(sides["test"])) / sum(map(len, sides.values()))
    assert 0.12 <= held_out <= 0.3


def test_ids_are_unique_and_name_their_cell() -> None:
    book = all_families()
    assert len(book.by_id) == len(book.families)
    for family in book.families:
        turn_type, language, name = family.family_id.split("/", 2)
        assert (turn_type, language) == (family.turn_type, family.language) and name


def test_every_held_out_pattern_has_a_train_family() -> None:
    trained = {(one.script, one.kind, one.pattern) for one in all_families().families if one.side == "train"}
    assert all((one.script, one.kind, one.pattern) in trained for one in all_families().families)


def test_every_kind_can_be_said_on_every_side() -> None:
    shelves = {(one.script, one.turn_type, one.kind) for one in all_families().families}
    for side in ("train", "dev", "test"):
        on_side = {(o.script, o.turn_type, o.kind) for o in all_families().families if o.side == side}
        assert on_side == shelves


@pytest.mark.parametrize("script", SCRIPTS)
def test_patterns_use_known_placeholders_and_closed_marks(script: str) -> None:
    for kinds in frames(script)["patterns"].values():  # type: ignore[arg-type]
        for patterns in kinds.values():
            assert len(set(patterns)) == len(patterns)
            for pattern in patterns:
                assert slots_of(pattern) <= _KNOWN_SLOTS, pattern
                assert not re.search(r"[{}<>|/]", re.sub(r"\{\w+\}|<[^>]+>|\([^()]*\)", "", pattern)), pattern


@pytest.mark.parametrize("script", SCRIPTS)
def test_openings_and_closings_exist(script: str) -> None:
    for family in all_families().families:
        if family.script == script:
            assert not family.opening or openings(family.script, family.opening)
            assert not family.closing or closings(family.script, family.closing)


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_situation_has_six_replies_for_each_tone(script: str) -> None:
    for situation, texts in replies(script)["replies"].items():  # type: ignore[arg-type]
        for unfit in "+~":
            assert sum(not text.startswith(unfit) for text in texts) >= (4 if "lead" in situation else 5), (
                situation
            )
        assert len(texts) >= (5 if "lead" in situation else 6), situation
