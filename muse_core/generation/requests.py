"""A request as people send it -> a turn to answer -> the answer as JSON.

    "red shirts under 1500"
    {"utterance": "red shirts under 1500", "profile": "women | 25-34 | 500-2000 | casual"}
    {"messages": [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}, …]}

    -> {"text": "Try … at ₹999.", "calls": [{"name", "arguments", "result" | "error"}], "messages": […],
        "language": "en", "repaired": null | {"fault": "value", "by": "sample"}}

One request, a list of them, or a table (a cell that is empty or NaN is not there). `messages` of the answer
can be put behind those of the request for the next turn: calls that the conversation holds are run again, so
that "the cheapest of these" finds the same products; results that are given (role `tool`) are not trusted.
Calls may have OpenAI's shape. `repaired` names what the model did that could not be shown (`faults.py`), and
what stands in its place. Not covered: pictures; content parts other than text.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from muse_core.catalog.index import CatalogIndex
from muse_core.errors import ConfigError
from muse_core.generation.answer import Answered, answer
from muse_core.generation.assistant import TurnRequest
from muse_core.models.loading import LoadedModel
from muse_core.profiles.system_line import language_of, system_content, system_line
from muse_core.records import read_tool_message, tool_message
from muse_core.tools.base import ShopWorld, new_world
from muse_core.tools.call_syntax import render_call
from muse_core.tools.toolbox import TOOL_NAMES, Toolbox
from muse_core.types import JsonValue, Message, ToolCall

MAX_CHARACTERS = 8000  # of one message
MAX_PROFILE = 200
EXPECTED = 'expected {"utterance": TEXT} or {"messages": [{"role": "user", "content": TEXT}, …]}'


def answer_json(loaded: LoadedModel, index: CatalogIndex, given: Any) -> list[dict[str, JsonValue]]:
    """The answer to each request, in order; ConfigError that lists every request that cannot be read."""
    turns, problems = [], []
    for number, request in enumerate(requests_of(given), start=1):
        try:
            turns.append(_turn(request, index))
        except _Unreadable as problem:
            problems.append(f"request {number}: {problem}")
    if problems:
        raise ConfigError("nothing was answered; correct these requests:", problems)
    return [_as_json(one) for one in answer(loaded, turns)]


class _Unreadable(ValueError):
    """What is wrong with one request, and what to send instead."""


def requests_of(given: Any) -> list[Any]:
    """The requests in one request, a list, an array, or a table (of pandas)."""
    if isinstance(given, str | Mapping):
        return [given]
    if hasattr(given, "to_dict") and hasattr(given, "columns"):
        return list(given.to_dict("records"))
    given = _plain(given)
    if isinstance(given, str):
        return [given]
    if isinstance(given, Sequence) and not isinstance(given, bytes):
        return list(given)
    raise ConfigError(f"found {_shown(given)}, expected a request or a list of them; {EXPECTED}")


def _turn(request: Any, index: CatalogIndex) -> TurnRequest:
    row = {"utterance": request} if isinstance(request, str) else request
    if not isinstance(row, Mapping):
        raise _Unreadable(f"found {_shown(row)}; {EXPECTED}")
    row = {str(key): plain for key, value in row.items() if not _is_missing(plain := _plain(value))}
    world = new_world(index)
    spoken = list(_Conversation(world).read(_given_messages(row)))
    line = system_content(index.catalog.facets, system_line(language_of(spoken), _profile(row)))
    users = sum(message.role == "user" for message in spoken)
    return TurnRequest((Message("system", line), *spoken), world, users - 1)


def _plain(value: Any) -> Any:
    """Without numpy, in which a scoring server may have put it."""
    return value.tolist() if hasattr(value, "tolist") else value


def _is_missing(value: Any) -> bool:
    """Absent, or the NaN that a table has in its empty cells."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def _given_messages(row: Mapping[str, Any]) -> Sequence[Any]:
    """The messages of a request, the last one the user's."""
    if "utterance" in row and "messages" in row:
        raise _Unreadable(f"found both an utterance and messages; {EXPECTED}")
    if "role" in row and "content" in row:
        raise _Unreadable('found a message, expected a request; wrap the list: {"messages": [ … ]}')
    if "messages" not in row and "utterance" not in row:
        raise _Unreadable(f"found the keys {', '.join(sorted(row)) or 'none'}; {EXPECTED}")
    given = row.get("messages", [{"role": "user", "content": row.get("utterance")}])
    if not isinstance(given, Sequence) or isinstance(given, str | bytes) or not given:
        raise _Unreadable(f"messages: found {_shown(given)}, expected a list of at least one; {EXPECTED}")
    if not isinstance(given[-1], Mapping) or given[-1].get("role") != "user":
        last = given[-1].get("role") if isinstance(given[-1], Mapping) else _shown(given[-1])
        raise _Unreadable(f"messages: the last one is of {last!r}; end with what the user says")
    return given


def _profile(row: Mapping[str, Any]) -> str:
    found = row.get("profile", "")
    if not isinstance(found, str) or len(found) > MAX_PROFILE or "\n" in found:
        raise _Unreadable(
            f"profile: found {_shown(found)}, expected one line about the shopper of at most {MAX_PROFILE} "
            "characters, like 'women | 25-34 | 500-2000 | casual'"
        )
    return found.strip()


