"""The baselines decide from the utterance and from what the assistant did before."""

from __future__ import annotations

from muse_core.evaluation.cases.case import EvalCase
from muse_core.evaluation.score.baselines import Turn, learn_baselines, turn_of_case, turns_of
from muse_core.reading.attached import read_conversation
from muse_core.reading.shop_words import ShopWords
from muse_core.types import Message
from tests.unit.evaluation.builders_evaluation import conversation


def test_turns_carry_the_act_before() -> None:
    found = turns_of([conversation(500)])
    assert [turn.before for turn in found] == ["start", "search", "asked"]
    assert [turn.decision for turn in found] == ["search", "none", "none"]


def test_decisions() -> None:
    train = [Turn(f"show me shirts {i}", "start", "search") for i in range(30)]
    train += [Turn(f"compare first and {i}", "search", "compare") for i in range(20)]
    train += [Turn(f"hello friend {i}", "start", "none") for i in range(20)]
    test = [
        Turn("show me shirts now", "start", "search"),
        Turn("hello", "start", "none"),
        Turn("compare both", "search", "compare"),
    ]
    found = learn_baselines(train, seed=1).decide(test)
    assert found["majority"] == ["search"] * 3 and found["always_none"] == ["none"] * 3
    assert found["linear"] == ["search", "none", "compare"] and found["always_search"] == ["search"] * 3
    assert "linear_readings" not in found  # nobody was told anything


def test_without_train_turns_there_are_rules_alone() -> None:
    found = learn_baselines([], 1).decide([Turn("a", "start", "none")])
    assert found == {"always_none": ["none"], "always_search": ["search"]}


def test_with_readings_a_second_classifier_is_told_them() -> None:
    """Words that say nothing, and a reading that says all."""
    train = [Turn(f"word {i}", "start", "search", "query='shirt'") for i in range(30)]
    train += [Turn(f"word {i}", "start", "none", "") for i in range(30)]
    told = [Turn("another", "start", "search", "query='lamp'"), Turn("another", "start", "none", "")]
    found = learn_baselines(train, seed=1).decide(told)
    assert found["linear_readings"] == ["search", "none"]
    assert len(set(found["linear"])) == 1  # the same words without readings are the same turn


def test_turns_carry_what_was_read_in_them() -> None:
    told = read_conversation(conversation(500), ShopWords(nouns=("shirt",)))
    (first, *_) = turns_of([told])
    assert first.reads == "query='shirt', max_price=500"
    case = EvalCase("c", "en", "red one", "filter", ("filter",), history=SHOWN)
    assert turn_of_case(case) == Turn("red one", "asked", "filter")
    assert turn_of_case(case, {"colour": "red"}).reads == "colour='red'"


SHOWN = (Message("user", "shirts"), Message("assistant", "Which colour?"))
