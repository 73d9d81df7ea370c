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
from functools import cached_property

from muse_core.models.chat_format import SPECIAL_TOKENS
from muse_core.scoring.normal import comparable, normal_text, slot_name
from muse_core.tools.references import references_in
from muse_core.types import Conversation, Message, PreferencePair, ToolCall
from muse_core.world.turns import Turn

REASONS = ("format", "equal", "near", "duplicate", "held_out")
NEAR = 0.9  # share of the replies' words in common (2·matches / words of both) from which on they are one


@dataclass(frozen=True)
class Cleaned:
    """What is left, and how many pairs each reason took."""

    pairs: tuple[PreferencePair, ...]
    dropped: Mapping[str, int]


def held_out_requests(conversations: Sequence[Conversation]) -> set[str]:
    """What shoppers of the sides say that are not trained on, as `normal_text` writes it."""
    others = [talk for talk in conversations if talk.side != "train"]
    return {normal_text(m.content) for talk in others for m in talk.messages if m.role == "user"}


def clean(pairs: Sequence[PreferencePair], held_out: Collection[str] = ()) -> Cleaned:
    """Drops what must not stand. `held_out`: requests of unseen sides, as `normal_text` writes them."""
    kept: list[PreferencePair] = []
    dropped = dict.fromkeys(REASONS, 0)
    seen: set[object] = set()
    for pair in pairs:
        request, chosen, rejected = normal_text(pair.prompt[-1].content), *_both(pair)
        key = (request, chosen.shown, rejected.shown)
        reason = _fault(chosen, rejected, request in held_out) or ("duplicate" if key in seen else None)
        if reason is None:
            kept.append(pair)
            seen.add(key)
        else:
            dropped[reason] += 1
    return Cleaned(tuple(kept), dropped)


def is_whole(turn: Sequence[Message]) -> bool:
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


@dataclass(frozen=True)
class _Comparable:
    """A turn in the forms in which two of them are compared, each worked out once."""

    turn: Turn

    @cached_property
    def reply(self) -> str:
        return normal_text(self.turn.reply)

    @cached_property
    def references(self) -> list[tuple[int, str]]:
        return references_in(self.turn.reply)

    @cached_property
    def made(self) -> tuple[object, ...]:
        """Its calls, their values comparable."""
        return tuple((call.name, _comparable_arguments(call)) for call in self.turn.calls)

    @property
    def said(self) -> tuple[object, ...]:
        """Calls, references, and the reply's words."""
        return (*self.made, *self.references, self.reply)

    @property
    def acted(self) -> tuple[object, ...]:
        return (*self.made, *(message.content for message in self.turn.messages if message.role == "tool"))

    @property
    def shown(self) -> tuple[object, ...]:
        """Everything that the shopper could notice about a turn."""
        return (*self.acted, *self.said)


def _both(pair: PreferencePair) -> tuple[_Comparable, _Comparable]:
    return _Comparable(Turn(pair.chosen)), _Comparable(Turn(pair.rejected))


def _comparable_arguments(call: ToolCall) -> frozenset[object]:
    return frozenset((slot_name(k), comparable(slot_name(k), v)) for k, v in call.arguments.items())


def _fault(chosen: _Comparable, rejected: _Comparable, is_held_out: bool) -> str | None:
    if not (is_whole(chosen.turn.messages) and is_whole(rejected.turn.messages)):
        return "format"
    if chosen.said == rejected.said:
        return "equal"
    if _are_near(chosen, rejected):
        return "near"
    return "held_out" if is_held_out else None


def _are_near(chosen: _Comparable, rejected: _Comparable) -> bool:
    """The same calls, results and references, and replies that share nearly all words in order. A call's
    value or a reference is never a small difference."""
    if chosen.acted != rejected.acted or chosen.references != rejected.references:
        return False
    matcher = SequenceMatcher(None, chosen.reply.split(), rejected.reply.split(), autojunk=False)
    return matcher.ratio() >= NEAR
