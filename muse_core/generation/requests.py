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
what stands in its place. How messages are read, pictures among them: `request_messages.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from muse_core.catalog.index import CatalogIndex
from muse_core.errors import ConfigError
from muse_core.generation.answer import Answered, answer
from muse_core.generation.assistant import TurnRequest
from muse_core.generation.request_messages import ConversationReader, Unreadable, is_missing, shown
from muse_core.models.loading import LoadedModel
from muse_core.profiles.system_line import language_of, system_content, system_line
from muse_core.records import read_tool_message
from muse_core.tools.base import new_world
from muse_core.types import JsonValue, Message

MAX_PROFILE = 200
EXPECTED = 'expected {"utterance": TEXT} or {"messages": [{"role": "user", "content": TEXT}, …]}'


def answer_json(loaded: LoadedModel, index: CatalogIndex, given: Any) -> list[dict[str, JsonValue]]:
    """The answer to each request, in order; ConfigError that lists every request that cannot be read."""
    turns, problems = [], []
    for number, request in enumerate(requests_of(given), start=1):
        try:
            turns.append(turn_of(request, index))
        except Unreadable as problem:
            problems.append(f"request {number}: {problem}")
    if problems:
        raise ConfigError("nothing was answered; correct these requests:", problems)
    return [as_json(one) for one in answer(loaded, turns)]


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
    raise ConfigError(f"found {shown(given)}, expected a request or a list of them; {EXPECTED}")


def turn_of(request: Any, index: CatalogIndex, runs_tools: bool = True) -> TurnRequest:
    """The turn that a request asks for, in a world as its earlier calls have left it; with tools that the
    client runs, behind the results that it has sent. Unreadable says what is wrong."""
    row = {"utterance": request} if isinstance(request, str) else request
    if not isinstance(row, Mapping):
        raise Unreadable(f"found {shown(row)}; {EXPECTED}")
    row = {str(key): plain for key, value in row.items() if not is_missing(plain := _plain(value))}
    world = new_world(index)
    read = ConversationReader(world, runs_tools)
    spoken = list(read.messages(_given_messages(row, ("user",) if runs_tools else ("user", "tool"))))
    line = system_content(index.catalog.facets, system_line(language_of(spoken), _profile(row)))
    context = (Message("system", line), *spoken)
    return TurnRequest(context, world, read.turn, calls=read.step, runs_tools=runs_tools)


def _plain(value: Any) -> Any:
    """Without numpy, in which a scoring server may have put it."""
    return value.tolist() if hasattr(value, "tolist") else value


def _given_messages(row: Mapping[str, Any], last_roles: Sequence[str]) -> Sequence[Any]:
    """The messages of a request, of which the last has one of `last_roles`."""
    if "utterance" in row and "messages" in row:
        raise Unreadable(f"found both an utterance and messages; {EXPECTED}")
    if "role" in row and "content" in row:
        raise Unreadable('found a message, expected a request; wrap the list: {"messages": [ … ]}')
    if "messages" not in row and "utterance" not in row:
        raise Unreadable(f"found the keys {', '.join(sorted(row)) or 'none'}; {EXPECTED}")
    given = row.get("messages", [{"role": "user", "content": row.get("utterance")}])
    if not isinstance(given, Sequence) or isinstance(given, str | bytes) or not given:
        raise Unreadable(f"messages: found {shown(given)}, expected a list of at least one; {EXPECTED}")
    if not isinstance(given[-1], Mapping) or given[-1].get("role") not in last_roles:
        last = given[-1].get("role") if isinstance(given[-1], Mapping) else shown(given[-1])
        raise Unreadable(f"messages: the last one is of {last!r}; end with what the user says")
    return given


def _profile(row: Mapping[str, Any]) -> str:
    found = row.get("profile", "")
    if not isinstance(found, str) or len(found) > MAX_PROFILE or "\n" in found:
        raise Unreadable(
            f"profile: found {shown(found)}, expected one line about the shopper of at most {MAX_PROFILE} "
            "characters, like 'women | 25-34 | 500-2000 | casual'"
        )
    return found.strip()


def as_json(one: Answered) -> dict[str, JsonValue]:
    """What was answered, and the messages that go behind those of the request for the next turn."""
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
