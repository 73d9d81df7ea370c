"""Plots by hand: where a difference stands on its axis, what a curve spans, how far a head is off."""

from __future__ import annotations

import json

import pytest

from muse_core.evaluation.report.plots import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    calibration,
    curves,
    forest,
)


def row(metric: str, value: float, low: float, high: float, unit: str = "share") -> dict[str, object]:
    return {"model": "dpo-sft", "metric": metric, "slice": "all", "value": value, "low": low, "high": high,
            "n": 400, "unit": f"{unit}_difference"}  # fmt: skip


def test_a_difference_stands_around_the_middle() -> None:
    (plot,) = forest([row("call_rate", 0.05, -0.05, 0.10), row("slot_rate", -0.1, -0.2, -0.02)])
    call, slot = plot["lines"]
    assert plot["title"] == "SFT + DPO against SFT: shares, in points" and plot["reach"] == "20"
    assert (call["low"], call["value"], call["width"]) == (37.5, 62.5, 37.5)
    assert (call["side"], slot["side"]) == ("", "worse")
    assert call["text"] == "+5.0 [-5.0, +10.0]" and call["name"] == "Call rate"


def test_kinds_of_cases_and_units_have_plots_of_their_own() -> None:
    rows = [row("call_rate", 0.1, 0.0, 0.2), row("planning", 0.1, 0.0, 0.2, "score_1_5"),
            row("handwritten_exact_call", 0.3, 0.1, 0.5),
            row("user_satisfaction", 0.1, 0.0, 0.2, "score_1_5"),
            row("position_bce_constant", 0.0, 0.0, 0.0)]  # fmt: skip
    titles = [plot["title"].partition(": ")[2] for plot in forest(rows)]
    assert titles == ["shares, in points", "scores from 1 to 5", "closed loop, scores from 1 to 5",
                      "requests in this shop, shares, in points"]  # fmt: skip


def test_a_curve_spans_its_plot() -> None:
    (curve,) = curves([{"step": 1, "a": 2.0}, {"step": 2, "a": 4.0}, {"step": 3}], [("a", "A"), ("b", "B")])
    assert curve["points"] == [(LEFT, HEIGHT - BOTTOM), (WIDTH - RIGHT, TOP)]
    (flat,) = curves([{"step": 1, "a": 2.0}, {"step": 2, "a": 2.0}], [("a", "A")])
    assert {y for _, y in flat["points"]} == {(HEIGHT - BOTTOM + TOP) / 2}


def test_calibration_error_by_hand() -> None:
    """Two bins: 0.1 said and 0 of 2 right; 0.8 said and 1 of 2 right: (0.1 + 0.3) / 2."""
    ends = [[0.1, False], [0.1, False], [0.8, True], [0.8, False]]
    rows = {"sft": [{"facts_json": json.dumps({"positions": ends})}], "base": [{"facts_json": "{}"}]}
    (found,) = calibration(rows)
    assert found["n"] == 4 and float(found["ece"]) == pytest.approx(0.2)
    assert [one["true"] for one in found["bins"]] == ["0.00", "0.50"]
