"""The report's figures as data for the template: bars with intervals, matrices, curves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from muse_core.evaluation.table import DPO_METRICS, SFT_METRICS, cell, number
from muse_core.records import Row
from muse_core.types import DECISIONS, LANGUAGES

MODEL_NAMES = {
    "base": "Baseline",
    "sft": "SFT",
    "dpo": "SFT + DPO",
    "linear": "TF-IDF + logistic",
    "majority": "Majority tool",
    "always_none": "Always none",
    "expert": "Expert (ceiling)",
}
BARS = (
    ("tool_accuracy", "Tool selection, strict"),
    ("tool_macro_f1", "Macro-F1 over seven decisions"),
    ("exact_call", "Exact call"),
    ("groundedness", "Groundedness"),
    ("argument_quality", "Argument quality, 1–5"),
    ("fluency", "Fluency, 1–5"),
)
PANEL = (
    ("tool_accuracy", "Tool selection"),
    ("exact_call", "Exact call"),
    ("argument_quality", "Argument quality"),
    ("fluency", "Fluency"),
    ("groundedness", "Groundedness"),
    ("reply_language", "Reply language"),
    ("response_quality", "Response quality"),
    ("preference_accuracy", "Preference accuracy"),
)
NAMES = {"en": "English", "hi": "Hindi", "mixed": "Hinglish"}
RULES = ("position_bce_constant", "position_bce_last_word")  # of the data, not of a model
TITLES = dict((*SFT_METRICS, *DPO_METRICS))
Key = tuple[str, str, str]


def keyed(metrics: Sequence[Row]) -> dict[Key, Row]:
    """Rows by (model, metric, slice)."""
    return {(row["model"], row["metric"], row["slice"]): row for row in metrics}


def bars(rows: Mapping[Key, Row]) -> list[dict[str, Any]]:
    """One chart per metric: for each model its value and interval as percentages of the axis."""
    charts = []
    for metric, title in BARS:
        found = [(name, rows.get((model, metric, "all"))) for model, name in MODEL_NAMES.items()]
        lines = [{"name": name, "model": _model(name), **_bar(row)} for name, row in found if row]
        if lines:
            n = max(row["n"] for _, row in found if row)
            charts.append({"title": title, "n": n, "lines": lines})
    return charts


def _bar(row: Row) -> dict[str, Any]:
    left, right = (1.0, 5.0) if row["unit"].startswith("score") else (0.0, 1.0)
    value, low, high = (
        100 * min(1.0, max(0.0, (float(row[key]) - left) / (right - left)))
        for key in ("value", "low", "high")
    )
    width = max(0.6, high - low)
    return {
        "value": round(value, 2),
        "low": round(min(low, 100 - width), 2),
        "width": round(width, 2),
        "text": cell(row),
    }


def _model(name: str) -> str:
    return next(model for model, shown in MODEL_NAMES.items() if shown == name)


def by_slice(
    rows: Mapping[Key, Row], kind: str, values: Sequence[str], metrics: Sequence[tuple[str, str]]
) -> list[list[str]]:
    """`[metric, model, cell per value…]` for base, SFT, DPO and the linear baseline."""
    lines: list[list[str]] = []
    for metric, title in metrics:
        for model in ("base", "sft", "dpo", "linear"):
            cells = [cell(rows.get((model, metric, f"{kind}={value}"))) for value in values]
            if any(text != "–" for text in cells):
                lines.append(["" if lines and _said(lines, title) else title, MODEL_NAMES[model], *cells])
    return lines


def _said(lines: Sequence[Sequence[str]], title: str) -> bool:
    """Whether the last line that names a metric names this one."""
    return next((line[0] for line in reversed(lines) if line[0]), "") == title


def languages(rows: Mapping[Key, Row]) -> dict[str, Any]:
    """The per-language panel."""
    heads = [f"{NAMES[language]} (n = {_cases(rows, f'language={language}')})" for language in LANGUAGES]
    return {"heads": heads, "lines": by_slice(rows, "language", LANGUAGES, PANEL)}


def tools(rows: Mapping[Key, Row]) -> list[list[str]]:
    """Per gold decision: n, recall of SFT and DPO, exact call, argument F1."""
    lines = []
    for decision in DECISIONS:
        where = f"tool={decision}"
        cells = [
            cell(rows.get((model, metric, where)))
            for metric in ("tool_accuracy", "exact_call")
            for model in ("sft", "dpo")
        ]
        if _cases(rows, where):
            lines.append([decision, str(_cases(rows, where)), *cells])
    return lines


def _cases(rows: Mapping[Key, Row], where: str) -> int:
    return max(
        (row["n"] for (_, metric, at), row in rows.items() if at == where and metric == "tool_accuracy"),
        default=0,
    )


def differences(metrics: Sequence[Row]) -> list[list[str]]:
    """Paired differences over all cases: metric, SFT − base, DPO − SFT."""
    rows = keyed(metrics)
    found = (row["metric"] for row in metrics if row["model"] in ("sft-base", "dpo-sft"))
    names = [name for name in dict.fromkeys(found) if name not in RULES]
    lines = [
        [
            TITLES.get(name, name.replace("_", " ")),
            *(_difference(rows.get((model, name, "all"))) for model in ("sft-base", "dpo-sft")),
        ]
        for name in names
    ]
    return [line for line in lines if any(text != "–" for text in line[1:])]


def _difference(row: Row | None) -> str:
    if row is None:
        return "–"
    value, low, high = (number(row[key], row["unit"]) for key in ("value", "low", "high"))
    points = " points" if row["unit"].startswith("share") else ""
    return f"{value}{points} [{low}, {high}]"


def matrices(confusion: Mapping[str, Mapping[str, Mapping[str, int]]]) -> list[dict[str, Any]]:
    """Confusion matrices with the shade of each cell (share of its row). A manifest's keys come sorted;
    here they stand in the order of the tools."""
    heads = [*DECISIONS, "malformed"]
    found = []
    for model in ("base", "sft", "dpo"):
        table = confusion.get(model) or {}
        lines = [
            _matrix_line(gold, table[gold], heads) for gold in DECISIONS if sum(table.get(gold, {}).values())
        ]
        if lines:
            found.append({"title": MODEL_NAMES[model], "heads": heads, "lines": lines})
    return found


def _matrix_line(gold: str, counts: Mapping[str, int], heads: Sequence[str]) -> dict[str, Any]:
    total = sum(counts.values())
    return {"gold": gold, "cells": [_shaded(head, gold, counts.get(head, 0), total) for head in heads]}


def _shaded(head: str, gold: str, count: int, total: int) -> dict[str, Any]:
    share = count / total if total else 0.0
    return {"count": count or "", "shade": round(share, 3), "right": head == gold}


def curves(history: Sequence[Mapping[str, float]], names: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """One small line chart per measured name, over the optimizer steps."""
    charts = []
    for name, title in names:
        points = [
            (float(entry["step"]), float(entry[name]))
            for entry in history
            if name in entry and entry[name] is not None
        ]
        points = [(x, y) for x, y in points if math.isfinite(y)]
        if len(points) > 1:
            charts.append(_curve(title, points))
    return charts


def _curve(title: str, points: Sequence[tuple[float, float]]) -> dict[str, Any]:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    low, high = min(ys), max(ys)
    spread = (high - low) or 1.0
    path = " ".join(
        f"{100 * (x - xs[0]) / ((xs[-1] - xs[0]) or 1):.2f},{36 - 32 * (y - low) / spread:.2f}"
        for x, y in points
    )
    return {
        "title": title,
        "path": path,
        "first": f"{ys[0]:.3g}",
        "last": f"{ys[-1]:.3g}",
        "low": f"{low:.3g}",
        "high": f"{high:.3g}",
        "steps": f"{xs[-1]:.0f}",
    }
