"""Intervals that say what they should."""

from __future__ import annotations

import numpy as np
import pytest

from muse_core.evaluation.score.statistics import difference, estimate, mean_of, resampler, slices_of, wilson


def sampler(profiles: list[str], families: list[str] | None = None, resamples: int = 500):  # type: ignore[no-untyped-def]
    return resampler([profiles, families or profiles], resamples, np.random.default_rng(3))


def test_wilson_by_hand() -> None:
    low, high = wilson(8, 10)
    assert (low, high) == (pytest.approx(0.4902, abs=1e-3), pytest.approx(0.9433, abs=1e-3))
    assert wilson(10, 10)[0] < 1.0 == wilson(10, 10)[1]


def test_one_decision_per_profile_takes_wilson() -> None:
    values = [True] * 30 + [False] * 10
    found = estimate(mean_of("x", values), sampler([str(i) for i in range(40)]))
    assert (found.low, found.high) == wilson(30, 40) and found.n == 40


def test_bootstrap_agrees_with_wilson_when_cases_are_independent() -> None:
    values = list(np.random.default_rng(0).random(1000) < 0.8)
    found = estimate(mean_of("x", values), sampler([str(i // 2) for i in range(1000)], resamples=2000))
    low, high = wilson(sum(values), 1000)
    assert found.low == pytest.approx(low, abs=0.012) and found.high == pytest.approx(high, abs=0.012)


def test_clusters_that_agree_widen_the_interval() -> None:
    values = [i // 50 % 2 == 0 for i in range(1000)]
    spread = sampler([str(i % 500) for i in range(1000)])
    clustered = sampler([str(i // 50) for i in range(1000)])
    mixed = resampler(
        [[str(i % 500) for i in range(1000)], [str(i // 50) for i in range(1000)]],
        500,
        np.random.default_rng(1),
    )
    widths = [
        (e.high - e.low) for e in (estimate(mean_of("x", values), s) for s in (spread, clustered, mixed))
    ]
    assert widths[1] > 3 * widths[0] and widths[2] > 3 * widths[0]


def test_all_right_is_not_certain() -> None:
    found = estimate(mean_of("x", [True] * 60), sampler([str(i // 3) for i in range(60)]))
    assert found.value == 1.0 and found.high == 1.0 and 0.7 < found.low < 0.9


def test_nothing_counted_is_no_number() -> None:
    found = estimate(mean_of("x", [None, None]), sampler(["a", "b"]))
    assert np.isnan(found.value) and found.n == 0


def test_paired_difference_is_narrower_than_its_parts() -> None:
    rng = np.random.default_rng(5)
    old = rng.random(600) < 0.7
    new = old | (rng.random(600) < 0.2)
    one = sampler([str(i // 3) for i in range(600)])
    a, b = mean_of("x", list(new)), mean_of("x", list(old))
    found = difference(a, b, one)
    assert found.low > 0 and found.value == pytest.approx(new.mean() - old.mean())
    width = estimate(a, one).high - estimate(a, one).low
    assert found.high - found.low < width


def test_scaled_mean_and_slices() -> None:
    statistic = mean_of("quality", [1.0, 0.5, None], "score_1_5", (1, 4))
    assert float(statistic.fold(statistic.parts.sum(0))) == pytest.approx(4.0)
    masks = slices_of({"language": ["en", "hi", "en"]})
    assert list(masks) == ["all", "language=en", "language=hi"]
    part = statistic.within(masks["language=hi"])
    assert float(part.fold(part.parts.sum(0))) == pytest.approx(3.0)
