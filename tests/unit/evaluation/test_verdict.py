"""The sentence on top says what was measured, by rule."""

from __future__ import annotations

from typing import Any

import pytest

from muse_core.config.run_config import ReadyConfig
from muse_core.evaluation.cases.case import EvalCase, judge_case
from muse_core.evaluation.cases.case_summary import summary
from muse_core.evaluation.report.people import people_table
from muse_core.evaluation.report.verdict import Said, verdict, verdict_on_cases
from muse_core.records import Row
from muse_core.types import ToolCall

READY = ReadyConfig()


def row(model: str, metric: str, value: float, low: float, high: float, n: int = 172) -> Row:
    unit = "share_difference" if "-" in model else "share"
    return {"model": model, "metric": f"people_{metric}", "slice": "all", "value": value, "low": low,
            "high": high, "n": n, "unit": unit}  # fmt: skip


def measured(right: float, gap: float, half: float = 0.06, **figures: float) -> list[Row]:
    """DPO, the classifier and "always search" (far below)."""
    others = {"exact_call": 0.5, "argument_f1": 0.7, "invented_value": 0.01} | figures
    rows = [row("dpo", "tool_accuracy", right, right - half, right + half)]
    rows += [row("dpo", name, value, value - 0.02, value + 0.02) for name, value in others.items()]
    for name, further in (("linear", 0.0), ("always_search", 0.3)):
        beside, ahead = right - gap - further, gap + further
        rows.append(row(name, "tool_accuracy", beside, beside - half, beside + half))
        rows.append(row(f"dpo-{name}", "tool_accuracy", ahead, ahead - 0.05, ahead + 0.05))
    return rows


def said(rows: list[Row]) -> Said:
    found = verdict(rows, READY)
    assert found is not None
    return found


def test_no_better_than_the_best_baseline() -> None:
    assert said(measured(0.593, -0.012)).sentence == (
        "On 172 requests of people in shops it has never seen it picks the right tool in 59 % [53, 65], "
        "no better than a linear classifier (60 %); it is not ready to ship."
    )


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        (0.06, "6 points better than a linear classifier"),
        (0.04, "no better than a linear classifier"),  # its interval holds zero
        (-0.04, "no better than a linear classifier"),
        (-0.06, "6 points worse than a linear classifier"),
        (-0.4, "40 points worse than a linear classifier"),
    ],
)
def test_better_needs_the_whole_interval(gap: float, words: str) -> None:
    assert words in said(measured(0.6, gap)).sentence


def test_the_best_baseline_is_the_one_that_is_named() -> None:
    assert "than always searching (70 %)" in said([
        *measured(0.6, 0.2),
        row("always_none", "tool_accuracy", 0.1, 0.1, 0.1),
        row("always_search", "tool_accuracy", 0.7, 0.6, 0.8),
        row("dpo-always_search", "tool_accuracy", -0.1, -0.2, 0.0),
    ]).sentence  # fmt: skip


def test_ready_needs_every_bound_with_its_interval() -> None:
    assert said(measured(0.9, 0.2)).outcome == "holds"
    assert said(measured(0.9, 0.2)).sentence.endswith("; it is ready to ship.")
    assert said(measured(0.78, 0.2)).sentence.endswith("on too few requests to be sure.")
    assert said(measured(0.9, 0.09)).outcome == "open"  # 8 points, of which the interval is not sure
    assert said(measured(0.9, 0.2, invented_value=0.2)).outcome == "fails"
    assert said(measured(0.9, 0.2, exact_call=0.34)).outcome == "fails"
    unknown = [one for one in measured(0.9, 0.2) if one["metric"] != "people_argument_f1"]
    bounds = {one.text: one for one in said(unknown).bounds}
    assert bounds["argument F1 at least 60 %"].found == "not measured"
    assert said(unknown).sentence.endswith("it is not ready to ship.")


def test_it_speaks_of_the_hand_logged_set_with_the_most_requests() -> None:
    def moved(prefix: str, n: int) -> list[Row]:
        return [
            one | {"metric": one["metric"].replace("people_", prefix), "n": n} for one in measured(0.5, 0.2)
        ]

    rows = [*measured(0.9, 0.2), *moved("handwritten_", 60), *moved("logged_", 5000)]
    assert said(rows).prefix == "people_"
    assert said([*rows, *moved("cases_", 287)]).sentence.startswith(
        "On 287 requests of your own cases it picks"
    )
    assert verdict(moved("logged_", 5000), READY) is None  # rules' labels alone are no verdict


def test_the_table_for_a_terminal_begins_with_the_model() -> None:
    found = people_table(measured(0.9, 0.2))
    assert found["rows"][0][:3] == ["172 requests in three other shops", "SFT + DPO", "90.0 % [84.0, 96.0]"]
    assert [line[1] for line in found["rows"]] == ["SFT + DPO", "TF-IDF + logistic", "Always search"]
    assert all(len(line) == len(found["columns"]) for line in found["rows"])


def test_the_same_of_a_case_file() -> None:
    wanted: dict[str, Any] = {"query": ["shirt"]}
    cases = [EvalCase(f"c{at}", "en", "shirts", "search", ("search",), wanted) for at in range(40)]
    right = [ToolCall("c", "search", {"query": "shirt"})]
    verdicts = [judge_case(case, right, False) for case in cases]
    found = summary(verdicts, {"always_none": ["none"] * 40, "linear": ["search"] * 30 + ["none"] * 10}, 1)
    assert verdict_on_cases(found, READY).sentence == (
        "On 40 requests of your case file it picks the right tool in 100 % [91, 100], 25 points better than "
        "a linear classifier (75 %); it reaches the bar for shipping, on too few requests to be sure."
    )  # no value is invented in 40 calls: at most 8.8 % of all
