"""Which turns rejection sampling keeps, and what they weigh."""

from __future__ import annotations

from dataclasses import replace

import pytest

from muse_core.generation.sampled_turns import Written
from muse_core.preferences.contexts import contexts_of
from muse_core.preferences.groups import Drawn, Group
from muse_core.preferences.kept import is_right, keep_right
from tests.unit.augmentation.builders_augmentation import dialogues, shop
from tests.unit.preferences.builders_preferences import sample

INDEX = shop()
TALKS = dialogues(INDEX, 3)
CONTEXTS = [context for context in contexts_of(TALKS, "train") if context.label.turn == 0]
FINE, WELL = "You may like [1] for [1:price].", "You might like [1] for [1:price]."


def drawn(number: int, reply: str, **arguments: object) -> Drawn:
    talk = TALKS[number]
    gold = dict(talk.messages[2].tool_calls[0].arguments)
    return Drawn(sample(talk, INDEX, reply, **(arguments or gold)), Written([1, 2, 3], [False, True, True]))


def wrong(number: int) -> Drawn:
    return drawn(number, FINE, query="hat")


def test_a_context_weighs_what_it_gets_wrong_shared_among_its_distinct_right_turns() -> None:
    groups = [
        Group(CONTEXTS[0], (drawn(0, FINE), drawn(0, FINE), drawn(0, WELL), wrong(0))),  # a quarter is wrong
        Group(CONTEXTS[1], (drawn(1, FINE), wrong(1), wrong(1), wrong(1))),  # three quarters
        Group(CONTEXTS[2], (drawn(2, FINE), drawn(2, FINE), drawn(2, FINE), drawn(2, WELL))),
    ]
    kept, counts = keep_right(groups, 0.95)
    assert counts == {"contexts": 3, "always_right": 1, "never_right": 0, "teaching": 2, "kept": 3}
    assert [one.context.name for one in kept] == [CONTEXTS[0].name] * 2 + [CONTEXTS[1].name]
    assert [one.weight for one in kept] == pytest.approx([3 * 0.125, 3 * 0.125, 3 * 0.75])
    assert kept[0].turn != kept[1].turn


def test_what_is_cut_off_wrong_or_poor_is_not_right() -> None:
    good = drawn(0, FINE)
    assert is_right(good, 0.95)
    assert not is_right(replace(good, sample=replace(good.sample, malformed=True)), 0.0)
    assert not is_right(wrong(0), 0.95)
    assert not is_right(drawn(0, "[1]"), 0.95)


def test_nothing_right_is_counted() -> None:
    kept, counts = keep_right([Group(CONTEXTS[0], (wrong(0), wrong(0)))], 0.98)
    assert kept == [] and counts["never_right"] == 1 and counts["teaching"] == 0
