"""Does a product satisfy what the shopper asked for? The same reading of a limit as the tools have.

An unknown attribute does not satisfy a limit on it: a product without a price is not "under 2000". What is
unknown is not what it must not be, unless the title says so. Facets are the product's own (`Product.facets`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from muse_core.catalog.facet_limits import each, matching
from muse_core.catalog.facets import YES, number_of
from muse_core.scoring.normal import comparable, normal_text, query_tokens, slot_name
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
    if name.startswith("not_") and name not in facets:
        return not _is_unwanted(product, name.removeprefix("not_"), value, facets)
    if name in facets:
        return _has_facet(product.facets.get(name, ()), value)
    if name.startswith(("min_", "max_")) and name[4:] in facets:
        return _is_within(product.facets.get(name[4:], ()), name[:3], value)
    return any(_meets_field(product, name, one) for one in each(value))


def _is_unwanted(product: Product, slot: str, value: JsonValue, facets: Collection[str]) -> bool:
    """Whether the product is what it must not be, by its field or facet or by its title."""
    title = f" {normal_text(product.title)} "
    is_named = any(f" {normal_text(str(one))} " in title for one in each(value))
    return is_named or any(_meets(product, slot, one, facets) for one in each(value))


def _has_facet(known: Sequence[str], value: JsonValue) -> bool:
    """Any of a product's values is what is asked for; what is not known to be so is not."""
    if isinstance(value, bool):
        return value == (YES in known)
    wanted = {float(one) for one in each(value) if isinstance(one, int | float)}
    is_number = any(found is not None and found[0] in wanted for found in map(number_of, known))
    return is_number or bool(matching(known, [one for one in each(value) if isinstance(one, str)]))


def _is_within(known: Sequence[str], bound: str, value: JsonValue) -> bool:
    """Any of a product's numbers is at the limit or on its right side."""
    if not isinstance(value, int | float):
        return False
    numbers = [found[0] for one in known if (found := number_of(one)) is not None]
    return any(number >= value if bound == "min" else number <= value for number in numbers)


def _meets_field(product: Product, name: str, value: JsonValue) -> bool:
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
