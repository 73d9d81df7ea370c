"""One piece of feedback as the quarantine keeps it, and how it stands in a table.

    Feedback("9f3c…", "2026-11-30T05:00:00+00:00", "chatcmpl-7…", "muse", "down", "values", "under 1500",
             "en", "", asked=({"role": "user", "content": "red kurta"},), answer=(…), better=(…),
             status="waiting")

waiting    can be accepted: `better` is the turn that would be learnt
unclear    no turn can be made of it (`reason`); a person may write one into the review table
refused    never enters, and holds no words beyond the shopper's last (`reason`)
accepted, rejected    what a person decided
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import pyarrow as pa

from muse_core.records import Row, canonical_json, from_table, to_table
from muse_core.types import Language

Status = Literal["waiting", "unclear", "refused", "accepted", "rejected"]
Wish = Literal["nothing", "tool", "values", "reply"]
STATUSES: tuple[Status, ...] = get_args(Status)
Chat = tuple[Mapping[str, Any], ...]  # messages as a chat file has them (conversation_files/chat_line.py)

QUARANTINE, ACCEPTED = "feedback", "accepted_feedback"  # kinds of table
_CHATS = ("asked", "answer", "better")


@dataclass(frozen=True)
class Feedback:
    """`asked`: the conversation up to the user's last words; `answer`: the served turn with the results of
    its calls; `better`: the turn to be learnt, calls without results. `personal`: kinds of what was masked;
    `overlaps`: what is held out and says the same."""

    feedback_id: str
    time: str
    completion: str
    model: str
    thumb: str
    wish: Wish
    wish_text: str
    language: Language
    profile: str
    asked: Chat = ()
    answer: Chat = ()
    better: Chat | None = None
    personal: tuple[str, ...] = ()
    overlaps: str | None = None
    status: Status = "waiting"
    reason: str | None = None

    @property
    def said(self) -> list[str]:
        """What the shopper says, turn by turn."""
        return [str(one.get("content", "")) for one in self.asked if one.get("role") == "user"]

    @property
    def is_correction(self) -> bool:
        """Whether the served turn was wrong: there is something to prefer `better` to."""
        return self.thumb == "down" or self.wish != "nothing"

    def with_status(self, status: Status, reason: str | None = None) -> Feedback:
        return replace(self, status=status, reason=reason)


def chat_of(one: Feedback, turn: Chat) -> dict[str, Any]:
    """The conversation that ends with a turn, as an entry of a chat file."""
    entry = {"id": f"feedback-{one.feedback_id}", "messages": [*one.asked, *turn]}
    return entry | ({"profile": one.profile} if one.profile else {})


def as_table(kind: str, rows: Iterable[Feedback]) -> pa.Table:
    """The rows by their ids, so that equal rows are equal bytes."""
    return to_table(kind, [_as_row(one) for one in sorted(rows, key=lambda one: one.feedback_id)])


def of_table(kind: str, table: pa.Table) -> list[Feedback]:
    return [_of_row(row) for row in from_table(kind, table)]


def _as_row(one: Feedback) -> Row:
    chats = {f"{name}_json": _written(getattr(one, name)) for name in _CHATS}
    plain = {key: value for key, value in vars(one).items() if key not in _CHATS}
    return plain | chats | {"personal": list(one.personal)}


def _written(chat: Chat | None) -> str | None:
    return None if chat is None else canonical_json(list(chat))  # type: ignore[arg-type]


def _of_row(row: Row) -> Feedback:
    chats = {name: _read(row[f"{name}_json"]) for name in _CHATS}
    plain = {key: value for key, value in row.items() if not key.endswith("_json")}
    return Feedback(**plain | chats | {"personal": tuple(row["personal"] or ())})


def _read(text: str | None) -> Chat | None:
    return None if text is None else tuple(json.loads(text))
