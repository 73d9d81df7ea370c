"""The agenda: weights that give the wanted shares, and moves that make sense."""

from __future__ import annotations

import numpy as np
import pytest

from muse_core.dialogue.agenda import WANTED, State, allowed, draw, expected_shares, screen_of, walk


@pytest.mark.parametrize("lengths", [(2, 6), (3, 4), (1, 8)])
def test_expected_shares_are_the_wanted_ones(lengths: tuple[int, int]) -> None:
    shares = expected_shares(walk(*lengths, True).weights, *lengths)
    for move, wanted in WANTED.items():
        assert shares[move] == pytest.approx(wanted, abs=0.01), move


def test_without_pictures_their_share_goes_to_search() -> None:
    shares = expected_shares(walk(2, 6, False).weights, 2, 6)
    assert "picture" not in shares
    assert shares["complete"] == pytest.approx(WANTED["complete"] + WANTED["picture"], abs=0.01)


def test_moves_that_make_no_sense_are_not_drawn() -> None:
    steps = walk(2, 6, True)
    rng = np.random.default_rng(1)
    for _ in range(300):
        move = steps.pick(State(1, "empty", "chit_chat"), rng)
        assert move not in ("refinement", "comparison", "missing_slot", "chit_chat")
    assert allowed("comparison", State(1, "two", None)) and not allowed("refinement", State(1, "two", None))
    assert [screen_of(n) for n in (0, 1, 2, 3)] == ["empty", "empty", "two", "many"]


def test_draw_follows_the_shares() -> None:
    rng = np.random.default_rng(1)
    drawn = [draw({"a": 3.0, "b": 1.0}, rng) for _ in range(2000)]
    assert drawn.count("a") / 2000 == pytest.approx(0.75, abs=0.04)
