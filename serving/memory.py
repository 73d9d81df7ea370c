"""What the server remembers of the turns it has answered.

A client of OpenAI's sends the texts back that it was shown: no calls, and titles where the model wrote
references. So that the model reads its own turn, a turn is found again by the conversation up to its end; one
that is not known (the server was started anew, the client has changed a text) is read as the text that it is.
A turn that feedback is about is found by the id of its completion.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from muse_core.records import canonical_json
from serving.completions import Completion

REMEMBERED = 4000  # turns


class TurnMemory:
    """The last turns; safe for several threads."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most, self._lock = most, threading.Lock()
        self._turns: OrderedDict[str, list[Any]] = OrderedDict()
        self._completions: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def restored(self, messages: Sequence[Any], runs_tools: bool) -> list[Any]:
        """The messages of a request, each known turn of the assistant as the model has written it."""
        found: list[Any] = []
        digest = _start(runs_tools)
        with self._lock:
            for message in messages:
                digest = _behind(digest, message)
                found += self._turns.get(digest.hex(), [message])
        return found

    def keep(self, completion: Completion) -> None:
        """An answered turn. What feedback keeps of the conversation is what the model read."""
        read = self.restored(completion.asked.messages, completion.asked.runs_tools)
        asked, extra = completion.asked, completion.extra()
        digest = _start(asked.runs_tools)
        for message in (*asked.messages, completion.message()):
            digest = _behind(digest, message)
        about = {
            "messages": [without_pictures(message) for message in read],
            "profile": asked.profile, "answer": extra, "model": completion.model,
        }  # fmt: skip
        with self._lock:
            if not completion.handed:
                self._put(self._turns, digest.hex(), _written(asked.runs_tools, extra["messages"]))
            self._put(self._completions, asked.identifier, about)

    def about(self, identifier: str) -> dict[str, Any] | None:
        """What was asked and answered under an id; None when it is not known any more."""
        with self._lock:
            return self._completions.get(identifier)

    def _put(self, kept: OrderedDict[str, Any], key: str, value: Any) -> None:
        kept[key] = value
        kept.move_to_end(key)
        while len(kept) > self._most:
            kept.popitem(last=False)


def _start(runs_tools: bool) -> bytes:
    """Calls that were run here are put back, those that the client ran it sends itself."""
    return b"here" if runs_tools else b"client"


def _written(runs_tools: bool, messages: Sequence[Any]) -> list[Any]:
    return list(messages) if runs_tools else [one for one in messages if not one["tool_calls"]]


def _behind(digest: bytes, message: Any) -> bytes:
    """The digest of a conversation that goes on with a message. What clients add to it does not count."""
    shown = message if isinstance(message, Mapping) else {"content": str(message)}
    content = shown.get("content")
    said = content.strip() if isinstance(content, str) else content
    calls = [_call(call) for call in shown.get("tool_calls") or [] if isinstance(call, Mapping)]
    try:
        text = canonical_json({"role": shown.get("role"), "said": said, "calls": calls})
    except (ValueError, TypeError, RecursionError):
        text = repr(message)
    return hashlib.sha256(digest + text.encode("utf-8", "replace")).digest()


def _call(call: Mapping[str, Any]) -> Any:
    return call.get("function", call)


def without_pictures(message: Any) -> Any:
    """A message for the record: a picture's bytes are left out."""
    content = message.get("content") if isinstance(message, Mapping) else None
    if not isinstance(content, list):
        return message
    kept = [
        part if isinstance(part, Mapping) and part.get("type") == "text" else {"type": "picture"}
        for part in content
    ]
    return {**message, "content": kept}
