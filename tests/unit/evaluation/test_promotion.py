"""The promotion rule on cases that were written down before the rule was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from muse_core.config.load import load_config, preset_names
from muse_core.config.run_config import PromotionConfig
from muse_core.errors import ConfigError
from muse_core.evaluation.score.promotion import called_better, judge

LINES = [
    json.loads(line) for line in (Path(__file__).parent / "promotion_cases.jsonl").open(encoding="utf-8")
]
HEALTHY, CASES = LINES[0], LINES[1:]
Rows = dict[tuple[str, str, str], dict[str, Any]]


def keyed(rows: list[dict[str, Any]]) -> Rows:
    return {(row["model"], row["metric"], row["slice"]): row for row in rows}


def rows_of(case: dict[str, Any]) -> list[dict[str, Any]]:
    found = keyed(HEALTHY["rows"]) | keyed(case["changes"])
    without = [tuple(one) for one in case.get("without", [])]
    return [row for key, row in found.items() if key[:2] not in without]


def test_there_are_ten_of_each() -> None:
    expected = [case["expect"] for case in CASES]
    assert expected.count("blocked") == 10 and expected.count("passed") == 10
    assert judge(HEALTHY["rows"], PromotionConfig()).outcome == "passed"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_case(case: dict[str, Any]) -> None:
    verdict = judge(rows_of(case), PromotionConfig())
    assert verdict.outcome == case["expect"], "\n".join(verdict.lines())
    blamed = {condition.metric for condition in verdict.conditions if condition.outcome == "blocked"}
    assert blamed <= {row["metric"] for row in case["changes"]}  # for the right reason
    assert bool(blamed) == (case["expect"] == "blocked")


def test_every_condition_is_printed_and_those_that_fail_come_first() -> None:
    case = next(case for case in CASES if case["name"] == "Hindi pays for English")
    verdict = judge(rows_of(case), PromotionConfig())
    lines = verdict.lines()
    assert len(lines) == 1 + len(verdict.conditions) == 18
    assert lines[0] == "Promotion: blocked."
    assert lines[1] == (
        "  blocked: tool_accuracy (language=hi), not worse than SFT by more than 2 points; "
        "found -3.2 [-5.5, -1.0], n = 1000"
    )
    assert all(line.startswith("  passed: ") for line in lines[2:])


def test_a_score_has_a_range_of_four() -> None:
    def outcome(low: float) -> str:
        loop = HEALTHY["rows"][-1] | {"low": low, "value": max(low, 0.0)}
        assert loop["metric"] == "user_satisfaction"
        return judge([*HEALTHY["rows"][:-1], loop], PromotionConfig()).outcome

    assert outcome(-0.08) == "passed" and outcome(-0.081) == "blocked"


def test_a_metric_without_a_range_is_refused() -> None:
    row = HEALTHY["rows"][6] | {"metric": "position_bce", "unit": "nats_difference"}
    with pytest.raises(
        ConfigError, match=r"position_bce is measured in nats; expected a share or a 1–5 score"
    ):
        judge([row], PromotionConfig(not_worse=("position_bce",)))


def test_the_rule_is_the_configurations() -> None:
    strict = PromotionConfig(margin=0.0)
    assert judge(HEALTHY["rows"], strict).outcome == "blocked"
    lenient = PromotionConfig(not_worse=(), at_least={}, at_most={})
    assert judge([], lenient).outcome == "passed"


def with_row(model: str, metric: str, where: str, **changes: Any) -> list[dict[str, Any]]:
    found = keyed(HEALTHY["rows"])
    return [row | changes if key == (model, metric, where) else row for key, row in found.items()]


@pytest.mark.parametrize(("metric", "where", "enough"), [
    ("tool_accuracy", "all", 400), ("tool_accuracy", "language=en", 80), ("tool_accuracy", "language=hi", 80),
    ("exact_call", "language=mixed", 80), ("user_satisfaction", "all", 100),
])  # fmt: skip
def test_a_comparison_on_too_few_cases_decides_nothing(metric: str, where: str, enough: int) -> None:
    assert judge(with_row("dpo-sft", metric, where, n=enough), PromotionConfig()).outcome == "passed"
    # neither for the candidate, whatever it has gained, nor against it
    for low in (-0.4, 0.3):
        few = judge(with_row("dpo-sft", metric, where, n=enough - 1, low=low), PromotionConfig())
        assert few.outcome == "not enough cases"
        (undecided,) = [one for one in few.conditions if one.outcome != "passed"]
        found = (undecided.where, undecided.wanted, undecided.found)
        assert found == (where, f"n ≥ {enough}", f"n = {enough - 1}")


def test_answers_that_all_agree_exclude_only_what_so_many_cases_can() -> None:
    same = {"value": 0.0, "low": 0.0, "high": 0.0}
    for n, outcome in ((149, "blocked"), (150, "passed")):
        rows = with_row("dpo-sft", "exact_call", "language=hi", n=n, **same)
        assert judge(rows, PromotionConfig()).outcome == outcome


@pytest.mark.parametrize("preset", preset_names())
def test_every_preset_measures_enough_to_be_decided(preset: str) -> None:
    """By what the presets ask for: of 681 turns of a quickstart 448 had a call, 82 of them in Hindi."""
    config, _ = load_config(preset)
    rule, asked = config.promotion, config.evaluation
    assert asked.max_cases * 448 / 681 >= rule.min_cases
    assert asked.max_cases * 82 / 681 * config.profiles.share_hi / 0.25 >= rule.min_cases_per_language
    assert 4 * asked.closed_loop_goals >= rule.min_talks


@pytest.mark.parametrize(("value", "low", "outcome"), [
    (0.0, -0.02, "passed"), (-0.015, -0.02, "passed"),
    (0.05, -0.0201, "blocked"), (-0.01, -0.0201, "blocked"),
])  # fmt: skip
def test_not_worse_looks_at_the_lower_bound_alone(value: float, low: float, outcome: str) -> None:
    for where in ("all", "language=hi"):
        rows = with_row("dpo-sft", "exact_call", where, value=value, low=low)
        assert judge(rows, PromotionConfig()).outcome == outcome


def test_better_is_said_only_with_the_second_row() -> None:
    def rows(low: float, second: float | None) -> list[dict[str, Any]]:
        row = {
            "model": "dpo-sft",
            "slice": "all",
            "value": 0.05,
            "high": 0.2,
            "n": 1000,
            "unit": "share_difference",
        }
        found = [row | {"metric": "tool_accuracy", "low": low}]
        more = [row | {"metric": "handwritten_tool_accuracy", "low": second, "n": 60}]
        return found + (more if second is not None else [])

    is_better, why = called_better(rows(0.01, -0.02), "tool_accuracy")
    assert (
        is_better and why.startswith("better in tool_accuracy: ") and "n = 1000; on hand-written cases" in why
    )
    for low, second, said in [
        (0.0, 0.0, "the difference in tool_accuracy is"),
        (0.01, -0.03, "on hand-written cases the difference is"),
        (0.01, None, "handwritten_tool_accuracy was not measured"),
    ]:
        is_better, why = called_better(rows(low, second), "tool_accuracy")
        assert not is_better and said in why
