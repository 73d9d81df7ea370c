"""What a reply says of the facets that its results tell: "16 gb", "16 जीबी", "5 seater", "intel core i5".

Looked for are numbers with a unit of a facet in the results (in any script), counts beside their own word,
and the choices of these facets: those in the results, and all of the shop's where its facets are given.
Facets that no result tells are not looked for, nor is yes and no in words ("it has a touchscreen").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from muse_core.catalog.facets import NO, YES, number_of, number_text
from muse_core.language.units import COUNT, Quantity, converted, dimension_of, find_quantities
from muse_core.tools.base import ITEM_FIELDS
from muse_core.types import Facet, JsonValue

Item = Mapping[str, JsonValue]


def told_facets(items: Iterable[Item]) -> dict[str, dict[str, None]]:
    """The facets that the items tell, each with its values."""
    told: dict[str, dict[str, None]] = {}
    for item in items:
        for name in item.keys() - ITEM_FIELDS:
            told.setdefault(name, {}).update(dict.fromkeys(values_of(item, name)))
    return told


def values_of(item: Item, name: str) -> list[str]:
    """The values of a facet as an item tells them."""
    return str(item[name]).split(", ") if item.get(name) is not None else []


def choices_in(text: str, items: Sequence[Item], facets: Sequence[Facet]) -> Iterator[tuple[int, int, str]]:
    """(start, end, value) of every choice of a told facet, the longest first where one holds another."""
    told = told_facets(items)
    for facet in facets:
        if facet.kind == "choice" and facet.name in told:
            told[facet.name].update(dict.fromkeys(facet.values))
    values = {value.lower(): value for known in told.values() for value in known}
    words = tuple(sorted(value for value in values if number_of(value) is None and value not in (YES, NO)))
    if words:
        for match in _any_of(words).finditer(text):
            yield match.start(), match.end(), " ".join(re.split(r"[\s-]+", match.group().lower()))


@lru_cache(maxsize=64)
def _any_of(words: tuple[str, ...]) -> re.Pattern[str]:
    longest = sorted(words, key=len, reverse=True)
    said = "|".join(r"[\s-]+".join(map(re.escape, re.split(r"[\s-]+", value))) for value in longest)
    return re.compile(rf"(?<!\w)(?:{said})(?!\w)", re.IGNORECASE)


def quantities_in(text: str, items: Sequence[Item]) -> Iterator[tuple[int, int, str]]:
    """(start, end, value as in a facet) of every number with a unit that a told facet has."""
    measures = {(name, unit) for item in items for name, _, unit in _numbers(item)}
    if not measures:
        return
    for said in find_quantities(text):
        if any(_measures(said, name, unit) for name, unit in measures):
            yield said.start, said.end, number_text(said.value, said.unit)


def has_quantity(item: Item, value: str) -> bool:
    """Whether one of the item's facets, or its title, says the number with its unit."""
    said = next(iter(find_quantities(value)), None)
    if said is None:
        return False
    told = [(number, unit) for name, number, unit in _numbers(item) if _measures(said, name, unit)]
    titled = [(one.value, one.unit) for one in find_quantities(str(item.get("title", "")))]
    return any(
        (converted(said.value, said.unit, unit) if unit else said.value) == number
        for number, unit in (*told, *titled)
    )


def _numbers(item: Item) -> Iterator[tuple[str, float, str]]:
    """(facet, number, unit) of an item."""
    for name in item.keys() - ITEM_FIELDS:
        yield from ((name, *found) for one in values_of(item, name) if (found := number_of(one)))


def _measures(said: Quantity, name: str, unit: str) -> bool:
    """Whether a facet may be what a number is said of: of the same measure, or counts what is counted."""
    if not unit:
        return dimension_of(said.unit) == COUNT and said.unit in name
    return converted(1.0, said.unit, unit) is not None
