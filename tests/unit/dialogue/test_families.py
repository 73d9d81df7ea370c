"""Families: enough of them in every cell, on disjoint sides, the held-out ones in other words."""

from __future__ import annotations

import numpy as np
import pytest

from muse_core.dialogue.constraints import constraint, tail_of
from muse_core.dialogue.families import Wordings, all_families, cells
from muse_core.dialogue.replies import replies
from muse_core.dialogue.voice import Voice
from muse_core.types import LANGUAGES, SIDES, TURN_TYPES
from muse_core.wordings.beside import asides, closings, openings
from muse_core.wordings.grammar import readings
from muse_core.wordings.kinds import Shelf, shelves
from muse_core.wordings.sides import head_of
from muse_core.wordings.words import SCRIPTS, Script, words


@pytest.mark.parametrize("turn_type", TURN_TYPES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_cell_has_many_families_on_every_side(turn_type: str, language: str) -> None:
    sides = cells()[turn_type, language]  # type: ignore[index]
    assert sum(map(len, sides.values())) >= 20
    held_out = (len(sides["dev"]) + len(sides["test"])) / sum(map(len, sides.values()))
    assert 0.12 <= held_out <= 0.4  # the smallest shelves hold out three each of fourteen


def test_ids_are_unique_and_name_their_cell() -> None:
    book = all_families()
    assert len(book.by_id) == len(book.families)
    for family in book.families:
        turn_type, language, name = family.family_id.split("/", 2)
        assert (turn_type, language) == (family.turn_type, family.language) and name


def test_held_out_heads_are_not_trained() -> None:
    """A wording, and every wording of its kind with the same head, is on one side only."""
    sides: dict[tuple[str, str, str, str], set[str]] = {}
    for one in all_families().families:
        for reading in readings(one.pattern):
            heads = sides.setdefault((one.script, one.turn_type, one.kind, head_of(reading)), set())
            heads.add(one.side)
        patterns = sides.setdefault((one.turn_type, one.kind, one.pattern, ""), set())
        patterns.add(one.side)
    assert all(len(found) == 1 for found in sides.values())


def test_every_shelf_holds_out_three_and_trains_on_most() -> None:
    by_kind: dict[Shelf, dict[str, set[str]]] = {shelf: {} for shelf in shelves()}
    for one in all_families().families:
        sides = by_kind[one.script, one.turn_type, one.kind]
        sides.setdefault(one.side, set()).add(one.pattern)
    for kind, sides in by_kind.items():
        assert len(sides["test"]) >= 3 and len(sides["dev"]) >= 3, kind
        assert len(sides["train"]) > len(sides["test"]) + len(sides["dev"]), kind


@pytest.mark.parametrize("script", SCRIPTS)
def test_asides_are_held_out_one_by_one(script: Script) -> None:
    for kind in words("asides", script):
        train, dev, test = (asides(script, kind, side) for side in SIDES)
        assert dev and test and len(train) >= 3
        assert not set(train) & {*dev, *test}


def test_every_kind_can_be_said_on_every_side() -> None:
    shelves = {(one.script, one.turn_type, one.kind) for one in all_families().families}
    for side in ("train", "dev", "test"):
        on_side = {(o.script, o.turn_type, o.kind) for o in all_families().families if o.side == side}
        assert on_side == shelves


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


def test_reserved_wordings_are_a_small_part_of_train_and_taught_in_no_script() -> None:
    by_kind: dict[tuple[str, str, str], dict[str, bool]] = {}
    for one in all_families().families:
        assert one.side == "train" or not one.is_reserved
        if one.side == "train":
            by_kind.setdefault((one.script, one.turn_type, one.kind), {})[one.pattern] = one.is_reserved
    reserved = {(key[1:], p) for key, found in by_kind.items() for p, kept in found.items() if kept}
    taught = {(key[1:], p) for key, found in by_kind.items() for p, kept in found.items() if not kept}
    assert reserved and not reserved & taught
    for kind, found in by_kind.items():
        assert sum(found.values()) <= len(found) / 3, kind


@pytest.mark.parametrize("wordings", ["common", "reserved", "all"])
def test_a_shopper_asks_in_the_wordings_that_are_named(wordings: Wordings) -> None:
    shelf: Shelf = ("en", "complete", "request")
    rng, book = np.random.default_rng(0), all_families()
    kinds = {book.pick("train", shelf, True, rng, wordings).is_reserved for _ in range(300)}
    assert kinds == {"common": {False}, "reserved": {True}, "all": {False, True}}[wordings]


def test_a_kind_without_reserved_wordings_is_asked_for_in_the_common_ones() -> None:
    shelf: Shelf = ("hi", "missing_slot", "image")
    rng, book = np.random.default_rng(0), all_families()
    assert not book.pick("train", shelf, True, rng, "reserved").is_reserved


@pytest.mark.parametrize("script", SCRIPTS)
def test_about_one_request_in_ten_is_nothing_but_what_is_wanted(script: Script) -> None:
    shelf: Shelf = (script, "complete", "request")
    rng, book = np.random.default_rng(0), all_families()
    asked = [book.pick("train", shelf, True, rng) for _ in range(2000)]
    assert 0.04 < sum(family.is_fragment for family in asked) / len(asked) < 0.2
    assert {family.pattern for family in asked if family.is_fragment} >= {"{np} {tail}", "{tail} {np}"}


def test_a_fragment_says_the_values_alone() -> None:
    voice = Voice("en", np.random.default_rng(0), is_brief=True)
    given = {"colour": "grey", "size": "XXL", "material": "wool", "max_price": 2000}
    said = {tail_of(voice, list(given), given) for _ in range(40)}
    assert all(" xxl woo" in text and " in " not in text.split(" woo")[0] for text in said), said
    assert constraint(voice, "size", {"size": "M"}).lower() in (
        "in size m", "size m", "in m size", "in size medium", "size medium", "in medium size"
    )  # fmt: skip
