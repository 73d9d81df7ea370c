"""What a rater sees of a dialogue: plain lines of text, with no word of which model wrote it.

A line: {"who": "user" | "assistant", "text": …}, or a call with what the shop returned:
{"who": "call", "text": "search(query='shirt')", "items": [...], "total": 12, "error": None}.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from muse_core.evaluation.item_text import cut, item_text
from muse_core.records import read_tool_message
from muse_core.scoring.groundedness import has_facts
from muse_core.tools.call_syntax import render_call
from muse_core.tools.references import items_of, lexicalise
from muse_core.types import JsonValue, Language, Message, ToolCall, ToolResult
from muse_core.world.replay import picture_bytes

if TYPE_CHECKING:
    from muse_core.catalog.index import CatalogIndex

Line = dict[str, Any]
SHOWN_ITEMS = 5
LONGEST = 600  # characters of one text


def dialogue_lines(messages: Sequence[Message], language: Language, before: JsonValue = None) -> list[Line]:
    """The lines of some messages. `before` is the last result with products before them, which
    references in the first reply may point to."""
    return list(_lines(messages, language, before))


def _lines(messages: Sequence[Message], language: Language, shown: JsonValue) -> Iterator[Line]:
    results = {
        message.answers_call: read_tool_message(message) for message in messages if _is_result(message)
    }
    for message in messages:
        if message.role == "user":
            yield {"who": "user", "text": cut(message.content, LONGEST)}
        for call in message.tool_calls:
            result = results.get(call.call_id)
            yield call_line(call, result)
            shown = result.value if result is not None and has_facts(result.value) else shown
        if message.role == "assistant" and not message.tool_calls:
            yield {"who": "assistant", "text": cut(lexicalise(message.content, shown, language)[0], LONGEST)}


def last_shown(messages: Sequence[Message]) -> JsonValue:
    """The value of the last result that shows something."""
    values = [read_tool_message(message).value for message in messages if _is_result(message)]
    return next((value for value in reversed(values) if has_facts(value)), None)


def call_line(call: ToolCall, result: ToolResult | None) -> Line:
    """A call and the first products, the text, or the error that came back."""
    line: Line = {
        "who": "call",
        "text": cut(call_text(call), LONGEST),
        "items": [],
        "total": None,
        "error": None,
    }
    if result is None:
        return line
    if result.error is not None:
        return line | {"error": cut(result.error, LONGEST)}
    value = result.value if isinstance(result.value, dict) else {}
    items = items_of(value)
    total = None if "text" in value else value.get("total", len(items))
    return line | {"items": [cut(item_text(item), LONGEST) for item in items[:SHOWN_ITEMS]], "total": total}


def call_text(call: ToolCall) -> str:
    """`search(query='shirt')`; a call that cannot be written so, as it is."""
    try:
        return render_call(call)
    except ValueError:
        return f"{call.name} {call.arguments}"


def pictures(attachments: Mapping[str, str], index: CatalogIndex) -> tuple[tuple[str, str], ...]:
    """(picture id, data URI) of the pictures that the shopper sent and that can be shown."""
    found = picture_bytes(attachments, index)
    kinds = {name: _kind(data) for name, data in found.items()}
    return tuple(
        (name, f"data:image/{kind};base64,{base64.b64encode(found[name]).decode()}")
        for name, kind in kinds.items()
        if kind
    )


def _kind(data: bytes) -> str:
    return "png" if data.startswith(b"\x89PNG") else "jpeg" if data.startswith(b"\xff\xd8") else ""


def _is_result(message: Message) -> bool:
    return message.role == "tool"
