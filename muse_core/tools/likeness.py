"""Which products are like another one, and in what order (`recommend(like=2)`).

Products of its type come first, then those of its kind (a "gaming laptop" for a "laptop"), then those that
share most values of fields and facets, then those nearest in price; equal ones stay in the order given, the
best rated first. Other kinds are alike only to what is the only one of its kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import numpy as np

from muse_core.catalog.facets import YES, number_of
from muse_core.errors import ToolError
from muse_core.tools.base import ShopWorld
from muse_core.types import Facet, Product

Than = Literal["cheaper", "costlier", "better_rated"]

_FIELDS = ("category", "brand", "gender", "material", "occasion")  # and colour


def kinship(product_type: str, other: str) -> int:
    """2 for the same type, 1 for another of the same noun, 0 for another kind."""
    return 2 if other == product_type else int(other.split()[-1:] == product_type.split()[-1:])


def differing(item: Product, than: Than | None, price: np.ndarray, stars: np.ndarray) -> np.ndarray:
    """Rows that differ from the item as is asked. ToolError where the item has nothing to compare with.
    `price`, `stars`: of every row, NaN where unknown, which is neither cheaper nor better."""
    if than is None:
        return np.ones(len(price), dtype=bool)
    known = item.rating if than == "better_rated" else item.price
    if known is None:
        what = "rating" if than == "better_rated" else "price"
        raise ToolError(f"the {what} of {item.title} is unknown; leave out than={than!r}")
    if than == "better_rated":
        return stars > known
    return price < known if than == "cheaper" else price > known


def most_alike(
    rows: np.ndarray, item: Product, kin: np.ndarray, price: np.ndarray, world: ShopWorld
) -> np.ndarray:
    """The rows, most alike first. `kin`: `kinship` of every row."""
    shared = np.zeros(len(price), dtype=np.int32)
    for one in _values(item, world.catalog.facets):
        shared += world.index.within(one)
    near = np.zeros(len(price)) if item.price is None else np.abs(price - item.price)  # NaN sorts last
    return rows[np.lexsort((near[rows], -shared[rows], -kin[rows]))]


def _values(item: Product, facets: tuple[Facet, ...]) -> Iterator[Mapping[str, Any]]:
    """What the item is, each field and facet as a limit that products of the same value are within."""
    for name in _FIELDS:
        if value := getattr(item, name):
            yield {name: value}
    if item.colours:
        yield {"colour": list(item.colours)}
    for facet in facets:
        values = item.facets.get(facet.name, ())
        if facet.kind == "number":
            yield from ({facet.name: found[0]} for value in values[:1] if (found := number_of(value)))
        elif facet.kind == "choice" and values:
            yield {facet.name: list(values)}
        elif values == (YES,):  # to lack something is no likeness
            yield {facet.name: True}
