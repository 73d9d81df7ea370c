"""Do two samples of a category differ more than chance and more than matters?

The population stability index is Σ (aᵢ − eᵢ)·ln(aᵢ / eᵢ) over the shares of the categories: the symmetric
divergence J of Kullback and Leibler (1951). Without drift PSI / (1/m + 1/n) is about χ² with k − 1 degrees of
freedom, m and n being the sizes of the samples (Yurdakul and Naranjo 2020, Journal of Risk Model Validation
14(4)), so small samples have a large index for nothing. A figure has drifted when its index is above both:
the χ² bound of 99 %, and what matters (0.25 by custom: Siddiqi 2006, Credit Risk Scorecards).

Half a count is added to every category, so that one which was never seen has no infinite ratio.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

PSI_BOUND = 0.25
CONFIDENCE = 0.99
PRIOR = 0.5


@dataclass(frozen=True)
class Drift:
    """One figure: shares in training and as served, the index, and the index that chance reaches."""

    name: str
    expected: Mapping[str, float]
    actual: Mapping[str, float]
    psi: float
    by_chance: float
    bound: float = PSI_BOUND

    @property
    def is_alert(self) -> bool:
        return self.psi > max(self.by_chance, self.bound)


def drift_of(
    name: str, expected: Mapping[str, int], actual: Mapping[str, int], bound: float = PSI_BOUND
) -> Drift:
    """Of counts by category; one without a count on either side is no category."""
    names = [one for one in dict.fromkeys((*expected, *actual)) if expected.get(one) or actual.get(one)]
    before, after = _shares(expected, names), _shares(actual, names)
    psi = sum((after[one] - before[one]) * math.log(after[one] / before[one]) for one in names)
    chance = _chance(expected, actual, names)
    return Drift(name, _plain(expected, names), _plain(actual, names), psi, chance, bound)


def _shares(counts: Mapping[str, int], names: list[str]) -> dict[str, float]:
    total = sum(counts.get(one, 0) + PRIOR for one in names)
    return {one: (counts.get(one, 0) + PRIOR) / total for one in names}


def _plain(counts: Mapping[str, int], names: list[str]) -> dict[str, float]:
    total = sum(counts.values())
    return {one: counts.get(one, 0) / total if total else 0.0 for one in names}


def _chance(expected: Mapping[str, int], actual: Mapping[str, int], names: list[str]) -> float:
    """The index below which 99 of 100 samples without drift lie; 0 where one category is all there is."""
    from scipy.stats import chi2

    sizes = sum(expected.values()), sum(actual.values())
    if len(names) < 2 or not all(sizes):
        return 0.0
    return float(chi2.ppf(CONFIDENCE, len(names) - 1)) * sum(1 / size for size in sizes)
