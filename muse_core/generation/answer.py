"""One shopper's turn from plain JSON to plain JSON: what a served model does.

    {"utterance": "red shirts under 1500"}
    {"messages": [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}, …]}

    -> {"text": "Try … at ₹999.", "calls": [{"name", "arguments", "result" | "error"}], "messages": […]}

`messages` of the answer can be put behind those of the request for the next turn: calls that the
conversation holds are run again, so that "the cheapest of these" finds the same products. Not covered:
profiles and pictures; a served request is from an unknown shopper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from muse_core.catalog.index import CatalogIndex
from muse_core.errors import ConfigError
from muse_core.generation.assistant import TurnOutcome, TurnRequest, respond
from muse_core.generation.decode import Sampling
from muse_core.language.scripts import detect_language
from muse_core.models.loading import LoadedModel
from muse_core.records import read_tool_message, tool_message
from muse_core.tools.base import ShopWorld, new_world
from muse_core.tools.references import items_of, lexicalise
from muse_core.tools.toolbox import Toolbox
from muse_core.types import JsonValue, Message, ToolCall

SAMPLING = Sampling(temperature=0.0)


def answer(
    loaded: LoadedModel, index: CatalogIndex, requests: Sequence[Mapping[str, Any]]
) -> list[dict[str, JsonValue]]:
    """The assistant's turn for each request, in order."""
    turns = [_turn_request(request, index) for request in requests]
    outcomes = respond(loaded, turns, SAMPLING)
    return [_as_json(turn, outcome) for turn, outcome in zip(turns, outcomes, strict=True)]


def _turn_request(request: Mapping[str, Any], index: CatalogIndex) -> TurnRequest:
    given = request.get("messages")
    spoken = list(given) if given is not None else [{"role": "user", "content": request.get("utterance")}]
    if not spoken or spoken[-1].get("role") != "user" or not spoken[-1].get("content"):
        raise ConfigError(
            "a request needs an `utterance`, or `messages` whose last one is the user's; "
            f"found the keys {', '.join(sorted(request)) or 'none'}"
        )
    world = new_world(index)
    context = [Message("system", ""), *_read_messages(spoken, world)]
    users = sum(message.role == "user" for message in context)
    return TurnRequest(tuple(context), world, users - 1)


def _read_messages(spoken: Sequence[Mapping[str, Any]], world: ShopWorld) -> list[Message]:
    """The conversation so far; calls are run again, given results are not trusted."""
    toolbox, read, turn = Toolbox(world), [], -1
    for message in spoken:
        role, content = message.get("role"), str(message.get("content") or "")
        turn += role == "user"
        if role == "user" or (role == "assistant" and not message.get("tool_calls")):
            read.append(Message(role, content))
        elif role == "assistant":
            calls = tuple(
                ToolCall(f"c{turn}.{position}", str(call["name"]), dict(call.get("arguments") or {}))
                for position, call in enumerate(message["tool_calls"])
            )
            read += [Message("assistant", "", calls), *(tool_message(toolbox.run(call)) for call in calls)]
    return read


def _as_json(turn: TurnRequest, outcome: TurnOutcome) -> dict[str, JsonValue]:
    results = {m.answers_call: read_tool_message(m) for m in outcome.messages if m.role == "tool"}
    calls: list[JsonValue] = []
    messages: list[JsonValue] = []
    for message in outcome.messages:
        made: list[JsonValue] = [
            {"name": call.name, "arguments": call.arguments} for call in message.tool_calls
        ]
        for call, shown in zip(message.tool_calls, made, strict=True):
            result = results.get(call.call_id)
            said: dict[str, JsonValue] = {"error": result.error} if result and result.error else {}
            calls.append({**shown, "result": result.value if result else None, **said})  # type: ignore[dict-item]
        if message.role == "assistant":
            messages.append({"role": "assistant", "content": message.content, "tool_calls": made})
    return {"text": _spoken_text(turn, outcome), "calls": calls, "messages": messages}


def _spoken_text(turn: TurnRequest, outcome: TurnOutcome) -> str:
    """The reply as the shopper reads it: references filled from the last result that has something."""
    replies = [m.content for m in outcome.messages if m.role == "assistant" and not m.tool_calls]
    values = [read_tool_message(m).value for m in (*turn.context, *outcome.messages) if m.role == "tool"]
    shown = next((value for value in reversed(values) if items_of(value)), None)
    return lexicalise(replies[-1] if replies else "", shown, detect_language(turn.context[-1].content))[0]
