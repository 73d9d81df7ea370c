"""Valid objects with defaults: a test states only what it is about."""

from __future__ import annotations

from typing import Any

from muse_core import records
from muse_core.types import (
    AugmentedText,
    Conversation,
    Goal,
    Message,
    PlacedCall,
    PreferencePair,
    Product,
    Profile,
    ToolCall,
    ToolResult,
    TurnLabel,
)


def product(**changes: Any) -> Product:
    values: dict[str, Any] = {
        "product_id": "p1", "title": "Aravali Men Blue Cotton Casual Shirt", "product_type": "shirt",
        "category": "fashion", "brand": "Aravali", "colour": "blue", "gender": "men", "sizes": ("M", "L"),
        "material": "cotton", "occasion": "casual", "price": 999.0, "rating": 4.1,
    }  # fmt: skip
    return Product(**values | changes)


def profile(**changes: Any) -> Profile:
    values: dict[str, Any] = {
        "profile_id": "u1", "side": "train", "language": "mixed", "name": "Asha", "gender": "women",
        "age_group": "25-34", "city": "Pune", "formality": "casual", "style": "casual",
        "budget_min": 500.0, "budget_max": 2000.0, "occasions": ("office",), "size": "M",
    }  # fmt: skip
    return Profile(**values | changes)


def search_turn(
    utterance: str = "show me shirts under 2000",
    reply: str = "Try [1] at [1:price].",
    turn: int = 0,
    **arguments: Any,
) -> tuple[Message, ...]:
    call = ToolCall(f"c{turn}.0", "search", {"query": "shirt", "max_price": 2000} | arguments)
    items = [{"id": "p1", "title": "Aravali Men Blue Cotton Casual Shirt", "price": 999}]
    result = ToolResult(call.call_id, {"items": items, "total": 1})
    return (
        Message("user", utterance),
        Message("assistant", "", (call,)),
        records.tool_message(result),
        Message("assistant", reply),
    )


def conversation(**changes: Any) -> Conversation:
    label = TurnLabel(0, "complete", "complete/en/plain", "search", plans=(("search",),), position=25)
    values: dict[str, Any] = {
        "conversation_id": "c1", "profile_id": "u1", "language": "en",
        "messages": (Message("system", "en | women | 25-34"), *search_turn()),
        "goal": Goal("buy", {"product_type": "shirt", "max_price": 2000}, {}, ("p1",)), "labels": (label,),
    }  # fmt: skip
    return Conversation(**values | changes)


def augmented(**changes: Any) -> AugmentedText:
    text = "show me shirts under 2000"
    call = PlacedCall(
        "search", {"query": "shirt", "max_price": 2000}, len(text), 1.5, {"items": [], "total": 0}
    )
    values: dict[str, Any] = {
        "row_id": "c1.0.0", "conversation_id": "c1", "turn": 0, "act": 0, "side": "train", "language": "en",
        "original_text": text, "tool_calls": (call,), "quality_score": 0.8, "kept": True,
        "augmented_text": f"{text} <tool>search(query='shirt', max_price=2000)</tool>",
        "continuation": "Try Aravali Men Blue Cotton Casual Shirt.",
    }  # fmt: skip
    return AugmentedText(**values | changes)


def pair(**changes: Any) -> PreferencePair:
    user, *chosen = search_turn()
    values: dict[str, Any] = {
        "pair_id": "c1.0.0", "conversation_id": "c1", "turn": 0, "side": "train", "language": "en",
        "prompt": (Message("system", "en | women | 25-34"), user), "chosen": tuple(chosen),
        "rejected": (Message("assistant", "Hello! How can I help?"),),
        "chosen_score": 4.2, "rejected_score": 2.8, "strength": 0.802, "kind": "on_policy",
        "evidence": {"chosen_reasoning": "right tool", "rejected_reasoning": "no call"},
    }  # fmt: skip
    return PreferencePair(**values | changes)
