"""Does a product satisfy what the shopper asked for? The same reading of a limit as the tools have.

An unknown attribute does not satisfy a limit on it: a product without a price is not "under 2000".
"""

from __future__ import annotations

from collections.abc import Mapping

from muse_core.scoring.normal import comparable, normal_text, query_tokens, slot_name
from muse_core.types import JsonValue, Product

_WORD_SLOTS = ("category", "colour", "brand", "material", "occasion")


def satisfied(product: Product, constraints: Mapping[str, JsonValue]) -> bool:
    """Whether the product meets every constraint (argument names, canonical values; `query` and
    `product_type` name the kind of product). Keys that limit nothing are passed over."""
    return not unmet(product, constraints)


def unmet(product: Product, constraints: Mapping[str, JsonValue]) -> list[str]:
    """The names of the constraints that the product does not meet."""
    given = {
        slot_name(name): value for name, value in constraints.items() if comparable(name, value) is not None
    }
    return [name for name, value in given.items() if not _meets(product, name, value)]


def _meets(product: Product, name: str, value: JsonValue) -> bool:
    if name in ("query", "product_type"):
        return _is_kind(product, str(value))
    if name in ("min_price", "max_price", "min_rating"):
        return _within(product, name, comparable(name, value))
    if name == "size":
        return comparable("size", value) in {comparable("size", size) for size in product.sizes}
    if name == "gender":
        return product.gender in (comparable("gender", value), "unisex")
    if name == "colour":
        return any(_has_word(colour, name, value) for colour in product.colours)
    if name in _WORD_SLOTS:
        return _has_word(getattr(product, name), name, value)
    return True


def _is_kind(product: Product, noun: str) -> bool:
    """Every word of the noun phrase is in the product's type, title or category."""
    text = f"{product.product_type} {product.title} {product.category or ''}"
    return query_tokens(noun) <= query_tokens(text)


def _within(product: Product, name: str, limit: object) -> bool:
    value = product.rating if name == "min_rating" else product.price
    if value is None or not isinstance(limit, float):
        return False
    return value <= limit if name == "max_price" else value >= limit


def _has_word(known: str | None, name: str, value: JsonValue) -> bool:
    """Equal, or the wanted base word ends the known one: "navy blue" is a blue."""
    wanted, have = comparable(name, value), comparable(name, known)
    if not isinstance(wanted, str) or not isinstance(have, str):
        return False
    return wanted == have or (name == "colour" and normal_text(have).split()[-1] == wanted)
