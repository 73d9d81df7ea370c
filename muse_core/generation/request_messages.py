"""The messages of a request as people send them -> ours.

Calls may have OpenAI's shape. By default they are run again, so that "the cheapest of these" finds the same
products, and results that are given (role `tool`) are not trusted; where the client runs the tools, its
results are what the model reads. A picture (`attached.py`) becomes `[image:att1]` in the text.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from muse_core.generation.attached import MAX_PICTURES, is_picture, picture_of
from muse_core.records import canonical_json, tool_message
from muse_core.tools.base import ShopWorld
from muse_core.tools.call_syntax import render_call
from muse_core.tools.toolbox import TOOL_NAMES, Toolbox
from muse_core.types import JsonValue, Message, ToolCall, ToolResult

MAX_CHARACTERS = 8000  # of one message
MAX_RESULT = 20_000  # of a result that a client sends


class Unreadable(ValueError):
    """What is wrong with one request, and what to send instead."""


class ConversationReader:
    """Reads the messages of one request. `turn`: the last user turn so far (from 0), `step`: the calls in it.
    Pictures go into the world."""

    def __init__(self, world: ShopWorld, runs_tools: bool = True) -> None:
        self.toolbox, self.runs_tools, self.turn, self.step = Toolbox(world), runs_tools, -1, 0
        self.pictures: dict[str, bytes] = {}
        self.awaited: dict[str, str] = {}  # the client's id of a call without a result -> ours
        world.attachments = self.pictures

    def messages(self, given: Sequence[Any]) -> Iterator[Message]:
        """Ours, in order. Unreadable names the first that cannot be read."""
        for place, message in enumerate(given, start=1):
            role = message.get("role") if isinstance(message, Mapping) else None
            if self.awaited and role != "tool":
                raise Unreadable(
                    f"message {place}: found the role {role!r}, expected role tool with the result of "
                    f"{', '.join(map(repr, self.awaited))}"
                )
            if role == "user":
                yield self._user(message, place)
            elif role == "assistant":
                yield from self._assistant(message, place)
            elif role == "tool":
                yield from self._result(message, place)
            else:
                raise Unreadable(
                    f"message {place}: found the role {role!r}, expected user, assistant or tool; what is "
                    "known of the shopper goes into `profile`"
                )
        if self.awaited:
            raise Unreadable(f"found no result of {', '.join(map(repr, self.awaited))}, expected one each")

    def _user(self, message: Mapping[str, Any], place: int) -> Message:
        text = text_of(self._with_pictures(message.get("content"), place), place)
        if not text.strip():
            raise Unreadable(f"message {place}: the user says nothing; expected a text")
        self.turn, self.step = self.turn + 1, 0
        return Message("user", text)

    def _with_pictures(self, content: Any, place: int) -> Any:
        """The content with each picture as its place in the text."""
        if not isinstance(content, Sequence) or isinstance(content, str | bytes):
            return content
        return [self._keep(part, place) if is_picture(part) else part for part in content]

    def _keep(self, part: Mapping[str, Any], place: int) -> dict[str, str]:
        if len(self.pictures) >= MAX_PICTURES:
            raise Unreadable(f"message {place}: found more than {MAX_PICTURES} pictures in one conversation")
        name = f"att{len(self.pictures) + 1}"
        try:
            self.pictures[name] = picture_of(part)
        except ValueError as problem:
            raise Unreadable(f"message {place}: {problem}") from None
        return {"type": "text", "text": f"[image:{name}]"}

    def _assistant(self, message: Mapping[str, Any], place: int) -> Iterator[Message]:
        given = _calls(message, place)
        made = [_call(call, place) for call in given]
        calls = [
            ToolCall(f"c{self.turn}.{self.step + k}", name, found) for k, (name, found) in enumerate(made)
        ]
        self.step += len(calls)
        if calls:
            yield Message("assistant", "", tuple(calls))
            if self.runs_tools:
                yield from (tool_message(self.toolbox.run(call)) for call in calls)
            else:
                names = (str(one.get("id") or call.call_id) for one, call in zip(given, calls, strict=True))
                self.awaited = dict(zip(names, (call.call_id for call in calls), strict=False))
        text = text_of(message.get("content"), place)
        if text.strip() and not self.awaited:
            yield Message("assistant", text)

    def _result(self, message: Mapping[str, Any], place: int) -> Iterator[Message]:
        """What the client's tool returned; nothing where the tools run here."""
        if self.runs_tools:
            return
        given = message.get("tool_call_id")
        if given not in self.awaited:
            expected = ", ".join(map(repr, self.awaited)) or "none, for no call is open"
            raise Unreadable(f"message {place}: found the result of {given!r}, expected that of {expected}")
        text = text_of(message.get("content"), place, MAX_RESULT)
        yield tool_message(_client_result(self.awaited.pop(given), text))


