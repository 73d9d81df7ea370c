"""Who prefers what, by hand."""

from __future__ import annotations

import pytest

from muse_core.evaluation.score.preference_accuracy import (
    PairLogProbs,
    implicit_reward_statistics,
    likelihood_statistics,
)

REFERENCE = [PairLogProbs(-10, -12, 5, 4), PairLogProbs(-8, -6, 4, 6), PairLogProbs(-5, -5, 2, 2)]


def values(policy: list[PairLogProbs]) -> dict[str, float]:
    found = implicit_reward_statistics(policy, REFERENCE, beta=0.1)
    return {one.name: float(one.fold(one.parts.sum(0))) for one in found}


def test_the_reference_itself_is_a_coin() -> None:
    found = values(REFERENCE)
    assert found["preference_accuracy"] == 0.5 and found["preference_margin"] == 0.0 == found["chosen_drift"]


def test_by_hand() -> None:
    policy = [PairLogProbs(-9, -14, 5, 4), PairLogProbs(-8, -8, 4, 6), PairLogProbs(-6, -5, 2, 2)]
    found = values(policy)
    assert found["preference_accuracy"] == pytest.approx(2 / 3)
    assert found["preference_margin"] == pytest.approx(0.1 * (3 + 2 - 1) / 3)
    assert found["chosen_drift"] == pytest.approx((1 / 5 + 0 - 1 / 2) / 3)
    assert -1 <= found["preference_length_correlation"] <= 1


def test_longer_is_less_likely_in_sum_but_not_per_token() -> None:
    found = {
        one.name: float(one.fold(one.parts.sum(0)))
        for one in likelihood_statistics([PairLogProbs(-10, -9, 10, 3)])
    }
    assert found == {"likelihood_accuracy": 0.0, "likelihood_accuracy_per_token": 1.0}
