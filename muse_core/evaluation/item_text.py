"""One item of a result as a line of text, for people who read dialogues (report, rating pages)."""

from __future__ import annotations

from collections.abc import Mapping

from muse_core.language.prices import format_price
from muse_core.types import JsonValue


def item_text(item: Mapping[str, JsonValue]) -> str:
    """`Blue Shirt · ₹999 · 4.2 ★`; what the item does not have is left out."""
    price, rating = item.get("price"), item.get("rating")
    parts = [str(item.get("title", ""))]
    if isinstance(price, int | float):
        parts.append(format_price(float(price), str(item.get("currency", "INR"))))
    if isinstance(rating, int | float):
        parts.append(f"{rating:g} ★")
    return " · ".join(parts)


def cut(text: str, most: int) -> str:
    """At most `most` characters, the last an ellipsis where something is missing."""
    return text if len(text) <= most else text[: most - 1] + "…"
