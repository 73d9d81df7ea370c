"""What a call returned, as the model reads it.

A result is shortened for the model: at most three items, `id | title | ₹price`, joined by ` ; `, and behind
them the other facts: `best [2]`, `in stock: yes`.
"""

from __future__ import annotations

from collections.abc import Mapping

from muse_core.language.prices import format_price
from muse_core.tools.call_syntax import escape_text
from muse_core.types import JsonValue

MAX_SHOWN_ITEMS = 3


def render_result(value: JsonValue, error: str | None = None) -> str:
    """The result as the model reads it, already escaped (do not escape it again)."""
    if error is not None:
        return escape_text(f"error: {error}")
    if not isinstance(value, dict):
        return "no items"
    if "text" in value and "items" not in value:
        return escape_text(str(value["text"]))
    items = value.get("items")
    if not isinstance(items, list) or not items:
        return "no items"
    shown = [_item_text(item) for item in items[:MAX_SHOWN_ITEMS] if isinstance(item, dict)]
    if value.get("best") is not None:
        shown.append(f"best [{value['best']}]")
    facts = value.get("facts")
    if isinstance(facts, dict):
        shown += [_cell(f"{name}: {fact}") for name, fact in facts.items()]
    return " ; ".join(shown)


def _item_text(item: Mapping[str, JsonValue]) -> str:
    price = item.get("price")
    currency = str(item.get("currency", "INR"))
    priced = format_price(float(price), currency) if isinstance(price, int | float) else "price unknown"
    return " | ".join(_cell(text) for text in (str(item.get("id")), str(item.get("title")), priced))


def _cell(text: str) -> str:
    """One cell: one line, without the two separators."""
    return escape_text(" ".join(text.split()).replace(" | ", " / ").replace(" ; ", ", "))
