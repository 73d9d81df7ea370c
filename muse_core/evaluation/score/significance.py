"""Is a difference more than chance? Tests, corrections for many of them, and what a test could find.

Before a run: `minimum_detectable_difference`. After it: `mcnemar` for two models with one decision per
shopper, `bootstrap_p_value` for any metric on clustered cases; `holm` for all claims together (family-wise
error).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from muse_core.evaluation.score.statistics import Resampler, Statistic

DISCORDANT = 0.2  # share of cases on which two models of one pipeline disagree; see the docstring below
POWER = 0.8
ALPHA = 0.05


def minimum_detectable_difference(
    n: int,
    discordant: float = DISCORDANT,
    design_effect: float = 1.0,
    power: float = POWER,
    alpha: float = ALPHA,
) -> float:
    """The smallest difference of two paired shares that n cases would show with `power`.

    Connor 1987 (Biometrics 43, eq. 3): n = (z_{α/2} √ψ + z_β √(ψ − δ²))² / δ², solved for δ; ψ is the
    share of cases on which exactly one of the two is right. ψ = 0.2 is assumed until it is known: it grows
    with √ψ, so twice the disagreement costs 1.4 times. Cases that come in clusters of m with
    intra-cluster correlation ρ count for n / (1 + (m − 1) ρ) (Kish 1965): `design_effect`. At most ψ:
    models that disagree on a fifth of the cases cannot differ by more.
    """
    from scipy.optimize import brentq
    from scipy.stats import norm

    if n < 1 or not 0 < discordant <= 1 or design_effect < 1:
        raise ValueError(
            f"expected n ≥ 1, 0 < ψ ≤ 1, design effect ≥ 1; found {n}, {discordant}, {design_effect}"
        )
    z_alpha, z_beta = norm.ppf(1 - alpha / 2), norm.ppf(power)
    cases = n / design_effect

    def missing(delta: float) -> float:
        rest = max(0.0, discordant - delta**2)
        return float(z_alpha * math.sqrt(discordant) + z_beta * math.sqrt(rest) - delta * math.sqrt(cases))

    return discordant if missing(discordant) > 0 else float(brentq(missing, 0.0, discordant))


def detectable(cases: int) -> str:
    """What so many test turns can find, in words (per-shopper clusters: Kish's effect is not in it)."""
    points = 100 * minimum_detectable_difference(cases)
    return (
        f"{cases} test turns show a paired difference of {points:.1f} points or more "
        f"(power {100 * POWER:.0f} %, models that disagree on {100 * DISCORDANT:.0f} % of the turns)"
    )


def mcnemar(new: Sequence[bool], old: Sequence[bool]) -> float:
    """Exact two-sided p of McNemar 1947: given that one of the two is right alone, is it either with
    probability ½? For independent cases; two models that never disagree give 1."""
    from scipy.stats import binomtest

    won = sum(a and not b for a, b in zip(new, old, strict=True))
    lost = sum(b and not a for a, b in zip(new, old, strict=True))
    return float(binomtest(won, won + lost, 0.5).pvalue) if won + lost else 1.0


def bootstrap_p_value(new: Statistic, old: Statistic, sampler: Resampler) -> float:
    """Two-sided p of new = old: twice the smaller share of resampled differences on the far side of 0,
    with one resample added (Davison and Hinkley 1997, section 4.2.3); the larger over the groupings,
    as the interval is the wider."""
    found = []
    for one, other in zip(sampler.draws(new), sampler.draws(old), strict=True):
        draws = (one - other)[np.isfinite(one - other)]
        tail = min(int((draws <= 0).sum()), int((draws >= 0).sum()))
        found.append(min(1.0, 2 * (tail + 1) / (len(draws) + 1)))
    return max(found)


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Adjusted p of each claim (Holm 1979): below α means that it holds, with family-wise error α."""
    adjusted: dict[str, float] = {}
    highest = 0.0
    ordered = sorted(p_values.items(), key=lambda item: item[1])
    for rank, (name, value) in enumerate(ordered):
        highest = max(highest, min(1.0, (len(ordered) - rank) * value))
        adjusted[name] = highest
    return {name: adjusted[name] for name in p_values}
