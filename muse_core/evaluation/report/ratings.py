"""What people said, when ratings of this run's answers were imported (`muse human-eval import`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from muse_core.evaluation.report.figures import MODEL_NAMES
from muse_core.evaluation.score.table import DASH


def ratings(studies: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Per study: who rated what, mean scores, agreement, win rates, and how far the metrics follow people."""
    return [_study(one) for one in studies]


def _study(one: Mapping[str, Any]) -> dict[str, Any]:
    models = list(one.get("means") or {})
    return {
        "title": f"Study {one['study']}: {one['ratings']} ratings of {one['items']} items by "
        f"{len(one['raters'])} of {one['raters_asked']} raters, {one['skipped']} skipped",
        "models": [MODEL_NAMES.get(name, name) for name in models],
        "means": [_criterion(one, name, models) for name in one["alpha"] if name != "preference"],
        "wins": [_win(pair) for pair in one["preferences"]],
        "correlations": [_correlation(found) for found in one["correlations"] if found["value"] is not None],
        "headline": list(one["headline"]),
        "warnings": list(one["warnings"]),
    }


def _criterion(one: Mapping[str, Any], criterion: str, models: Sequence[str]) -> list[str]:
    cells = [_figure(one["means"][model][criterion]) for model in models]
    return [criterion.replace("_", " "), *cells, _number(one["alpha"][criterion]["value"])]


def _win(pair: Mapping[str, Any]) -> list[str]:
    names = [MODEL_NAMES.get(pair[key], pair[key]) for key in ("model", "opponent")]
    return [f"{names[0]} over {names[1]}", *(str(pair[key]) for key in ("won", "tied", "lost")),
            _figure(pair, 100, " %")]  # fmt: skip


def _correlation(found: Mapping[str, Any]) -> list[str]:
    names = [found[key].replace("_", " ") for key in ("automatic", "criterion")]
    return [*names, _figure(found), str(found["n"])]


def _figure(one: Mapping[str, Any], factor: float = 1.0, unit: str = "") -> str:
    if one["value"] is None:
        return DASH
    value, low, high = (_number(one[key], factor) for key in ("value", "low", "high"))
    return f"{value}{unit} [{low}, {high}]"


def _number(value: float | None, factor: float = 1.0) -> str:
    if value is None:
        return DASH
    return f"{factor * value:.1f}" if factor != 1 else f"{value:.2f}"
