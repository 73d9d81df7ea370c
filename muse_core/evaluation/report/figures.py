"""The report's figures as data for the template: bars with intervals, tables by slice, matrices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from muse_core.evaluation.score.table import DPO_METRICS, SFT_METRICS, cell
from muse_core.records import Row
from muse_core.tools.toolbox import DECISIONS
from muse_core.types import LANGUAGES

MODEL_NAMES = {
    "base": "Baseline",
    "sft": "SFT",
    "chosen": "SFT + chosen sides",
    "dpo": "SFT + DPO",
    "linear": "TF-IDF + logistic",
    "linear_readings": "TF-IDF + logistic, readings",
    "majority": "Majority tool",
    "always_search": "Always search",
    "always_none": "Never call",
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
NOVELTY = (
    ("tool_accuracy", "Tool selection"),
    ("exact_call", "Exact call"),
    ("argument_quality", "Argument quality"),
    ("groundedness", "Groundedness"),
    ("preference_accuracy", "Preference accuracy"),
    ("likelihood_accuracy", "Log-likelihood accuracy"),
)
WORLD = (
    ("tool_accuracy", "Tool selection, strict"),
    ("exact_call", "Exact call"),
    ("argument_f1", "Argument F1"),
    ("groundedness", "Groundedness"),
)
WORLDS = (("_unseen_shops", "Unseen shops"), ("", "This shop"))
SHOWN_ELSEWHERE = ("language", "tool")
SLICES = {
    "families": "Wordings: family seen in training or new (the shoppers are new in both)",
    "products": "Products: also shown in training or new",
    "turn_type": "Kind of turn",
    "kind": "Kind of preference pair",
}
NAMES = {"en": "English", "hi": "Hindi", "mixed": "Hinglish"}
RULES = ("position_bce_constant", "position_bce_last_word")  # of the data, not of a model
TITLES = dict(
    (
        *SFT_METRICS,
        *DPO_METRICS,
        ("argument_f1", "Argument F1"),
        ("invented_value", "Calls with an invented value"),
    )
)
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


def worlds(rows: Mapping[Key, Row]) -> list[list[str]]:
    """`[whose shop, model, cell per metric of WORLD…, n]`: simulated turns of shops that share nothing with
    training, where those were asked, and of the run's own shop."""
    lines: list[list[str]] = []
    for suffix, title in WORLDS:
        for model in ("dpo", "sft", "linear"):
            found = [rows.get((model, metric + suffix, "all")) for metric, _ in WORLD]
            if found[0] is not None:
                shown = "" if _said(lines, title) else title
                cells = [cell(row) for row in found]
                lines.append([shown, MODEL_NAMES[model], *cells, str(found[0]["n"])])
    return lines


def languages(rows: Mapping[Key, Row]) -> dict[str, Any]:
    """The per-language panel."""
    heads = [f"{NAMES[language]} (n = {_cases(rows, f'language={language}')})" for language in LANGUAGES]
    return {"heads": heads, "lines": by_slice(rows, "language", LANGUAGES, PANEL)}


def kinds_of_case(rows: Mapping[Key, Row]) -> list[dict[str, Any]]:
    """A table per further slicing (`families`, `products`, turn types, kinds of pair): what was measured
    on each value."""
    columns = dict.fromkeys(where.partition("=")[0] for _, _, where in rows if "=" in where)
    found = []
    for column in columns:
        if column not in SHOWN_ELSEWHERE:
            values = list(
                dict.fromkeys(
                    where.partition("=")[2] for _, _, where in rows if where.startswith(f"{column}=")
                )
            )
            lines = by_slice(rows, column, values, NOVELTY)
            if lines:
                heads = [
                    f"{value.replace('_', ' ')} (n = {_cases(rows, f'{column}={value}')})" for value in values
                ]
                found.append({"title": SLICES.get(column, column), "heads": heads, "lines": lines})
    return found


def tools(rows: Mapping[Key, Row]) -> list[list[str]]:
    """Per gold decision: n, and right decision, exact call and argument F1 of SFT and DPO."""
    lines = []
    for decision in DECISIONS:
        where = f"tool={decision}"
        cells = [
            cell(rows.get((model, metric, where)))
            for metric in ("tool_accuracy", "exact_call", "argument_f1")
            for model in ("sft", "dpo")
        ]
        if _cases(rows, where):
            lines.append([decision, str(_cases(rows, where)), *cells])
    return lines


def _cases(rows: Mapping[Key, Row], where: str) -> int:
    counted = ("tool_accuracy", "preference_accuracy", "likelihood_accuracy")
    found = [
        (counted.index(metric), row["n"])
        for (_, metric, at), row in rows.items()
        if at == where and metric in counted
    ]
    return min(found, default=(0, 0))[1]


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
