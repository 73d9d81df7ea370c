"""A small test side: conversations of several turn types, and gold or spoilt predictions for them."""

from __future__ import annotations

from typing import Any

from muse_core import records
from muse_core.types import Conversation, Goal, Message, ToolCall, ToolResult, TurnLabel

ITEMS = {
    "items": [{"id": "p1", "title": "Blue Shirt", "price": 999}, {"id": "p2", "title": "Red Kurta"}],
    "total": 2,
}


def call_turn(
    turn: int, text: str, name: str, value: Any, reply: str, **arguments: Any
) -> tuple[Message, ...]:
    call = ToolCall(f"c{turn}.0", name, arguments)
    result = records.tool_message(ToolResult(call.call_id, value))
    return Message("user", text), Message("assistant", "", (call,)), result, Message("assistant", reply)


def conversation(number: int, side: str = "test", language: str = "en") -> Conversation:
    """Three turns: a search, a question for the size, a refusal."""
    turns = (
        *call_turn(
            0,
            f"shirts under {number}",
            "search",
            ITEMS,
            "Try [1] at [1:price].",
            query="shirt",
            max_price=number,
        ),
        Message("user", f"and shoes number {number}"),
        Message("assistant", "Which size do you wear?"),
        Message("user", f"who won match {number}"),
        Message("assistant", "Sorry, I only help with shopping."),
    )
    labels = (
        TurnLabel(
            0,
            "complete",
            f"complete/{language}/{number % 5}",
            "search",
            plans=(("search",),),
            position=len(f"shirts under {number}"),
        ),
        TurnLabel(1, "missing_slot", f"missing/{language}/{number % 3}", "none", missing_slot="size"),
        TurnLabel(2, "out_of_scope", f"scope/{language}/{number % 4}", "none"),
    )
    return Conversation(
        f"t{number}",
        f"u{number % 20}",
        language,
        (Message("system", "en"), *turns),
        Goal("buy"),
        side,
        labels,  # type: ignore[arg-type]
    )
