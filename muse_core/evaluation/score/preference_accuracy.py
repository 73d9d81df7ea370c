"""Do the models prefer the better of two turns? (MEASURES: preference accuracy)

Implicit reward (Rafailov et al. 2023): β[(log π_c − log ref_c) − (log π_r − log ref_r)], π = DPO, ref =
SFT. Right when it is positive; a tie counts ½. The plain log-likelihood of each model on the same pairs
stands beside it, summed and per token, because a longer turn is less likely whatever it says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from muse_core.evaluation.score.statistics import Array, Statistic, mean_of


@dataclass(frozen=True)
class PairLogProbs:
    """Summed log-probs (nats) of a pair's two turns under one model, and their supervised tokens."""

    chosen: float
    rejected: float
    chosen_tokens: int
    rejected_tokens: int


def implicit_reward_statistics(
    policy: Sequence[PairLogProbs], reference: Sequence[PairLogProbs], beta: float
) -> list[Statistic]:
    """Accuracy, margin (β-scaled), drift of the chosen turn (nats a token) and length correlation."""
    pairs = list(zip(policy, reference, strict=True))
    margins = [beta * ((p.chosen - r.chosen) - (p.rejected - r.rejected)) for p, r in pairs]
    drift = [(p.chosen - r.chosen) / max(1, p.chosen_tokens) for p, r in pairs]
    longer = [float(p.chosen_tokens - p.rejected_tokens) for p in policy]
    return [
        mean_of("preference_accuracy", [_win(margin) for margin in margins]),
        mean_of("preference_margin", margins, "reward"),
        mean_of("chosen_drift", drift, "nats"),
        _correlation("preference_length_correlation", margins, longer),
    ]


def likelihood_statistics(found: Sequence[PairLogProbs]) -> list[Statistic]:
    """Accuracy of one model's own log-likelihood on the pairs, summed and per token."""
    summed = [_win(pair.chosen - pair.rejected) for pair in found]
    per_token = [
        _win(pair.chosen / max(1, pair.chosen_tokens) - pair.rejected / max(1, pair.rejected_tokens))
        for pair in found
    ]
    return [mean_of("likelihood_accuracy", summed), mean_of("likelihood_accuracy_per_token", per_token)]


def _win(difference: float) -> float:
    return 0.5 if difference == 0 else float(difference > 0)


def _correlation(name: str, first: Sequence[float], second: Sequence[float]) -> Statistic:
    """Pearson's r from five sums; the first column is centred for numerical ease."""
    x, y = (np.array(values) - (np.mean(values) if len(values) else 0.0) for values in (first, second))
    parts = np.stack([x, y, x * y, x * x, y * y, np.ones(len(x))], axis=1)

    def fold(sums: Array) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            mx, my, mxy, mxx, myy = (sums[..., i] / sums[..., 5] for i in range(5))
            return np.asarray((mxy - mx * my) / np.sqrt((mxx - mx * mx) * (myy - my * my)))

    return Statistic(name, parts, fold, np.ones(len(x), dtype=bool), "correlation")
