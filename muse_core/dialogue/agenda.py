"""What a shopper does next: moves in proportions that hold over a whole set of conversations.

A conversation is a walk over moves; refining and comparing need results on the screen, a question that
lacks a slot needs a turn left for its answer. The weights of the moves are therefore not the wanted
shares: `walk` solves for the weights whose expected shares (exact, over the small state space) are the
wanted ones. The search's share includes the answers that complete a request and the requests that
need several steps (`WANTED`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from muse_core.tools.toolbox import ALL_TOOLS, per_tools

Move = Literal[
    "complete", "multi_step", "missing_slot", "refinement", "comparison", "recommendation",
    "translation", "picture", "out_of_scope", "chit_chat",
]  # fmt: skip
Screen = Literal["empty", "two", "many"]  # what the last product result left to work on

# Shares of user turns by move. `missing_slot` takes as many turns again for its answers (`missing`).
WANTED: dict[Move, float] = {
    "complete": 0.090, "multi_step": 0.060, "missing_slot": 0.098, "refinement": 0.110, "comparison": 0.082,
    "recommendation": 0.096, "translation": 0.070, "picture": 0.056, "out_of_scope": 0.134,
    "chit_chat": 0.114,
}  # fmt: skip
MULTI: dict[str, float] = {
    "search_filter": 0.25, "search_sort": 0.15, "search_compare": 0.25, "picture_filter": 0.2,
    "search_filter_compare": 0.15,
}  # fmt: skip

_NOT_TWICE: frozenset[Move] = frozenset(("chit_chat", "out_of_scope", "translation", "missing_slot"))
# Chances that a move leaves many results (three or more) and just two, measured on synthetic shops of 600
# and 2,000 products; what is left is one result or none.
_LEAVES: dict[Move, tuple[float, float]] = {
    "complete": (0.66, 0.12), "multi_step": (0.80, 0.10), "recommendation": (0.96, 0.02),
    "picture": (0.99, 0.01), "refinement": (0.70, 0.13),
}  # fmt: skip
# One goal over several turns: search, narrow, compare, ask for advice; a detour, and back to the goal.
_NEXT_STEP: dict[Move, dict[Move, float]] = {
    "complete": {"refinement": 1.8, "comparison": 1.2}, "missing_slot": {"refinement": 1.8},
    "picture": {"refinement": 1.8}, "refinement": {"comparison": 2.0}, "multi_step": {"comparison": 1.3},
    "comparison": {"recommendation": 1.6}, "recommendation": {"comparison": 1.5},
    "out_of_scope": {"complete": 1.5}, "chit_chat": {"complete": 1.3},
}  # fmt: skip
_ROUNDS = 40


def missing() -> dict[str, float]:
    """Shares of the incomplete requests by the slot that they lack."""
    return {tool.asks_for: tool.left_open for tool in ALL_TOOLS if tool.left_open}


class State(NamedTuple):
    """Where a conversation stands: user turns left, results on the screen, the last move."""

    left: int
    screen: Screen
    last: Move | None


def screen_of(results: int) -> Screen:
    """Two results can be compared; it takes three to make narrowing worth while."""
    return "many" if results >= 3 else "two" if results == 2 else "empty"


@dataclass(frozen=True)
class Walk:
    """Weights of the moves; `pick` draws the next one that the state allows."""

    weights: Mapping[Move, float]

    def pick(self, state: State, rng: np.random.Generator) -> Move:
        open_moves = _open(self.weights, state)
        draw = rng.random() * sum(open_moves.values())
        for move, weight in open_moves.items():
            draw -= weight
            if draw < 0:
                return move
        return next(reversed(open_moves))


def allowed(move: Move, state: State) -> bool:
    """Whether a move makes sense in a state."""
    if move == "refinement" and state.screen != "many":
        return False
    if move == "comparison" and state.screen == "empty":
        return False
    if move == "missing_slot" and state.left < 2:
        return False
    return not (move in _NOT_TWICE and move == state.last)


@per_tools
def walk(
    min_turns: int, max_turns: int, has_images: bool, shares_wanted: tuple[tuple[Move, float], ...] = ()
) -> Walk:
    """The weights that give the wanted shares (those of `WANTED`, if no others) for conversations of this
    length."""
    wanted = dict(shares_wanted or WANTED)
    if not has_images:
        wanted["complete"] += wanted.pop("picture")
    weights, ways = dict(wanted), _Ways(wanted)
    for _ in range(_ROUNDS):
        shares = expected_shares(weights, min_turns, max_turns, ways)
        weights = {
            move: weight * (wanted[move] / max(shares[move], 1e-6)) ** 0.7 for move, weight in weights.items()
        }
        total = sum(weights.values())
        weights = {move: weight / total for move, weight in weights.items()}
    return Walk(weights)


class _Ways(dict[State, tuple["_Way", ...]]):
    """From each state the moves that it allows, with how likely each is and the states after it: worked out
    when first asked for, since they are the same whatever the moves weigh."""

    def __init__(self, moves: Iterable[Move]) -> None:
        super().__init__()
        self._moves = dict.fromkeys(moves, 1.0)

    def __missing__(self, state: State) -> tuple[_Way, ...]:
        found = tuple(
            (move, likely, _after(move, state)) for move, likely in _open(self._moves, state).items()
        )
        self[state] = found
        return found


_Way = tuple[Move, float, list[tuple[State, float]]]


def expected_shares(
    weights: Mapping[Move, float], min_turns: int, max_turns: int, ways: _Ways | None = None
) -> dict[Move, float]:
    """Expected share of user turns per move (the answer to a missing slot counts as a turn of its own)."""
    ways = _Ways(weights) if ways is None else ways
    counts = dict.fromkeys(weights, 0.0)
    turns = 0.0
    for length in range(min_turns, max_turns + 1):
        chances = {State(length, "empty", None): 1.0}
        while chances:
            following: dict[State, float] = {}
            for state, chance in chances.items():
                weighed = [weights[move] * likely for move, likely, _ in ways[state]]
                total = sum(weighed)
                for weight, (move, _, then) in zip(weighed, ways[state], strict=True):
                    share = weight / total
                    counts[move] += chance * share
                    for after, odds in then:
                        if after.left > 0:
                            following[after] = following.get(after, 0.0) + chance * share * odds
            chances = following
        turns += length
    return {move: count / turns for move, count in counts.items()}


def _open(weights: Mapping[Move, float], state: State) -> dict[Move, float]:
    """The moves that the state allows, the natural next step of a purchase weighted up."""
    likely = _NEXT_STEP.get(state.last, {}) if state.last else {}
    return {move: weight * likely.get(move, 1.0) for move, weight in weights.items() if allowed(move, state)}


def _after(move: Move, state: State) -> list[tuple[State, float]]:
    """States after a move with their chances."""
    if move == "missing_slot":
        return _after_answer(state)
    if move not in _LEAVES:
        return [(State(state.left - 1, state.screen, move), 1.0)]
    return _screens(state.left - 1, move, _LEAVES[move])


def _after_answer(state: State) -> list[tuple[State, float]]:
    """An answer that completes a call for products brings new results; other answers leave the screen."""
    new = sum(tool.left_open for tool in ALL_TOOLS if tool.returns_products) / sum(missing().values())
    many, two = _LEAVES["complete"]
    shown = [(after, odds * new) for after, odds in _screens(state.left - 2, "missing_slot", (many, two))]
    return [*shown, (State(state.left - 2, state.screen, "missing_slot"), 1 - new)]


def _screens(left: int, move: Move, chances: tuple[float, float]) -> list[tuple[State, float]]:
    many, two = chances
    rest = 1 - many - two
    return [
        (State(left, "many", move), many),
        (State(left, "two", move), two),
        (State(left, "empty", move), rest),
    ]


def draw(shares: Mapping[str, float], rng: np.random.Generator) -> str:
    """A key with the probability of its share."""
    point = rng.random() * sum(shares.values())
    for name, share in shares.items():
        point -= share
        if point < 0:
            return name
    return list(shares)[-1]
