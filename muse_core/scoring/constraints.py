"""Does a product satisfy what the shopper asked for? The same reading of a limit as the tools have.

An unknown attribute does not satisfy a limit on it: a product without a price is not "under 2000". What must
not be (`not_colour`) is satisfied by what is unknown. Of a list any value will do.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from muse_core.catalog.facet_limits import each
from muse_core.catalog.limits import LIMIT_NAMES
from muse_core.catalog.meeting import meets_exclusion, meets_facet
from muse_core.scoring.normal import comparable, normal_text, query_tokens, slot_name
from muse_core.tools.base import facet_of
from muse_core.types import JsonValue, Product

_WORD_SLOTS = ("category", "colour", "brand", "material", "occasion")


def satisfied(product: Product, constraints: Mapping[str, JsonValue], facets: Collection[str] = ()) -> bool:
    """Whether the product meets every constraint (argument names, canonical values; `query` and
    `product_type` name the kind of product). `facets`: the shop's, which a product may lack. Keys that limit
    nothing are passed over."""
    return not unmet(product, constraints, facets)


def unmet(product: Product, constraints: Mapping[str, JsonValue], facets: Collection[str] = ()) -> list[str]:
    """The names of the constraints that the product does not meet."""
    given = {
        slot_name(name): value for name, value in constraints.items() if comparable(name, value) is not None
    }
    known = {*facets, *product.facets}
    return [name for name, value in given.items() if not _meets(product, name, value, known)]


def _meets(product: Product, name: str, value: JsonValue, facets: Collection[str]) -> bool:
    if name in ("query", "product_type"):
        return _is_kind(product, str(value))
    if name in ("min_price", "max_price", "min_rating"):
        return _within(product, name, comparable(name, value))
    if name in ("size", "gender", *_WORD_SLOTS):
        return any(_is(product, name, one) for one in each(value))
    if name in LIMIT_NAMES:
        return meets_exclusion(product, name, value)
    facet = name if name in facets else facet_of(name)
    return facet not in facets or meets_facet(product, facet, name.removesuffix(facet), value)


def _is(product: Product, name: str, value: JsonValue) -> bool:
    """Whether the product is, or comes in, one value."""
    if name == "size":
        return comparable("size", value) in {comparable("size", size) for size in product.sizes}
    if name == "gender":
        return product.gender in (comparable("gender", value), "unisex")
    if name == "colour":
        return any(_has_word(colour, name, value) for colour in product.colours)
    return _has_word(getattr(product, name), name, value)


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
