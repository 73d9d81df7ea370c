"""The results table says what was measured, and a dash where nothing was."""

from __future__ import annotations

import pytest

from muse_core.errors import ConfigError
from muse_core.evaluation.score.table import (
    DASH,
    check_names,
    comparison,
    duration,
    only_metrics,
    results_table,
)


def row(model: str, metric: str, value: float, unit: str = "share") -> dict[str, object]:
    return {
        "model": model,
        "metric": metric,
        "slice": "all",
        "value": value,
        "low": value - 0.02,
        "high": value + 0.02,
        "n": 400,
        "unit": unit,
    }


def test_the_seeds_form() -> None:
    rows = [
        row("base", "tool_accuracy", 0.35),
        row("sft", "tool_accuracy", 0.9),
        row("sft", "exact_call", 0.7),
    ]
    rows += [row("sft", "response_quality", 4.2, "score_1_5"), row("dpo", "preference_accuracy", 0.7)]
    table = results_table(rows, {"sft": 150.2, "dpo": 61.0})
    assert table["columns"][0] == "Stage"
    assert table["rows"][0] == ["Baseline", "35.0 % [33.0, 37.0] (cannot call)", DASH, DASH, DASH]
    assert table["rows"][1] == ["SFT", "90.0 % [88.0, 92.0]", "4.20 [4.18, 4.22]", DASH, "2 min 30 s"]
    assert table["rows"][2][4] == "+ 1 min 1 s"
    assert ["Preference accuracy, implicit reward", DASH, DASH, "70.0 % [68.0, 72.0]", "400"] in table["dpo"]
    assert "not reproduced" in table["claimed_upstream"]["title"]


def test_duration() -> None:
    assert [duration(s) for s in (None, 3.21, 42, 3600 * 2 + 300)] == [DASH, "3.2 s", "42 s", "2 h 5 min"]


def test_few_cases_are_marked() -> None:
    rows = [row("sft", "slot_rate", 0.5) | {"n": 399}, row("sft", "call_rate", 0.5)]
    rows += [row("sft", "user_satisfaction", 4.0, "score_1_5") | {"n": 100}]
    rows += [
        row("sft", "closed_loop_success", 0.9) | {"n": 99},
        row("sft", "closed_loop_pass_4", 0.9) | {"n": 25},
    ]
    counted = {line[0]: line[-1] for line in results_table(rows)["sft"]}
    assert counted["Slot rate"] == "399 †" and counted["Call rate"] == "400"
    assert counted["User satisfaction, closed loop"] == "100" and counted["Goal reached"] == "99 †"
    assert counted["Goal reached in 4 of 4, pass^4"] == "25"  # goals of four conversations each


def test_a_third_arm_stands_beside() -> None:
    models = {"sft": "SFT", "chosen": "SFT + chosen sides", "dpo": "SFT + DPO"}
    rows = [row(name, "slot_rate", 0.5) for name in models]
    rows += [row("dpo-chosen", "slot_rate", 0.05, "share_difference")]
    head, line = comparison(rows, models, [("dpo", "sft"), ("dpo", "chosen")], ["slot_rate", "planning"])
    assert head[4:] == ["SFT + DPO against SFT", "SFT + DPO against SFT + chosen sides", "n"]
    assert line[4:] == [DASH, "+5.0 % [+3.0, +7.0]", "400"] and line[0] == "Slot rate"


def test_the_guides_metrics_choose_what_is_shown_and_what_is_no_metric_is_refused() -> None:
    names = ("tool_accuracy", "conversation_quality", "user_satisfaction")
    check_names(names)
    table = [{"metric": name} for name in ("tool_accuracy", "fluency", "exact_call", "closed_loop_pass_2")]
    shown = [row["metric"] for row in only_metrics(table, names)]
    assert shown == ["tool_accuracy", "fluency", "closed_loop_pass_2"]
    assert only_metrics(table, ()) == table
    with pytest.raises(ConfigError, match="no metric") as problem:
        check_names(("tool_acuracy", "bleu", "exact_call"))
    assert "tool_acuracy, did you mean tool_accuracy?" in str(problem.value) and "bleu" in str(problem.value)
    assert "exact_call" not in str(problem.value)
