"""Contrast pairs: the gold turn against a turn that is wrong in one known way, run on the real tools.

The ways are read off the dialogue states of DiaTool-DPO (Jung et al. 2025, SIGDIAL, arXiv 2504.02882):
a tool-using assistant is in one of five states (start, tool chosen with slots open, tool chosen with all
slots, waiting for the result, done), a query is of type 1 (complete), 2 (a slot is missing) or 3 (out
of scope), and a rejected trajectory takes a transition that the query does not call for. The paper's
turns are other tools and other data; the ten types below are the closest ones for ours:

================== ===== ===== ==================================================================
type               query grade the rejected turn
================== ===== ===== ==================================================================
needless_question  1     easy  asks for what was said instead of calling
wrong_tool         1     easy  gives the request to another tool
premature_call     2     easy  calls with an invented value instead of asking
needless_call      3     easy  calls for what no tool does instead of declining
wrong_value        1     hard  one argument has another value
dropped_limit      1     hard  one limit is left out
invented_argument  1     hard  adds limits that nobody asked for
stopped_chain      1     hard  answers before the last calls of a request in several steps
ungrounded_reply   1     hard  has results and says there are none, or the other way round
wrong_question     2     hard  asks, but for another slot than the missing one
================== ===== ===== ==================================================================

Grade: an `easy` pair parts at the first act (another tool, or talk for a call); in a `hard` one that act
is of the right kind and the fault comes in arguments, later acts or words. Both sides speak with the
expert's own templates about what their calls really returned, so that style cannot tell them apart;
both are paid by the same reward, and a pair below the threshold is none. Not covered: replies in the
wrong language and calls made twice, which cost too little of the reward to reach the threshold.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import numpy as np

from muse_core.preferences import wrong_turns
from muse_core.preferences.contexts import Context, Environment
from muse_core.preferences.evidence import TokensOf, pair_of
from muse_core.preferences.pairing import Match, Sample, match_of
from muse_core.preferences.wrong_turns import Scene
from muse_core.tools.toolbox import PRODUCT_TOOLS
from muse_core.types import PreferencePair
from muse_core.world.turns import Turn

Grade = Literal["easy", "hard"]
Made = tuple[Context, Match]


@dataclass(frozen=True)
class Contrast:
    """One type: its grade, the turns it suits, and how the rejected turn is made (None: not here)."""

    grade: Grade
    suits: Callable[[Context], bool]
    make: Callable[[Scene], wrong_turns.Turn]


def _calls(context: Context) -> bool:
    return bool(context.gold.calls) and context.label.decision != "none"


def _lacks_slot(context: Context) -> bool:
    return context.label.turn_type == "missing_slot" and not context.gold.calls


def _is_out_of_scope(context: Context) -> bool:
    return context.label.turn_type == "out_of_scope" and not context.gold.calls


def _has_chain(context: Context) -> bool:
    return len(context.gold.calls) > 1 and context.label.turn_type == "multi_step"


def _shows_products(context: Context) -> bool:
    return _calls(context) and context.gold.calls[-1].name in PRODUCT_TOOLS


TYPES: Mapping[str, Contrast] = {
    "needless_question": Contrast("easy", _calls, wrong_turns.needless_question),
    "wrong_tool": Contrast("easy", _calls, wrong_turns.wrong_tool),
    "premature_call": Contrast("easy", _lacks_slot, wrong_turns.premature_call),
    "needless_call": Contrast("easy", _is_out_of_scope, wrong_turns.needless_call),
    "wrong_value": Contrast("hard", _calls, wrong_turns.wrong_value),
    "dropped_limit": Contrast("hard", _calls, wrong_turns.dropped_limit),
    "invented_argument": Contrast("hard", _calls, wrong_turns.invented_argument),
    "stopped_chain": Contrast("hard", _has_chain, wrong_turns.stopped_chain),
    "ungrounded_reply": Contrast("hard", _shows_products, wrong_turns.ungrounded_reply),
    "wrong_question": Contrast("hard", _lacks_slot, wrong_turns.wrong_question),
}


# ---- choosing them --------------------------------------------------------------------------------


def contrast_pairs(
    contexts: Sequence[Context],
    count: int,
    environment: Environment,
    threshold: float,
    tokens_of: TokensOf,
    seed: int,
) -> list[PreferencePair]:
    """At most `count` pairs; the types take turns, and a context gives at most one pair."""
    order = [contexts[k] for k in np.random.default_rng([seed, 5]).permutation(len(contexts))]
    used: set[str] = set()
    made = {name: _matches(name, order, used, environment, threshold, seed) for name in TYPES}
    return [
        pair_of(context, match, name, "contrast", tokens_of, {"type": name, "difficulty": TYPES[name].grade})
        for name, (context, match) in islice(_in_turn(made), count)
    ]


def _in_turn(made: Mapping[str, Iterator[Made]]) -> Iterator[tuple[str, Made]]:
    """One of each name, then the next of each, until all have ended."""
    going = dict(made)
    while going:
        for name in list(going):
            one = next(going[name], None)
            if one is None:
                del going[name]
            else:
                yield name, one


def _matches(
    name: str,
    contexts: Sequence[Context],
    used: set[str],
    environment: Environment,
    threshold: float,
    seed: int,
) -> Iterator[Made]:
    """The pairs of one type, one after the other; `used` holds the contexts that have given one."""
    for context in contexts:
        if context.name in used or not TYPES[name].suits(context):
            continue
        match = contrast_match(name, context, environment, threshold, seed)
        if match is not None:
            used.add(context.name)
            yield context, match


def contrast_match(
    name: str, context: Context, environment: Environment, threshold: float, seed: int
) -> Match | None:
    """The gold turn against a wrong one of this type; None when there is none, or it is not bad enough."""
    rng = np.random.default_rng([seed, 5, zlib.crc32(f"{context.name}.{name}".encode())])
    wrong_turn = TYPES[name].make(Scene.of(context, environment, rng))
    if wrong_turn is None:
        return None
    gold, wrong = (
        Sample(turn, environment.reward(turn, False, context), 0.0, 0)
        for turn in (context.gold.turn, Turn(wrong_turn))
    )
    return match_of(gold, wrong, threshold)
