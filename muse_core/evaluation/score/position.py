"""How well the position head knows where the call belongs (docs/metrics.md#position-bce).

Per word end of the last user utterance, in turns whose gold has a call: the head's probability, the
label, and whether it is the last word. Beside the BCE stand two rules that know nothing (the constant
rate, and "always the last word" with its best probabilities) and the head's average precision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from muse_core.evaluation.score.statistics import Array, Estimate, Resampler, Statistic, widest

_TINY = 1e-6


@dataclass(frozen=True)
class PositionScores:
    """One utterance: for every word end the head's probability and whether it is the gold position."""

    probabilities: tuple[float, ...]
    labels: tuple[bool, ...]


def position_scores(facts: Sequence[Mapping[str, object]]) -> list[PositionScores | None]:
    """The position head's word ends of each row; None where the gold has no call."""
    found = []
    for fact in facts:
        ends = fact.get("positions")
        pairs = list(ends) if isinstance(ends, list) else []
        scores = PositionScores(tuple(p for p, _ in pairs), tuple(bool(y) for _, y in pairs))
        found.append(scores if pairs else None)
    return found


def position_statistics(scores: Sequence[PositionScores | None]) -> list[Statistic]:
    """BCE of the head, of the constant rate and of the last-word rule, and the skill. None: no call."""
    parts = np.array([_parts(score) for score in scores]).reshape(len(scores), 6)
    counted = np.array([score is not None and bool(score.labels) for score in scores], dtype=bool)
    folds = {"position_bce": _bce, "position_bce_constant": _constant, "position_bce_last_word": _last_word}
    found = [Statistic(name, parts, fold, counted, "nats") for name, fold in folds.items()]
    return [*found, Statistic("position_skill", parts, _skill, counted, "share")]


def _parts(score: PositionScores | None) -> list[float]:
    """Sums over word ends: BCE, ends, gold ends, gold ends that are last, utterances, words after."""
    if score is None or not score.labels:
        return [0.0] * 6
    p, y = np.clip(np.array(score.probabilities), _TINY, 1 - _TINY), np.array(score.labels, dtype=float)
    bce = float(-(y * np.log(p) + (1 - y) * np.log(1 - p)).sum())
    return [bce, len(y), float(y.sum()), float(y[-1]), 1.0, float(not y[-1])]


def _bce(sums: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(sums[..., 0] / sums[..., 1])


def _constant(sums: Array) -> Array:
    return np.asarray(_entropy(sums[..., 2], sums[..., 1]) / _safe(sums[..., 1]))


def _last_word(sums: Array) -> Array:
    """The rule's own best two rates: one for last words, one for all others."""
    _, ends, gold, gold_last, utterances, _ = np.moveaxis(sums, -1, 0)
    nats = _entropy(gold_last, utterances) + _entropy(gold - gold_last, ends - utterances)
    return np.asarray(nats / _safe(ends))


def _skill(sums: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(1 - _bce(sums) / _constant(sums))


def _entropy(hits: Array, total: Array) -> Array:
    """Nats of `total` coin throws of which `hits` are heads, coded at their own rate."""
    rate = np.clip(hits / _safe(total), 1e-12, 1 - 1e-12)
    return np.asarray(-(hits * np.log(rate) + (total - hits) * np.log(1 - rate)))


def _safe(total: Array) -> Array:
    return np.where(total > 0, total, np.nan)


def average_precision(scores: Sequence[PositionScores | None], sampler: Resampler) -> Estimate:
    """Average precision over all word ends, with the bootstrap's weights put on the ends."""
    owners = [at for at, score in enumerate(scores) if score is not None for _ in score.labels]
    p = np.array([value for score in scores if score is not None for value in score.probabilities])
    y = np.array([value for score in scores if score is not None for value in score.labels], dtype=float)
    if not y.sum():
        return Estimate(float("nan"), float("nan"), float("nan"), 0)
    order = np.argsort(-p, kind="stable")
    owner, y = np.array(owners)[order], y[order]
    value = float(_weighted_precision(np.ones((1, len(y))), y)[0])
    draws = [
        _weighted_precision(weights[:, clusters][:, owner], y)
        for clusters, weights in zip(sampler.clusters, sampler.weights, strict=True)
    ]
    low, high = widest([tuple(np.nanpercentile(draw, [2.5, 97.5])) for draw in draws], value)  # type: ignore[misc]
    return Estimate(value, float(low), float(high), sum(score is not None for score in scores))


def _weighted_precision(weights: Array, y: Array) -> Array:
    """Σ precision at each gold end / gold ends, under case weights (resamples, ends)."""
    hits = np.cumsum(weights * y, axis=1)
    seen = np.cumsum(weights, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = np.where(seen > 0, hits / seen, 0.0)
        return np.asarray((precision * weights * y).sum(axis=1) / hits[:, -1])
