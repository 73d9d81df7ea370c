"""What a log says that people ask for: shares of conversations move towards it, and nothing moves without."""

from __future__ import annotations

from collections import Counter
from functools import cache

import numpy as np
import pytest

from muse_core.config.run_config import RunConfig
from muse_core.dialogue.agenda import WANTED, expected_shares, walk
from muse_core.dialogue.demand import Demand, chance, mixed, people_of
from muse_core.dialogue.families import all_families
from muse_core.dialogue.simulate import simulate
from muse_core.types import Conversation
from muse_core.world.replay import gold_call
from tests.unit.dialogue.builders_dialogue import index, profiles

NOUN = "watch"
ASKED = Demand(
    0.8,
    moves={"complete": 95.0, "chit_chat": 5.0},
    nouns={NOUN: 3.0, "saree": 1.0},
    limits={"max_price": 60.0, "colour": 5.0},
    counts={0: 10.0, 1: 80.0, 2: 10.0},
    scripts={"hi": 9.0, "roman": 1.0},
)
COUNT = 250


@cache
def talks(is_weighed: bool) -> list[Conversation]:
    demand = ASKED if is_weighed else None
    rng, book = np.random.default_rng(7), all_families()
    people = people_of(profiles(), range(COUNT), demand, np.random.default_rng(3))
    return [
        simulate(one, index(), rng, RunConfig(), book, f"c{row}", None, demand)
        for row, one in enumerate(people)
    ]


def share(is_weighed: bool, wanted: str) -> float:
    """Of user turns, or of complete requests that search, or of conversations."""
    everything = talks(is_weighed)
    turns = Counter(label.turn_type for one in everything for label in one.labels)
    calls = [
        call.arguments
        for one in everything
        for label in one.labels
        if label.turn_type == "complete" and (call := gold_call(one, label.turn)) and call.name == "search"
    ]
    return {
        "complete": turns["complete"] / sum(turns.values()),
        "out_of_scope": turns["out_of_scope"] / sum(turns.values()),
        "refinement": turns["refinement"] / sum(turns.values()),
        "noun": sum(str(one.get("query", "")).endswith(NOUN) for one in calls) / len(calls),
        "max_price": sum("max_price" in one for one in calls) / len(calls),
        "colour": sum("colour" in one for one in calls) / len(calls),
        "hi": sum(one.language == "hi" for one in everything) / len(everything),
        "en": sum(one.language == "en" for one in everything) / len(everything),
    }[wanted]


@pytest.mark.parametrize(
    ("what", "rises"),
    [
        ("complete", True), ("out_of_scope", False), ("noun", True), ("max_price", True), ("colour", False),
        ("hi", True), ("en", False),
    ],
)  # fmt: skip
def test_shares_move_towards_the_log(what: str, rises: bool) -> None:
    before, after = share(False, what), share(True, what)
    assert after > 1.3 * before if rises else after < 0.7 * before, (before, after)


def test_what_no_first_request_is_keeps_its_share() -> None:
    assert share(True, "refinement") == pytest.approx(share(False, "refinement"), abs=0.03)


def test_a_log_of_no_weight_changes_no_byte_of_what_is_said() -> None:
    """Nor does none: whoever is asked without a log draws no number more."""
    people = profiles()[:40]
    assert people_of(people, range(80), None, np.random.default_rng(3)) == [*people, *people]
    nothing = Demand(
        0.0, moves={"complete": 1.0}, limits={"colour": 1.0}, counts={3: 1.0}, scripts={"hi": 1.0}
    )
    assert people_of(people, range(80), nothing, np.random.default_rng(3)) == [*people, *people]
    rng, again = np.random.default_rng(7), np.random.default_rng(7)
    for row, one in enumerate(people):
        plain = simulate(one, index(), rng, RunConfig(), all_families(), f"c{row}")
        assert plain == simulate(one, index(), again, RunConfig(), all_families(), f"c{row}", None, nothing)


def test_only_the_train_side_is_another() -> None:
    everybody = profiles()
    people = people_of(everybody, range(len(everybody)), ASKED, np.random.default_rng(3))
    pairs = list(zip(everybody, people, strict=True))
    assert all(one is before for before, one in pairs if before.side != "train")
    assert all(one.side == before.side for before, one in pairs)
    assert sum(one is not before for before, one in pairs) > 0.5 * len(pairs)


def test_the_agenda_keeps_the_shares_of_a_log() -> None:
    wanted = dict(Demand(0.5, moves={"complete": 1.0}).wanted())
    assert sum(wanted.values()) == pytest.approx(sum(WANTED.values()))
    assert wanted["out_of_scope"] == pytest.approx(WANTED["out_of_scope"] / 2)
    assert wanted["refinement"] == WANTED["refinement"]
    found = expected_shares(walk(2, 6, True, tuple(wanted.items())).weights, 2, 6)
    assert all(found[move] == pytest.approx(value, abs=0.02) for move, value in wanted.items())


def test_mixing_keeps_the_sum() -> None:
    assert mixed({"a": 3.0, "b": 1.0}, {"b": 5.0, "c": 9.0}, 0.5) == {"a": 1.5, "b": 2.5}
    assert mixed({"a": 3.0}, {"c": 9.0}, 0.5) == {"a": 3.0}
    assert chance(0.4, {"any": 1.0, "none": 3.0}, 1.0) == 0.25
    assert chance(0.4, {}, 1.0) == 0.4
