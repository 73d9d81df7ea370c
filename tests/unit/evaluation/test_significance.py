"""Tests, corrections and detectable differences against published and library figures."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest, bootstrap, norm

from muse_core.evaluation.score.significance import (
    bootstrap_p_value,
    holm,
    mcnemar,
    minimum_detectable_difference,
)
from muse_core.evaluation.score.statistics import estimate, mean_of, resampler, wilson


@pytest.mark.parametrize(("right", "n"), [(0, 10), (1, 30), (8, 10), (73, 100), (400, 500), (60, 60)])
def test_wilson_is_scipys(right: int, n: int) -> None:
    theirs = binomtest(right, n).proportion_ci(method="wilson")
    assert wilson(right, n) == pytest.approx((theirs.low, theirs.high), abs=1e-6)


def test_the_bootstrap_is_scipys() -> None:
    values = np.random.default_rng(4).gamma(2.0, size=300)
    theirs = bootstrap(
        (values,), np.mean, n_resamples=4000, method="percentile", rng=np.random.default_rng(1)
    )
    cases = [[str(at) for at in range(300)]]
    ours = estimate(mean_of("x", list(values)), resampler(cases, 4000, np.random.default_rng(2)))
    low, high = theirs.confidence_interval
    assert (ours.low, ours.high) == pytest.approx((low, high), abs=0.03)


def test_mcnemar_by_hand_and_as_published() -> None:
    # 10 discordant, 2 against 8: 2 · Σ_{k≤2} C(10, k) / 2^10 = 2 · 56 / 1024
    assert mcnemar([True] * 8 + [False] * 2, [False] * 8 + [True] * 2) == pytest.approx(112 / 1024)
    # Agresti, Categorical Data Analysis, approval ratings: 150 against 86 of 1,600; z = 4.17
    won, lost = 150, 86
    new = [True] * won + [False] * lost + [True] * 1364
    old = [False] * won + [True] * lost + [True] * 1364
    chi = (won - lost) ** 2 / (won + lost)
    assert chi**0.5 == pytest.approx(4.17, abs=0.005)
    assert mcnemar(new, old) == pytest.approx(2 * norm.sf(4.17), rel=0.25) and mcnemar(new, old) < 1e-4
    assert mcnemar([True, False], [True, False]) == 1.0


def test_the_p_value_of_a_bootstrap() -> None:
    rng = np.random.default_rng(7)
    old = rng.random(400) < 0.6
    better = old | (rng.random(400) < 0.3)
    sampler = resampler([[str(at // 2) for at in range(400)]], 1999, np.random.default_rng(1))
    same = rng.permutation(old)
    assert bootstrap_p_value(mean_of("a", list(better)), mean_of("b", list(old)), sampler) == pytest.approx(
        0.001
    )
    assert bootstrap_p_value(mean_of("a", list(same)), mean_of("b", list(old)), sampler) > 0.3
    assert bootstrap_p_value(mean_of("a", list(old)), mean_of("b", list(old)), sampler) == 1.0


def test_chance_is_called_a_finding_once_in_twenty() -> None:
    rng = np.random.default_rng(11)
    sampler = resampler([[str(at) for at in range(200)]], 499, np.random.default_rng(1))
    found = 0
    for _ in range(300):
        one, other = rng.random(200) < 0.7, rng.random(200) < 0.7
        found += bootstrap_p_value(mean_of("a", list(one)), mean_of("b", list(other)), sampler) < 0.05
    assert 4 <= found <= 29  # 300 draws at 0.05: 15 ± 14 (99.9 %)


def test_holm_by_hand() -> None:
    found = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})
    assert found == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02})
    assert list(found) == ["a", "b", "c", "d"] and holm({}) == {} and holm({"x": 0.9, "y": 0.8})["x"] == 1.0


def test_holm_on_fifteen_claims() -> None:
    """The p-values of Benjamini and Hochberg 1995, section 4.2."""
    listed = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240]
    listed += [0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    found = holm({str(at): value for at, value in enumerate(listed)})
    assert [name for name, p in found.items() if p <= 0.05] == ["0", "1", "2"]


@pytest.mark.parametrize(("n", "discordant"), [(200, 0.2), (503, 0.2), (1500, 0.2), (500, 0.1)])
def test_the_detectable_difference_is_found_with_power(n: int, discordant: float) -> None:
    """Simulated: of runs with that true difference, about 80 % show it (z of McNemar, two-sided 5 %)."""
    delta = minimum_detectable_difference(n, discordant)
    shares = [(discordant + delta) / 2, (discordant - delta) / 2, 1 - discordant]
    drawn = np.random.default_rng(1).multinomial(n, shares, size=20_000)
    won, lost = drawn[:, 0], drawn[:, 1]
    z = (won - lost) / np.sqrt(np.maximum(1, won + lost))
    assert (z > norm.ppf(0.975)).mean() == pytest.approx(0.8, abs=0.035)


def test_what_makes_a_difference_harder_to_find() -> None:
    plain = minimum_detectable_difference(500)
    assert plain == pytest.approx(0.0557, abs=5e-4)
    assert minimum_detectable_difference(2000) < plain / 1.9
    assert minimum_detectable_difference(500, design_effect=2.0) == minimum_detectable_difference(250)
    assert minimum_detectable_difference(500, discordant=0.4) > 1.4 * plain - 0.002
    assert minimum_detectable_difference(5) == 0.2  # all of ψ: five cases show nothing
    with pytest.raises(ValueError, match="expected n ≥ 1"):
        minimum_detectable_difference(0)
