"""The report's plots as plain numbers for the templates: forest of differences, curves, calibration."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from muse_core.evaluation.report.figures import MODEL_NAMES, RULES, TITLES
from muse_core.evaluation.report.people import SETS
from muse_core.evaluation.score.table import number
from muse_core.records import Row

WIDTH, HEIGHT = 320, 150  # of a plot, in its own units
LEFT, RIGHT, TOP, BOTTOM = 52, 10, 8, 22
BINS = 10
FOREST = (
    ("share_difference", "shares, in points", 100.0),
    ("score_1_5_difference", "scores from 1 to 5", 1.0),
)
FAMILIES = (
    *((prefix, f"{title}, ") for prefix, (title, _) in SETS.items()),
    ("closed_loop_", "closed loop, "),
    ("", ""),
)
OF_THE_DATA = (*RULES, "simulator_faults")


def forest(metrics: Sequence[Row]) -> list[dict[str, Any]]:
    """Per pair of models, kind of cases and unit: the paired differences over all cases, on one axis."""
    shown = [row for row in metrics if row["slice"] == "all" and row["metric"] not in OF_THE_DATA]
    pairs = dict.fromkeys(row["model"] for row in shown if row["unit"].endswith("_difference"))
    pairs = {
        pair: None for pair in pairs if "-always_" not in pair
    }  # the table of people's requests has them
    found = []
    for pair in pairs:
        for prefix, cases in reversed(FAMILIES):
            for unit, title, factor in FOREST:
                own = [row for row in shown if row["model"] == pair and row["unit"] == unit]
                rows = [row for row in own if _family(row["metric"]) == prefix]
                if rows:
                    lines = _forest_lines(rows, factor, prefix if prefix in SETS else "")
                    found.append({"title": f"{_pair_name(pair)}: {cases}{title}", **lines})
    return found


def _family(metric: str) -> str:
    """Which prefix of FAMILIES a metric has; satisfaction is one of the closed loop's."""
    name = "closed_loop_" if metric == "user_satisfaction" else metric
    return next(prefix for prefix, _ in FAMILIES if name.startswith(prefix))


def _pair_name(pair: str) -> str:
    new, _, old = pair.partition("-")
    return f"{MODEL_NAMES.get(new, new)} against {MODEL_NAMES.get(old, old)}"


def _forest_lines(rows: Sequence[Row], factor: float, prefix: str) -> dict[str, Any]:
    """`prefix`: of the names of the metrics, said by the plot's title."""
    ends = [abs(factor * float(row[key])) for row in rows for key in ("low", "high", "value")]
    reach = max([*ends, 1e-6])
    lines = []
    for row in rows:
        low, value, high = (50 + 50 * factor * float(row[key]) / reach for key in ("low", "value", "high"))
        side = "better" if row["low"] > 0 else "worse" if row["high"] < 0 else ""
        lines.append(
            {
                "name": _name(row["metric"].removeprefix(prefix)),
                "low": round(low, 2),
                "width": round(max(0.6, high - low), 2),
                "value": round(value, 2),
                "side": side,
                "text": _difference(row),
                "n": row["n"],
            }
        )
    return {"lines": lines, "reach": f"{reach:.3g}"}


def _name(metric: str) -> str:
    title = TITLES.get(metric, metric.replace("_", " "))
    return f"{title[0].upper()}{title[1:]}"


def _difference(row: Row) -> str:
    value, low, high = (number(row[key], row["unit"]) for key in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"


# ---- curves ---------------------------------------------------------------------------------------


def curves(history: Sequence[Mapping[str, float]], names: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """One line chart per measured name, over the optimizer steps."""
    charts = []
    for name, title in names:
        points = [(float(one["step"]), float(one[name])) for one in history if one.get(name) is not None]
        points = [(x, y) for x, y in points if math.isfinite(y)]
        if len(points) > 1:
            charts.append(_curve(title, points))
    return charts


def _curve(title: str, points: Sequence[tuple[float, float]]) -> dict[str, Any]:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    low, high = min(ys), max(ys)
    if low == high:
        low, high = low - 0.5, high + 0.5
    placed = [(_across(x, xs[0], xs[-1]), _up(y, low, high)) for x, y in points]
    return {
        "title": title,
        "points": placed,
        "path": " ".join(f"{x:.1f},{y:.1f}" for x, y in placed),
        "first": f"{ys[0]:.3g}",
        "last": f"{ys[-1]:.3g}",
        "low": f"{low:.3g}",
        "high": f"{high:.3g}",
        "start": f"{xs[0]:.0f}",
        "steps": f"{xs[-1]:.0f}",
    }


def _across(x: float, low: float, high: float) -> float:
    return round(LEFT + (WIDTH - LEFT - RIGHT) * (x - low) / ((high - low) or 1.0), 2)


def _up(y: float, low: float, high: float) -> float:
    return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (y - low) / ((high - low) or 1.0), 2)


# ---- calibration ----------------------------------------------------------------------------------


def calibration(predictions: Mapping[str, Sequence[Row]]) -> list[dict[str, Any]]:
    """Per model with a position head: how often a word end that the head gives probability p is the gold
    one. ECE: the mean gap, weighted by the ends in each of ten bins (Naeini et al. 2015)."""
    found = []
    for model, rows in sorted(predictions.items(), key=lambda item: list(MODEL_NAMES).index(item[0])):
        ends = [pair for row in rows for pair in json.loads(row["facts_json"]).get("positions") or []]
        if ends:
            found.append(
                {"title": MODEL_NAMES.get(model, model), **_reliability(np.array(ends, dtype=float))}
            )
    return found


def _reliability(ends: np.ndarray) -> dict[str, Any]:
    """`ends`: (probability, is gold) per word end."""
    places = np.minimum((ends[:, 0] * BINS).astype(int), BINS - 1)
    bins, gap = [], 0.0
    for place in range(BINS):
        own = ends[places == place]
        if len(own):
            said, true = float(own[:, 0].mean()), float(own[:, 1].mean())
            gap += len(own) / len(ends) * abs(said - true)
            size = round(2 + 5 * math.sqrt(len(own) / len(ends)), 1)
            bins.append({"x": _across(said, 0, 1), "y": _up(true, 0, 1), "size": size, "n": len(own),
                         "said": f"{said:.2f}", "true": f"{true:.2f}"})  # fmt: skip
    return {"bins": bins, "n": len(ends), "ece": f"{gap:.3f}"}
