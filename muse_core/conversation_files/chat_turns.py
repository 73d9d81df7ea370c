"""Messages → user turns, each with its acts and its reply; what was merged, cut or left open is counted.

Shop chats have habits that training turns do not: the assistant greets first, somebody writes twice in a
row, "let me look" stands before a call, a "thanks" ends it. Such a chat is kept, in the shape that a turn
has here: user, acts, reply.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from muse_core.json_text import JsonTextError, read_json
from muse_core.types import JsonValue

GREETING_CUT = "greeting_cut"  # what stood before the shopper's first words
MESSAGES_MERGED = "messages_merged"  # two in a row of the same side
WORDS_CUT = "words_before_a_call_cut"
INSTRUCTIONS_CUT = "instructions_cut"  # system messages in mid-conversation
TRAILING_CUT = "trailing_user_cut"  # last words without an answer
REPLIES_FILLED_IN = "replies_filled_in"  # turns that end in a call
PICTURES_CUT = "pictures_cut"  # that the shop showed

_FORGED = re.compile(r"<\|\w+\|>|</?(?:tool|result|tool_call|tool_response)>")
_RESULT = re.compile(r"(?:observation|function response|tool (?:output|response|result))\s*:", re.IGNORECASE)


class BadLine(ValueError):
    """Why a chat is rejected: what was found, and what was expected."""


@dataclass(frozen=True)
class ChatCall:
    """A call as the line states it. `result`: its content in the line, None when it is left out."""

    name: str
    arguments: dict[str, JsonValue]
    result: str | None = None


@dataclass(frozen=True)
class ChatTurn:
    """What the user said, the acts of calls in order, and the reply; None where the turn ends in a call."""

    user: str
    acts: tuple[tuple[ChatCall, ...], ...]
    reply: str | None


@dataclass(frozen=True)
class Spoken:
    """One message with its calls; `calls` holds (id, call) pairs, `answers` the id a result is for, `tool`
    the name of the tool that it comes from."""

    number: int
    role: str
    content: str = ""
    calls: tuple[tuple[str, ChatCall], ...] = ()
    answers: str | None = None
    tool: str | None = None


def turns_of(messages: Sequence[Spoken], counts: Counter[str]) -> tuple[ChatTurn, ...]:
    """The user turns. BadLine where the messages are no dialogue."""
    said = [
        one
        for one in messages
        if one.role != "system" and (one.content or one.calls or one.role != "assistant")
    ]
    counts[INSTRUCTIONS_CUT] += sum(one.role == "system" for one in messages)
    first = next((at for at, one in enumerate(said) if one.role == "user"), None)
    if first is None:
        raise BadLine("nobody asks: there is no message of role user")
    counts[GREETING_CUT] += bool(first)
    groups = _groups(said[first:])
    if all(one.role == "user" for one in groups[-1]):
        counts[TRAILING_CUT] += 1
        groups.pop()
    if not groups:
        raise BadLine(f"message {said[first].number}: the user's turn ends without a reply of the assistant")
    return tuple(_turn(group, counts) for group in groups)


def _groups(messages: Sequence[Spoken]) -> list[list[Spoken]]:
    """Each begins with what the user says, one message or several in a row."""
    groups: list[list[Spoken]] = []
    before = ""
    for message in messages:
        if message.role == "user" and before != "user":
            groups.append([])
        groups[-1].append(message)
        before = message.role
    return groups


def _turn(group: Sequence[Spoken], counts: Counter[str]) -> ChatTurn:
    asked = [one for one in group if one.role == "user"]
    words = [one.content for one in asked if one.content]
    if not words:
        raise BadLine(f"message {asked[0].number}: the user says nothing")
    counts[MESSAGES_MERGED] += len(asked) - 1
    acts, reply = _Answer(counts).read(group[len(asked) :])
    if not acts and not reply:
        raise BadLine(f"message {asked[0].number}: the user's turn ends without a reply of the assistant")
    counts[MESSAGES_MERGED] += max(0, len(reply) - 1)
    counts[REPLIES_FILLED_IN] += not reply
    return ChatTurn("\n".join(words), acts, "\n".join(reply) if reply else None)


@dataclass
class _Answer:
    """What follows the user's words: acts, their results, and the words behind the last of them."""

    counts: Counter[str]
    acts: list[list[tuple[str, ChatCall]]] = field(default_factory=list)
    waiting: list[tuple[str, int, int]] = field(default_factory=list)  # id, act, place: not yet answered
    words: list[Spoken] = field(default_factory=list)

    def read(self, messages: Sequence[Spoken]) -> tuple[tuple[tuple[ChatCall, ...], ...], list[str]]:
        for message in messages:
            if message.calls or message.role == "tool":
                self.counts[WORDS_CUT] += len(self.words)
                self.words = []
            if message.role == "tool":
                self.answer(message)
            elif message.calls:
                act = len(self.acts)
                self.acts.append(list(message.calls))
                self.waiting += [(call_id, act, at) for at, (call_id, _) in enumerate(message.calls)]
            else:
                self.words.append(message)
        for message in self.words:
            if problem := _unspeakable(message.content):
                raise BadLine(f"message {message.number}: {problem} stands in the reply")
        return tuple(tuple(call for _, call in act) for act in self.acts), [one.content for one in self.words]

    def answer(self, message: Spoken) -> None:
        """Gives a result to the first call that waits for it: by id, by its tool, or in order."""
        place = next(self._fitting(message), None)
        if place is None:
            named = message.answers or message.tool or f"message {message.number}"
            raise BadLine(f"a tool message answers {named!r}, which is no call of its turn")
        self.waiting.remove(place)
        _, act, at = place
        call_id, call = self.acts[act][at]
        if not is_blank(message.content):
            self.acts[act][at] = (call_id, ChatCall(call.name, call.arguments, message.content))

    def _fitting(self, message: Spoken) -> Iterator[tuple[str, int, int]]:
        for place in self.waiting:
            call_id, act, at = place
            is_of_tool = message.tool in (None, self.acts[act][at][1].name)
            if call_id == message.answers if message.answers else is_of_tool:
                yield place


def _unspeakable(reply: str) -> str | None:
    """What makes a text no reply to a shopper: our tags, a tool's result, an object instead of words."""
    if stray := _FORGED.search(reply) or _RESULT.match(reply):
        return stray.group()
    if reply[:1] not in ("{", "["):
        return None
    try:
        value = read_json(reply)
    except JsonTextError:
        return None
    is_data = isinstance(value, dict) or value == [] or any(isinstance(one, dict) for one in value)
    return "JSON instead of words" if is_data else None


def is_blank(result: str) -> bool:
    """Whether a result says nothing: it is filled in as if it were left out."""
    return result.strip() in ("", "{}", "null", "None")
