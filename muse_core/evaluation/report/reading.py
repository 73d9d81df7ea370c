"""Conversations to read: twenty of each language, drawn at random, as the shopper saw them. The test side
is left out: who reads it would tune to it.

The rows are chosen on the Arrow table, so that a table of fifty thousand conversations is not built as
objects for sixty. The draw depends on the table's digest alone: the same data show the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from muse_core.evaluation.item_text import cut, item_text
from muse_core.evaluation.report.figures import NAMES
from muse_core.profiles.system_line import parts_of
from muse_core.records import from_table, read_tool_message
from muse_core.scoring.groundedness import has_facts
from muse_core.tools.call_syntax import render_call
from muse_core.tools.references import items_of, lexicalise
from muse_core.types import LANGUAGES, Conversation, JsonValue, Language, Message, ToolResult

EACH = 20
ITEMS = 3  # of a result that are shown
TEXT = 400  # characters of a message that are shown


def draw(conversations: pa.Table, digest: str, each: int = EACH) -> list[Conversation]:
    """`each` conversations per language (all, where there are fewer), in the order of the table."""
    rng = np.random.default_rng(int(digest[:16], 16))
    known = list(zip(conversations["language"].to_pylist(), conversations["side"].to_pylist(), strict=True))
    chosen: list[int] = []
    for language in LANGUAGES:
        rows = [row for row, (spoken, side) in enumerate(known) if spoken == language and side != "test"]
        chosen += sorted(rows[place] for place in rng.permutation(len(rows))[:each].tolist())
    return from_table("conversations", conversations.take(pa.array(chosen, pa.int64())))


def shelves(conversations: Sequence[Conversation]) -> list[dict[str, Any]]:
    """Per language its name and its conversations, ready for the template."""
    found = []
    for language in LANGUAGES:
        talks = [_talk(one) for one in conversations if one.language == language]
        if talks:
            found.append({"title": NAMES[language], "talks": talks})
    return found


def _talk(one: Conversation) -> dict[str, Any]:
    first = next((message.content for message in one.messages if message.role == "user"), "")
    system = one.messages[0].content if one.messages and one.messages[0].role == "system" else ""
    return {
        "id": one.conversation_id,
        "side": one.side,
        "shopper": parts_of(system)[1],
        "first": cut(first, 90),
        "turns": len(one.labels),
        "lines": list(_lines(one)),
    }


def _lines(one: Conversation) -> Iterator[dict[str, Any]]:
    """One entry per message: who, and what is shown of it."""
    shown: JsonValue = None
    turn = 0
    for message in one.messages:
        if message.role == "user":
            label = one.labels[turn].turn_type.replace("_", " ") if turn < len(one.labels) else ""
            yield {"who": "user", "text": cut(message.content, TEXT), "label": label}
            turn += 1
        elif message.role == "tool":
            result = read_tool_message(message)
            shown = result.value if has_facts(result.value) else shown
            yield {"who": "tool", **_result(result)}
        elif message.role == "assistant":
            yield from _assistant(message, shown, one.language)


def _assistant(message: Message, shown: JsonValue, language: Language) -> Iterator[dict[str, Any]]:
    for call in message.tool_calls:
        yield {"who": "call", "text": cut(render_call(call), TEXT)}
    if message.content:
        text, faults = lexicalise(message.content, shown, language)
        yield {"who": "assistant", "text": cut(text, TEXT), "faults": faults}


def _result(result: ToolResult) -> dict[str, Any]:
    """At most `ITEMS` lines of a result and how many there are, or the error."""
    if result.error is not None:
        return {"error": cut(result.error, TEXT), "items": []}
    items = items_of(result.value)
    total = result.value.get("total", len(items)) if isinstance(result.value, dict) else len(items)
    return {
        "items": [cut(item_text(item), TEXT) for item in items[:ITEMS]],
        "total": total,
        "more": len(items) > ITEMS,
    }