def _client_result(call_id: str, text: str) -> ToolResult:
    """A client's result: `{"value": …}`, `{"error": …}`, `{"items": […]}`, a list of products, any text."""
    try:
        found = json.loads(text)
        canonical_json(found)
    except (ValueError, RecursionError):
        found = text
    if isinstance(found, Mapping) and isinstance(found.get("error"), str):
        return ToolResult(call_id, None, found["error"])
    if isinstance(found, Mapping) and "value" in found:
        found = found["value"]
    if isinstance(found, list) and all(isinstance(item, Mapping) for item in found):
        found = {"items": found, "total": len(found)}
    if isinstance(found, Mapping) and (isinstance(found.get("items"), list) or "text" in found):
        return ToolResult(call_id, dict(found))
    return ToolResult(call_id, {"text": text})


def text_of(content: Any, place: int, longest: int = MAX_CHARACTERS) -> str:
    """A message's text; content may be absent, or a list of text parts. What no encoding can hold (a half of
    a surrogate pair) becomes a question mark."""
    if isinstance(content, Sequence) and not isinstance(content, str | bytes):
        parts = [part.get("text") if isinstance(part, Mapping) else None for part in content]
        if all(isinstance(part, str) for part in parts):
            content = " ".join(map(str, parts))
    if is_missing(content):
        return ""
    if not isinstance(content, str):
        raise Unreadable(f"message {place}: found {shown(content)} as content, expected a text")
    if len(content) > longest:
        raise Unreadable(
            f"message {place}: found {len(content):,} characters, expected at most {longest:,}; send "
            "what the shopper asks for, not a whole document"
        )
    return content.encode("utf-8", "replace").decode()


def is_missing(value: Any) -> bool:
    """Absent, or the NaN that a table has in its empty cells."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def _calls(message: Mapping[str, Any], place: int) -> Sequence[Any]:
    found = message.get("tool_calls")
    if is_missing(found):
        return ()
    if not isinstance(found, Sequence) or isinstance(found, str | bytes):
        raise Unreadable(f"message {place}: found {shown(found)} as tool_calls, expected a list of calls")
    return found


def _call(call: Any, place: int) -> tuple[str, dict[str, JsonValue]]:
    """(tool, arguments) of a call, flat or in OpenAI's shape, whose arguments are a JSON text."""
    inner = call.get("function", call) if isinstance(call, Mapping) else {}
    inner = inner if isinstance(inner, Mapping) else {}
    name = inner.get("name")
    if not isinstance(name, str) or name not in TOOL_NAMES:
        raise Unreadable(
            f"message {place}: found the call {shown(call)}, expected one of {', '.join(TOOL_NAMES)} as "
            '{"name": TOOL, "arguments": {…}} or {"function": {"name": TOOL, "arguments": "{…}"}}'
        )
    arguments = inner.get("arguments")
    try:
        read = json.loads(arguments) if isinstance(arguments, str) and arguments.strip() else arguments or {}
        found = dict(read)
        render_call(ToolCall("", name, found))  # what cannot be written the model cannot read
    except (ValueError, TypeError, RecursionError):
        raise Unreadable(
            f"message {place}: found {shown(arguments)} as the arguments of {name}, expected an object of "
            "texts, numbers and lists"
        ) from None
    return name, found


def shown(value: Any) -> str:
    """A value in an error: short, with its kind."""
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:60] + '…'}"
