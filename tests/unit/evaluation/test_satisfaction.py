"""User satisfaction by hand, and pass^k."""

from __future__ import annotations

import itertools

import pytest

from muse_core.evaluation.closed_loop.satisfaction import Verdict, excess, pass_k


@pytest.mark.parametrize(
    ("verdict", "score"),
    [
        (Verdict(True, 1.0, 0.0, 1.0, True), 5.0),
        (Verdict(True, 0.5, 0.0, 1.0, True), 4.6),  # 0.6 + 0.1 + 0.1 + 0.1
        (Verdict(True, 1.0, 1.0, 1.0, True), 4.6),  # twice the expert's turns
        (Verdict(True, 1.0, 0.5, 0.5, False), 4.2),  # 0.6 + 0.2 − 0.05 + 0.05
        (Verdict(False, 1.0, 0.0, 1.0, True), 2.6),
        (Verdict(False, 0.0, 1.0, 0.0, False), 1.0),  # clipped at 0
        (Verdict(False, 0.0, 0.0, 1.0, True, recommended=False), 1.4),  # 1.8 without the cap
        (Verdict(False, 0.0, 1.0, 1.0, False, recommended=False), 1.0),
    ],
)
def test_the_formula(verdict: Verdict, score: float) -> None:
    assert verdict.score == pytest.approx(score)


def test_excess_is_relative_to_the_experts_turns() -> None:
    assert [excess(turns, 4) for turns in (3, 4, 5, 8, 12)] == [0.0, 0.0, 0.25, 1.0, 1.0]


@pytest.mark.parametrize("won", range(5))
@pytest.mark.parametrize("k", range(1, 5))
def test_pass_k_is_the_chance_that_k_drawn_talks_all_succeed(won: int, k: int) -> None:
    talks = [True] * won + [False] * (4 - won)
    drawn = list(itertools.combinations(talks, k))
    assert pass_k(won, k) == pytest.approx(sum(map(all, drawn)) / len(drawn))