# ---- messages -------------------------------------------------------------------------------------


class _Conversation:
    """The messages of a request, as ours; calls are run again in `world`."""

    def __init__(self, world: ShopWorld) -> None:
        self.toolbox, self.turn, self.step = Toolbox(world), -1, 0

    def read(self, given: Sequence[Any]) -> Iterator[Message]:
        for place, message in enumerate(given, start=1):
            role = message.get("role") if isinstance(message, Mapping) else None
            if role == "user":
                yield self._user(message, place)
            elif role == "assistant":
                yield from self._assistant(message, place)
            elif role != "tool":
                raise _Unreadable(
                    f"message {place}: found the role {role!r}, expected user, assistant or tool; what is "
                    "known of the shopper goes into `profile`"
                )

    def _user(self, message: Mapping[str, Any], place: int) -> Message:
        text = _text(message.get("content"), place)
        if not text.strip():
            raise _Unreadable(f"message {place}: the user says nothing; expected a text")
        self.turn, self.step = self.turn + 1, 0
        return Message("user", text)

    def _assistant(self, message: Mapping[str, Any], place: int) -> Iterator[Message]:
        made = [_call(call, place) for call in _calls(message, place)]
        calls = [
            ToolCall(f"c{self.turn}.{self.step + k}", name, given) for k, (name, given) in enumerate(made)
        ]
        self.step += len(calls)
        if calls:
            yield Message("assistant", "", tuple(calls))
            yield from (tool_message(self.toolbox.run(call)) for call in calls)
        text = _text(message.get("content"), place)
        if text.strip():
            yield Message("assistant", text)


def _text(content: Any, place: int) -> str:
    """A message's text; content may be absent, or a list of text parts."""
    if isinstance(content, Sequence) and not isinstance(content, str | bytes):
        parts = [part.get("text") if isinstance(part, Mapping) else None for part in content]
        if all(isinstance(part, str) for part in parts):
            content = " ".join(map(str, parts))
    if _is_missing(content):
        return ""
    if not isinstance(content, str):
        raise _Unreadable(f"message {place}: found {_shown(content)} as content, expected a text")
    if len(content) > MAX_CHARACTERS:
        raise _Unreadable(
            f"message {place}: found {len(content):,} characters, expected at most {MAX_CHARACTERS:,}; send "
            "what the shopper asks for, not a whole document"
        )
    return content


def _calls(message: Mapping[str, Any], place: int) -> Sequence[Any]:
    found = message.get("tool_calls")
    if _is_missing(found):
        return ()
    if not isinstance(found, Sequence) or isinstance(found, str | bytes):
        raise _Unreadable(f"message {place}: found {_shown(found)} as tool_calls, expected a list of calls")
    return found


def _call(call: Any, place: int) -> tuple[str, dict[str, JsonValue]]:
    """(tool, arguments) of a call, flat or in OpenAI's shape, whose arguments are a JSON text."""
    inner = call.get("function", call) if isinstance(call, Mapping) else {}
    inner = inner if isinstance(inner, Mapping) else {}
    name = inner.get("name")
    if not isinstance(name, str) or name not in TOOL_NAMES:
        raise _Unreadable(
            f"message {place}: found the call {_shown(call)}, expected one of {', '.join(TOOL_NAMES)} as "
            '{"name": TOOL, "arguments": {…}} or {"function": {"name": TOOL, "arguments": "{…}"}}'
        )
    arguments = inner.get("arguments")
    try:
        read = json.loads(arguments) if isinstance(arguments, str) and arguments.strip() else arguments or {}
        found = dict(read)
        render_call(ToolCall("", name, found))  # what cannot be written the model cannot read
    except (ValueError, TypeError, RecursionError):
        raise _Unreadable(
            f"message {place}: found {_shown(arguments)} as the arguments of {name}, expected an object of "
            "texts, numbers and lists"
        ) from None
    return name, found


def _shown(value: Any) -> str:
    """A value in an error: short, with its kind."""
    text = repr(value)
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:60] + '…'}"


# ---- the answer -----------------------------------------------------------------------------------


def _as_json(one: Answered) -> dict[str, JsonValue]:
    results = {m.answers_call: read_tool_message(m) for m in one.messages if m.role == "tool"}
    calls: list[JsonValue] = []
    messages: list[JsonValue] = []
    for message in one.messages:
        made: list[JsonValue] = [
            {"name": call.name, "arguments": call.arguments} for call in message.tool_calls
        ]
        for call in message.tool_calls:
            result = results.get(call.call_id)
            said: dict[str, JsonValue] = {"error": result.error} if result and result.error else {}
            shown: dict[str, JsonValue] = {"name": call.name, "arguments": call.arguments}
            calls.append({**shown, "result": result.value if result else None, **said})
        if message.role == "assistant":
            messages.append({"role": "assistant", "content": message.content, "tool_calls": made})
    repaired: JsonValue = {"fault": one.fault, "by": one.repair} if one.fault and one.repair else None
    return {
        "text": one.text,
        "calls": calls,
        "messages": messages,
        "language": one.language,
        "repaired": repaired,
    }
