"""Pairs that must not stand, each found by looking at the pair alone (or at its like), dropped and counted.

format     a side is cut off or malformed: a call without its result, no reply at the end, a tag in it
equal      both sides say the same but for case, spaces and punctuation
near       the same calls, results and references, and nearly the same words: the little that
           differs is noise, and DPO on it pushes both sides down (Pal et al. 2024, arXiv 2402.13228)
duplicate  the same request, with the same two turns, once more
held_out   its request is also one of a side that must stay unseen
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from muse_core.models.chat_format import SPECIAL_TOKENS
from muse_core.preferences.reward import calls_of, reply_of
from muse_core.scoring.normal import comparable, normal_text, slot_name
from muse_core.tools.references import references_in
from muse_core.types import Conversation, Message, PreferencePair

REASONS = ("format", "equal", "near", "duplicate", "held_out")
NEAR = 0.9  # share of the replies' words in common (2·matches / words of both) from which on they are one

Turn = tuple[Message, ...]


@dataclass(frozen=True)
class Cleaned:
    """What is left, and how many pairs each reason took."""

    pairs: tuple[PreferencePair, ...]
    dropped: Mapping[str, int]


def held_out_requests(conversations: Sequence[Conversation]) -> set[str]:
    """What shoppers of the sides say that are not trained on, as `normal_text` writes it."""
    others = [one for one in conversations if one.side != "train"]
    return {normal_text(m.content) for one in others for m in one.messages if m.role == "user"}


def clean(pairs: Sequence[PreferencePair], held_out: Collection[str] = ()) -> Cleaned:
    """Drops what must not stand. `held_out`: requests of unseen sides, as `normal_text` writes them."""
    kept: list[PreferencePair] = []
    dropped = dict.fromkeys(REASONS, 0)
    seen: set[object] = set()
    for pair in pairs:
        key = (normal_text(pair.prompt[-1].content), _shown(pair.chosen), _shown(pair.rejected))
        reason = _fault(pair, held_out) or ("duplicate" if key in seen else None)
        if reason is None:
            kept.append(pair)
            seen.add(key)
        else:
            dropped[reason] += 1
    return Cleaned(tuple(kept), dropped)


def _fault(pair: PreferencePair, held_out: Collection[str]) -> str | None:
    if not (is_whole(pair.chosen) and is_whole(pair.rejected)):
        return "format"
    if says_the_same(pair):
        return "equal"
    if says_nearly_the_same(pair):
        return "near"
    return "held_out" if normal_text(pair.prompt[-1].content) in held_out else None


def is_whole(turn: Turn) -> bool:
    """Every call is answered by what follows it, and a reply without a tag ends the turn."""
    waiting: list[str] = []
    for message in turn:
        if message.role == "tool":
            if not waiting or waiting.pop(0) != message.answers_call:
                return False
        elif waiting or any(tag in message.content for tag in SPECIAL_TOKENS):
            return False
        waiting += [call.call_id for call in message.tool_calls]
    return not waiting and bool(turn) and turn[-1].role == "assistant" and bool(turn[-1].content.strip())


def says_the_same(pair: PreferencePair) -> bool:
    """Equal calls and equal replies but for case, spaces and punctuation: noise, not a preference."""
    return _said(pair.chosen) == _said(pair.rejected)


def says_nearly_the_same(pair: PreferencePair) -> bool:
    """The same calls, results and references, and replies that share nearly all words in order. A call's
    value or a reference is never a small difference."""
    if _acted(pair.chosen) != _acted(pair.rejected):
        return False
    one, other = (reply_of(turn) for turn in (pair.chosen, pair.rejected))
    if references_in(one) != references_in(other):
        return False
    words = normal_text(one).split(), normal_text(other).split()
    return SequenceMatcher(None, *words, autojunk=False).ratio() >= NEAR


def _said(turn: Turn) -> tuple[object, ...]:
    """Calls with comparable values, references, and the reply's words."""
    reply = reply_of(turn)
    return (*_made(turn), *references_in(reply), normal_text(reply))


def _made(turn: Turn) -> tuple[object, ...]:
    return tuple(
        (call.name, frozenset((slot_name(k), comparable(slot_name(k), v)) for k, v in call.arguments.items()))
        for call in calls_of(turn)
    )


def _acted(turn: Turn) -> tuple[object, ...]:
    return (*_made(turn), *(message.content for message in turn if message.role == "tool"))


def _shown(turn: Turn) -> tuple[object, ...]:
    """Everything that the shopper could notice about a turn."""
    return (*_acted(turn), *_said(turn))
