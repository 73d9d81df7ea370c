"""The databases of X-RiSAWOZ as one shop: its slots and values as arguments and queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice, product
from typing import Any

from muse_core.evaluation.public_sets.set_shop import IN_QUERY, SetShop
from muse_core.language.parse import parse_request
from muse_core.records import Row
from muse_core.types import JsonValue

# What a domain's products are called beside their kind; the first is what a search needs at least.
NOUNS: dict[str, tuple[str, ...]] = {
    "tv": ("tv show", "show", "tv series", "series", "tv drama", "drama", "tv"),
    "movie": ("movie", "film"),
    "pc": ("computer", "pc", "laptop", "desktop", "notebook"),
    "car": ("car", "vehicle"),
}
PRICES = ("pricerange", "price")
MAX_QUERIES = 60  # accepted ways to write one query
Said = Mapping[str, Sequence[str]]  # slot -> the ways in which its value is written


class XrisawozShop(SetShop):
    """The shop of these databases ({domain: rows}); `spellings`: domain -> slot -> value -> other ways to
    say it."""

    def __init__(self, databases: Mapping[str, list[Row]], spellings: Mapping[str, Any]) -> None:
        super().__init__([row for rows in databases.values() for row in rows])
        self.sold = tuple(databases)
        self._spellings = spellings

    def names_product(self, slot: str) -> bool:
        """Whether the slot says which product, not what kind of."""
        return self.meaning(_column(slot)) in ("title", "model")

    def in_query(self, slot: str) -> bool:
        return self.meaning(_column(slot)) in IN_QUERY

    def arguments(self, domain: str, said: Said) -> tuple[Row, str]:
        """(accepted values by argument, without the query; the slot that no argument can say, or "")."""
        found: Row = {}
        for slot, values in said.items():
            if self.in_query(slot):
                continue
            column, ways = _column(slot), self._ways(domain, slot, values)
            one = _price(ways) if column in PRICES else self.argument(column, ways)
            if one is None:
                return {}, slot
            found |= one
        return found, ""

    def queries(self, domain: str, said: Said) -> tuple[list[JsonValue], list[JsonValue]]:
        """The accepted queries, and the brands that one of them may say instead of the argument."""
        parts = [self._ways(domain, slot, values) for slot, values in said.items() if self.in_query(slot)]
        nouns, brands = NOUNS[domain], self.brands()
        parts = [list(dict.fromkeys(_bare(way, nouns) for way in ways)) for ways in parts]
        named = [b for b in brands if any(way.startswith(f"{b.lower()} ") for ways in parts for way in ways)]
        parts = [[*ways, *(w.removeprefix(f"{b.lower()} ") for w in ways for b in named)] for ways in parts]
        return _written(parts, nouns), list(named)

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


def _price(ways: Sequence[str]) -> Row | None:
    """The limits of the first way that states any."""
    for way in ways:
        read = parse_request(f"{way} yuan")
        ends = {"min_price": read.min_price, "max_price": read.max_price}
        if found := {name: [value] for name, value in ends.items() if value is not None}:
            return found
    return None


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
