"""The baselines decide from the utterance and from what the assistant did before."""

from __future__ import annotations

from muse_core.evaluation.score.baselines import Turn, baseline_decisions, turns_of
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
    found = baseline_decisions(train, test, seed=1)
    assert found["majority"] == ["search"] * 3 and found["always_none"] == ["none"] * 3
    assert found["linear"] == ["search", "none", "compare"]


def test_without_train_turns_there_is_one_baseline() -> None:
    assert list(baseline_decisions([], [Turn("a", "start", "none")], 1)) == ["always_none"]
