"""Whether one product meets a limit, as the index reads it for a whole catalogue."""

from __future__ import annotations

from collections.abc import Iterable

from muse_core.catalog.facet_limits import Titles, each, matching
from muse_core.catalog.facets import YES, number_of
from muse_core.catalog.limits import Limits
from muse_core.catalog.product import Catalog
from muse_core.types import JsonValue, Product


def meets_exclusion(product: Product, name: str, value: JsonValue) -> bool:
    """`not_colour` and the like of our own fields: neither product nor title says an unwanted value."""
    return bool(Limits(Catalog((product,))).mask({name: value})[0])


def meets_facet(product: Product, facet: str, prefix: str, value: JsonValue) -> bool:
    """A limit on a facet, of which the product may have several values or none. `prefix`: "", `not_`, `min_`
    or `max_`. What kind of facet it is follows from the value."""
    known = product.facets.get(facet, ())
    if prefix == "not_":
        return not (_is_named(product, map(str, each(value))) or matching(known, each(value)))
    if isinstance(value, bool):
        return (YES in known) is value
    if isinstance(value, int | float):
        numbers = [found[0] for one in known if (found := number_of(one))]
        return any(_fits(prefix, number, value) for number in numbers)
    return not prefix and bool(matching(known, each(value)))


def _is_named(product: Product, values: Iterable[str]) -> bool:
    return bool(Titles(Catalog((product,))).naming(values)[0])


def _fits(prefix: str, number: float, limit: float) -> bool:
    if prefix == "min_":
        return number >= limit
    return number <= limit if prefix == "max_" else number == limit
