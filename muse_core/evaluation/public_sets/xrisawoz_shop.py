"""The databases of X-RiSAWOZ as one shop, and its slots as arguments of this shop's tools.

What a slot is follows from what the catalogue's loader makes of its column: a field of ours, a facet, or
the product's noun. What a value is follows from the cell that says it.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product
from pathlib import Path
from typing import Any

from muse_core.catalog.facets import YES, number_of
from muse_core.catalog.load import LoadReport, load_catalog
from muse_core.language.parse import parse_request
from muse_core.records import Row
from muse_core.tools.shop_schema import ShopSchema, schema_of
from muse_core.types import Facet, JsonValue

# What a domain's products are called beside their kind; the first is what a search needs at least.
NOUNS: dict[str, tuple[str, ...]] = {
    "tv": ("tv show", "show", "tv series", "series", "tv drama", "drama", "tv"),
    "movie": ("movie", "film"),
    "pc": ("computer", "pc", "laptop", "desktop", "notebook"),
    "car": ("car", "vehicle"),
}
FIELDS = {"brand": "brand", "colour": "colour", "sizes": "size", "material": "material", "gender": "gender"}
IN_QUERY = ("product_type", "model", "title")
MAX_QUERIES = 60  # accepted ways to write one query
_TRUE = frozenset({"true", "yes"})
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
Said = Mapping[str, Sequence[str]]  # slot -> the ways in which its value is written


class XrisawozShop:
    """The shop of these databases ({domain: rows}); `spellings`: domain -> slot -> value -> other ways to
    say it."""

    def __init__(self, databases: Mapping[str, list[Row]], spellings: Mapping[str, Any]) -> None:
        self.rows = [row for rows in databases.values() for row in rows]
        self.sold = tuple(databases)
        self._spellings = spellings
        self._report = _loaded(self.rows)
        self._meaning = {column: name for name, column in self._report.columns.items()}
        by_name = {facet.name: facet for facet in self._report.catalog.facets}
        self._facets = {column: by_name[name] for name, column in self._report.facet_columns.items()}

    @property
    def schema(self) -> ShopSchema:
        return schema_of(self._report.catalog.facets)

    def names_product(self, slot: str) -> bool:
        """Whether the slot says which product, not what kind of."""
        return self._meaning.get(_column(slot)) in ("title", "model")

    def in_query(self, slot: str) -> bool:
        return self._meaning.get(_column(slot)) in IN_QUERY

    def arguments(self, domain: str, said: Said) -> tuple[Row, str]:
        """(accepted values by argument, without the query; the slot that no argument can say, or "")."""
        found: Row = {}
        for slot, values in said.items():
            if self.in_query(slot):
                continue
            one = self._argument(domain, slot, self._ways(domain, slot, values))
            if one is None:
                return {}, slot
            found |= one
        return found, ""

    def queries(self, domain: str, said: Said) -> tuple[list[JsonValue], list[JsonValue]]:
        """The accepted queries, and the brands that one of them may say instead of the argument."""
        parts = [self._ways(domain, slot, values) for slot, values in said.items() if self.in_query(slot)]
        nouns, brands = NOUNS[domain], self._report.catalog.brands()
        parts = [list(dict.fromkeys(_bare(way, nouns) for way in ways)) for ways in parts]
        named = [b for b in brands if any(way.startswith(f"{b.lower()} ") for ways in parts for way in ways)]
        parts = [[*ways, *(w.removeprefix(f"{b.lower()} ") for w in ways for b in named)] for ways in parts]
        return _written(parts, nouns), list(named)

    def _argument(self, domain: str, slot: str, ways: list[str]) -> Row | None:
        column = _column(slot)
        if column in ("pricerange", "price"):
            return next(filter(None, map(_price, ways)), None)
        meaning = self._meaning.get(column)
        if meaning in FIELDS:
            return {FIELDS[meaning]: list(ways)}
        facet = self._facets.get(column)
        values = None if facet is None else list(self._values(facet, column, ways))
        return {facet.name: values} if facet is not None and values else None

    def _values(self, facet: Facet, column: str, ways: list[str]) -> Iterator[JsonValue]:
        """What the shop's cells with these words say, and the words themselves."""
        cells = dict.fromkeys(value for way in ways for value in self._cells(facet, column, way))
        if facet.kind == "yes_no":
            yield from (value == YES for value in (*cells, *(YES for way in ways if way in _TRUE)))
        elif facet.kind == "number":
            said = [number[0] for value in cells if (number := number_of(value))]
            said = said or [float(found[0]) for way in ways if (found := _NUMBER.search(way))]
            yield from (int(one) if one.is_integer() else one for one in dict.fromkeys(said))
        else:
            yield from dict.fromkeys((*cells, *ways))

    def _cells(self, facet: Facet, column: str, way: str) -> Iterator[str]:
        for row, item in zip(self.rows, self._report.catalog.products, strict=True):
            if str(row.get(column, "")).lower() == way:
                yield from item.facets.get(facet.name, ())

    def _ways(self, domain: str, slot: str, values: Sequence[str]) -> list[str]:
        """The value as it was said, and as the database spells it."""
        known = self._spellings.get(domain, {}).get(slot, {})
        found = [value.strip().lower() for value in values]
        for spelled, others in known.items():
            said = {str(one).lower() for one in (others if isinstance(others, list) else [others])}
            if said & set(found):
                found.append(str(spelled).lower())
        return list(dict.fromkeys(found))


def _column(slot: str) -> str:
    return slot.replace(" ", "_")


def _loaded(rows: list[Row]) -> LoadReport:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shop.jsonl"
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
        return load_catalog(path)


def _price(way: str) -> Row | None:
    read = parse_request(f"{way} yuan")
    ends = {"min_price": read.min_price, "max_price": read.max_price}
    return {name: [value] for name, value in ends.items() if value is not None} or None


def _bare(way: str, nouns: Sequence[str]) -> str:
    """A kind without the noun behind it: "crime drama" -> "crime"."""
    for noun in sorted(nouns, key=len, reverse=True):
        for ending in (f" {noun}s", f" {noun}"):
            if way.endswith(ending):
                return way.removesuffix(ending)
    return way


def _written(parts: list[list[str]], nouns: Sequence[str]) -> list[JsonValue]:
    """Every choice of one way per part, alone and with a noun; the nouns where there is no part."""
    cores = [" ".join(core) for core in islice(product(*parts), MAX_QUERIES)] if parts else []
    with_noun = [f"{core} {noun}".strip() for core in cores or [""] for noun in nouns]
    return list(islice(dict.fromkeys([*cores, *with_noun]), MAX_QUERIES))
