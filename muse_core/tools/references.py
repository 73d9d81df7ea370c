"""From a delexicalised reply to what the shopper reads.

Replies are generated with references (docs/decisions.md#references): `[1]` is the title of the first item
of the last result, `[1:price]`, `[2:rating]`, `[1:brand]`, `[1:colour]`, `[1:material]`, `[1:size]` its
fields, `[1:memory]` a facet of the shop that was asked for; after a translation `[1]` is the translated text.
What cannot be filled in stays as written and counts as a fault.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from muse_core.catalog.facets import NO, YES
from muse_core.language import lexicon
from muse_core.language.prices import format_price
from muse_core.tools.base import ITEM_FIELDS
from muse_core.types import JsonValue, Language
from muse_core.wordings.words import words

FIELDS = ("title", "price", "rating", "brand", "colour", "material", "size")
REFERENCE = re.compile(r"\[(\d{1,2})(?::([a-z][a-z0-9_]*))?\]")


def items_of(value: JsonValue) -> list[Mapping[str, JsonValue]]:
    """The items that references point to: those of a product result, or the translated text as one."""
    if not isinstance(value, dict):
        return []
    items = value.get("items")
    if isinstance(items, list):
        return [item for item in items if isinstance(item, dict)]
    return [{"title": value["text"]}] if "text" in value else []


def last_shown(values: Sequence[JsonValue]) -> JsonValue:
    """What references point to: the last of some results that holds something; None without one."""
    return next((value for value in reversed(values) if items_of(value)), None)


@dataclass(frozen=True)
class Filled:
    """Where a reference stands in the lexicalised text: of which item (from 0) and field it is; an item of
    None could not be filled in and stands as it was written."""

    start: int
    end: int
    item: int | None
    field: str


def lexicalise(
    text: str, value: JsonValue | Sequence[Mapping[str, JsonValue]], language: Language
) -> tuple[str, int]:
    """(text with every reference filled in, number of faults). `value` is the value of the last
    result, or its items."""
    filled, places = fill_in(text, value, language)
    return filled, sum(place.item is None for place in places)


def fill_in(
    text: str, value: JsonValue | Sequence[Mapping[str, JsonValue]], language: Language
) -> tuple[str, list[Filled]]:
    """The same with the place of every reference."""
    items = list(value) if isinstance(value, list | tuple) else items_of(value)  # type: ignore[arg-type]
    places: list[Filled] = []
    parts: list[str] = []
    read = written = 0
    for match in REFERENCE.finditer(text):
        position, field = int(match.group(1)), match.group(2) or "title"
        said = _said(items, position, field, language)  # type: ignore[arg-type]
        parts += [text[read : match.start()], match.group() if said is None else said]
        start = written + match.start() - read
        written = start + len(parts[-1])
        places.append(Filled(start, written, None if said is None else position - 1, field))
        read = match.end()
    return "".join([*parts, text[read:]]), places


def references_in(text: str) -> list[tuple[int, str]]:
    """(position, field) of every reference, in order."""
    return [(int(match.group(1)), match.group(2) or "title") for match in REFERENCE.finditer(text)]


def _said(
    items: Sequence[Mapping[str, JsonValue]], position: int, field: str, language: Language
) -> str | None:
    """The words for one reference; None is a fault. Only an unknown price has words of its own."""
    if not 1 <= position <= len(items) or field in ITEM_FIELDS.difference(FIELDS):
        return None
    item = items[position - 1]
    found = item.get(field)
    if field == "price":
        return _price(found, str(item.get("currency", "INR")), language, is_product="id" in item)
    if found is None:
        return None
    if field == "rating" and isinstance(found, int | float):
        return f"{found:g}"
    if field in ("colour", "material") and language == "hi":
        return lexicon.surfaces(field, str(found), "hi")[0]
    if field not in FIELDS and found in (YES, NO):
        return str(words("unknown_values")[str(found)][language])
    return str(found)


def _price(found: JsonValue, currency: str, language: Language, is_product: bool) -> str | None:
    if isinstance(found, int | float) and not isinstance(found, bool):
        return format_price(float(found), currency)
    return str(words("unknown_values")["price"][language]) if is_product else None
