"""Point values and 95 % intervals of metrics that are functions of sums over cases.

A `Statistic` says what each case adds (a row of k numbers; NaN-free) and how sums become the value:
an accuracy adds (right, counted) and folds to right / counted; macro-F1 adds 21 counts. The same form
gives slices (a mask), cluster bootstrap (weighted sums) and paired differences (two statistics under
the same weights), each as one matrix product.

Interval: cluster bootstrap by profile and by family, the wider of the two (turns of one shopper, and
turns of one template, are not independent). One decision per profile: Wilson. A bootstrap that cannot
move because all cases agree falls back to Wilson on the number of clusters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Fold = Callable[[Array], Array]  # (..., k) sums -> (...) values

Z95 = 1.959964


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval and the number of cases it stands on."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Statistic:
    """`parts`: (cases, k) contributions; `counted`: which cases count (for n)."""

    name: str
    parts: Array
    fold: Fold
    counted: NDArray[np.bool_]
    unit: str = "share"

    def within(self, mask: NDArray[np.bool_]) -> Statistic:
        """The same statistic over the cases of a slice."""
        return Statistic(self.name, self.parts * mask[:, None], self.fold, self.counted & mask, self.unit)


def ratio(sums: Array) -> Array:
    """numerator / denominator, NaN where nothing was counted."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(sums[..., 0] / sums[..., 1])


def mean_of(
    name: str, values: Sequence[float | bool | None], unit: str = "share", scale: tuple[float, float] = (0, 1)
) -> Statistic:
    """The mean over the cases whose value is not None; `scale` (a, b) turns a share s into a + b·s."""
    counted = np.array([value is not None for value in values], dtype=bool)
    numbers = np.array([0.0 if value is None else float(value) for value in values])
    offset, factor = scale
    parts = np.stack([numbers * factor + offset * counted, counted.astype(float)], axis=1)
    return Statistic(name, parts, ratio, counted, unit)


@dataclass(frozen=True)
class Resampler:
    """Cluster weights, drawn once and shared by every metric and every model of one case set, so that
    differences between models are paired."""

    clusters: tuple[NDArray[np.int64], ...]  # per grouping: the cluster number of each case
    weights: tuple[Array, ...] = field(repr=False)  # per grouping: (resamples, clusters)

    def draws(self, statistic: Statistic) -> list[Array]:
        """The statistic's value under every resample, per grouping."""
        return [
            statistic.fold(weights @ _cluster_sums(statistic.parts, clusters, weights.shape[1]))
            for clusters, weights in zip(self.clusters, self.weights, strict=True)
        ]


def resampler(groupings: Sequence[Sequence[str]], resamples: int, rng: np.random.Generator) -> Resampler:
    """Bootstrap weights for each grouping of the cases (by profile, by family)."""
    clusters: list[NDArray[np.int64]] = []
    weights: list[Array] = []
    for labels in groupings:
        names, numbers = np.unique(np.array(labels, dtype=str), return_inverse=True)
        count = max(1, len(names))
        clusters.append(numbers.astype(np.int64))
        weights.append(rng.multinomial(count, np.full(count, 1 / count), size=resamples).astype(float))
    return Resampler(tuple(clusters), tuple(weights))


def estimate(statistic: Statistic, sampler: Resampler) -> Estimate:
    """Value and interval of one statistic."""
    value, n = float(statistic.fold(statistic.parts.sum(axis=0))), int(statistic.counted.sum())
    if not np.isfinite(value):
        return Estimate(float("nan"), float("nan"), float("nan"), n)
    clusters = [_distinct(numbers, statistic.counted) for numbers in sampler.clusters]
    if _is_proportion(statistic) and clusters and clusters[0] == n:
        return Estimate(value, *wilson(value * n, n), n)
    low, high = widest([_percentiles(draws) for draws in sampler.draws(statistic)], value)
    if low == high and _is_proportion(statistic):
        size = max(1, min(clusters, default=n))
        low, high = widest([wilson(value * size, size)], value)
    return Estimate(value, low, high, n)


def difference(new: Statistic, old: Statistic, sampler: Resampler) -> Estimate:
    """new − old on the same cases, resampled together."""
    value = float(new.fold(new.parts.sum(axis=0)) - old.fold(old.parts.sum(axis=0)))
    n = int((new.counted & old.counted).sum())
    if not np.isfinite(value):
        return Estimate(float("nan"), float("nan"), float("nan"), n)
    pairs = zip(sampler.draws(new), sampler.draws(old), strict=True)
    low, high = widest([_percentiles(a - b) for a, b in pairs], value)
    return Estimate(value, low, high, n)


def wilson(successes: float, n: int) -> tuple[float, float]:
    """Wilson's score interval of a proportion (Wilson 1927)."""
    if n <= 0:
        return float("nan"), float("nan")
    share, square = successes / n, Z95**2
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = Z95 * np.sqrt(share * (1 - share) / n + square / (4 * n * n)) / (1 + square / n)
    low, high = float(max(0.0, middle - half)), float(min(1.0, middle + half))
    return 0.0 if successes <= 0 else low, 1.0 if successes >= n else high


def widest(intervals: Sequence[tuple[float, float]], value: float) -> tuple[float, float]:
    """The widest interval, stretched to hold the value; (value, value) when there is none."""
    known = [(low, high) for low, high in intervals if np.isfinite(low) and np.isfinite(high)]
    low, high = max(known, key=lambda pair: pair[1] - pair[0], default=(value, value))
    return min(low, value), max(high, value)


def slices_of(columns: Mapping[str, Sequence[str]]) -> dict[str, NDArray[np.bool_]]:
    """`all` and one mask per value of each column, named `column=value`."""
    size = len(next(iter(columns.values()), ()))
    masks = {"all": np.ones(size, dtype=bool)}
    for column, values in columns.items():
        array = np.array(values, dtype=str)
        masks |= {f"{column}={value}": array == value for value in sorted(set(values))}
    return masks


def _cluster_sums(parts: Array, clusters: NDArray[np.int64], count: int) -> Array:
    sums = np.zeros((count, parts.shape[1]))
    np.add.at(sums, clusters, parts)
    return sums


def _percentiles(draws: Array) -> tuple[float, float]:
    finite = draws[np.isfinite(draws)]
    if not len(finite):
        return float("nan"), float("nan")
    low, high = np.percentile(finite, [2.5, 97.5])
    return float(low), float(high)


def _distinct(numbers: NDArray[np.int64], counted: NDArray[np.bool_]) -> int:
    return len(np.unique(numbers[counted]))


def _is_proportion(statistic: Statistic) -> bool:
    """Each counted case adds 0 or 1 to the numerator and 1 to the denominator."""
    if statistic.fold is not ratio or statistic.unit != "share":
        return False
    numbers = statistic.parts[statistic.counted]
    return bool(np.isin(numbers[:, 0], (0.0, 1.0)).all() and (numbers[:, 1] == 1).all())
