"""A conversation in the teacher's words: in place, and as further conversations for further wordings.

Version 0 is the conversation itself with the first wording of every turn that has one. Version k is a
conversation of its own, `<id>w<k>`: it ends with the last turn that has a wording k, and turns with fewer
take theirs in rotation. Calls, results and labels stay; only positions move with the words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from muse_core.dialogue.llm.lessons import Judged
from muse_core.types import Conversation, Message, TurnLabel

Wordings = Mapping[tuple[int, bool], Sequence[Judged]]  # by (turn, is the reply to it)


def versions(one: Conversation, wordings: Wordings) -> Iterator[Conversation]:
    """The conversation, and one more for each further wording of what the shopper says."""
    yield _version(one, wordings, 0)
    longest = max((len(found) for (_, is_reply), found in wordings.items() if not is_reply), default=0)
    for number in range(1, longest):
        last = max(
            turn for (turn, is_reply), found in wordings.items() if not is_reply and len(found) > number
        )
        name = f"{one.conversation_id}w{number}"
        yield replace(_version(_until(one, last), wordings, number), conversation_id=name)


def _version(one: Conversation, wordings: Wordings, number: int) -> Conversation:
    for (turn, is_reply), found in wordings.items():
        if found and turn < len(one.labels):
            chosen = found[number % len(found)]
            one = _with_reply(one, turn, chosen.text) if is_reply else _with_turn(one, turn, chosen)
    return one


def _until(one: Conversation, turn: int) -> Conversation:
    """The conversation up to the reply to a turn."""
    users = _users(one)
    end = users[turn + 1] if turn + 1 < len(users) else len(one.messages)
    return replace(
        one, messages=one.messages[:end], labels=tuple(label for label in one.labels if label.turn <= turn)
    )


def _with_turn(one: Conversation, turn: int, chosen: Judged) -> Conversation:
    labels = tuple(_moved(label, chosen) if label.turn == turn else label for label in one.labels)
    return replace(one, messages=_swapped(one, _users(one)[turn], chosen.text), labels=labels)


def _moved(label: TurnLabel, chosen: Judged) -> TurnLabel:
    return replace(label, position=chosen.position)


def _with_reply(one: Conversation, turn: int, text: str) -> Conversation:
    ends = [*_users(one)[1:], len(one.messages)]
    return replace(one, messages=_swapped(one, ends[turn] - 1, text))


def _users(one: Conversation) -> list[int]:
    return [at for at, message in enumerate(one.messages) if message.role == "user"]


def _swapped(one: Conversation, at: int, text: str) -> tuple[Message, ...]:
    return (*one.messages[:at], replace(one.messages[at], content=text, reading={}), *one.messages[at + 1 :])
