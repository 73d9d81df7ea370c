"""What a call returned, as the model reads it.

A result is shortened for the model: at most three items, `id | title | ₹price`, joined by ` ; `, and behind
them the other facts: `best [2]`, `in stock: yes`. An item also tells what it was asked for by: the facets
that the call names, `p1 | title | ₹price | memory 16 gb`, and what a comparison goes by, `rating 4.2`.
"""

from __future__ import annotations

from collections.abc import Mapping

from muse_core.language.prices import format_price
from muse_core.tools.base import ITEM_FIELDS
from muse_core.tools.call_syntax import escape_text
from muse_core.types import JsonValue

MAX_SHOWN_ITEMS = 3
MAX_TOLD, MAX_FACT_CHARS = 6, 60  # facts beside title and price that an item tells, and of each of them


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
    by = _compared_by(value)
    shown = [_item_text(item, by) for item in items[:MAX_SHOWN_ITEMS] if isinstance(item, dict)]
    if value.get("best") is not None:
        shown.append(f"best [{value['best']}]")
    facts = value.get("facts")
    if isinstance(facts, dict):
        shown += [_cell(f"{name}: {fact}") for name, fact in facts.items()]
    return " ; ".join(shown)


def _compared_by(value: Mapping[str, JsonValue]) -> str:
    """The field by which a comparison goes; "" where the items tell it anyway, and for other results."""
    by = str(value["attribute"] or "rating") if "attribute" in value else ""
    return "" if by == "price" else by


def _item_text(item: Mapping[str, JsonValue], by: str) -> str:
    price = item.get("price")
    currency = str(item.get("currency", "INR"))
    priced = format_price(float(price), currency) if isinstance(price, int | float) else "price unknown"
    told = dict.fromkeys([*filter(None, [by]), *sorted(name for name in item if name not in ITEM_FIELDS)])
    asked = [f"{name.replace('_', ' ')} {_fact(item.get(name))}" for name in list(told)[:MAX_TOLD]]
    return " | ".join(_cell(text) for text in (str(item.get("id")), str(item.get("title")), priced, *asked))


def _fact(value: JsonValue) -> str:
    if value is None:
        return "unknown"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= MAX_FACT_CHARS else f"{text[: MAX_FACT_CHARS - 1]}…"


def _cell(text: str) -> str:
    """One cell: one line, without the two separators."""
    return escape_text(" ".join(text.split()).replace(" | ", " / ").replace(" ; ", ", "))
