"""Position BCE, its two ignorant rules, and average precision."""

from __future__ import annotations

import math

import numpy as np
import pytest

from muse_core.evaluation.score.position import PositionScores, average_precision, position_statistics
from muse_core.evaluation.score.statistics import resampler

SCORES = [
    PositionScores((0.1, 0.8, 0.2), (False, True, False)),
    PositionScores((0.2, 0.9), (False, True)),
    None,
]


def values() -> dict[str, float]:
    return {one.name: float(one.fold(one.parts.sum(0))) for one in position_statistics(SCORES)}


def test_by_hand() -> None:
    found = values()
    bce = -(math.log(0.9) + math.log(0.8) + math.log(0.8) + math.log(0.8) + math.log(0.9)) / 5
    assert found["position_bce"] == pytest.approx(bce)
    constant = -(2 * math.log(0.4) + 3 * math.log(0.6)) / 5
    assert found["position_bce_constant"] == pytest.approx(constant)
    last = -(math.log(0.5) * 2 + math.log(1 / 3) + 2 * math.log(2 / 3)) / 5
    assert found["position_bce_last_word"] == pytest.approx(last)
    assert found["position_skill"] == pytest.approx(1 - bce / constant)


def test_average_precision() -> None:
    sampler = resampler([["a", "b", "c"], ["f", "f", "g"]], 100, np.random.default_rng(0))
    found = average_precision(SCORES, sampler)
    assert found.value == pytest.approx(1.0) and found.n == 2
    worse = [PositionScores((0.9, 0.1), (False, True)), None, None]
    assert average_precision(worse, sampler).value == pytest.approx(0.5)
