"""Limits on the facets of a catalogue: each facet's values coded as numbers once, when it is first asked for.

A choice meets its value in any spelling, else as whole words of a longer one ("i5" meets "intel core i5"); a
number is met by any of the product's values; not yes is what is no or unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from muse_core.catalog.facets import YES, number_of
from muse_core.catalog.product import Catalog
from muse_core.catalog.words import stems
from muse_core.types import Facet

_REMEMBERED = 256  # phrases whose titles are kept
Column = Mapping[str, np.ndarray]  # value -> the rows that have it


class Titles:
    """The titles of a catalogue as words, cut when they are first asked for."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._rows: dict[str, np.ndarray] = {}

    @cached_property
    def _texts(self) -> list[str]:
        return [f" {' '.join(stems(product.title))} " for product in self._catalog]

    def naming(self, phrases: Iterable[str]) -> np.ndarray:
        """Rows whose title has all words of one of these, in a row."""
        named = np.zeros(len(self._catalog), dtype=bool)
        for phrase in phrases:
            if words := stems(phrase):
                named |= self._naming(f" {' '.join(words)} ")
        return named

    def _naming(self, words: str) -> np.ndarray:
        rows = self._rows.get(words)
        if rows is None:
            rows = np.array([words in title for title in self._texts], dtype=bool)
            if len(self._rows) >= _REMEMBERED:
                self._rows.pop(next(iter(self._rows)))
            self._rows[words] = rows
        return rows


class FacetLimits:
    """Which rows of one catalogue have a facet as it is asked for."""

    def __init__(self, catalog: Catalog, titles: Titles) -> None:
        self._catalog, self._titles = catalog, titles
        self._columns: dict[str, Column] = {}
        self._rules: dict[str, tuple[Facet, Callable[[Facet, Any], np.ndarray]]] | None = None

    def names(self) -> tuple[str, ...]:
        """The limits that this catalogue's facets take."""
        return tuple(self._arguments())

    def takes(self, name: str) -> bool:
        """Whether a limit is one on a facet of this catalogue."""
        return name in self._arguments()

    def mask(self, name: str, value: Any) -> np.ndarray:
        """Rows that meet one limit: a value, or a list of which any will do."""
        facet, rule = self._arguments()[name]
        return rule(facet, value)

    def _arguments(self) -> dict[str, tuple[Facet, Callable[[Facet, Any], np.ndarray]]]:
        if self._rules is None:
            self._rules = {}
            for facet in self._catalog.facets:
                if facet.kind == "yes_no":
                    self._rules[facet.name] = (facet, self._yes)
                elif facet.kind == "number":
                    self._rules[facet.name] = (facet, self._equal)
                    self._rules[f"min_{facet.name}"] = (facet, self._at_least)
                    self._rules[f"max_{facet.name}"] = (facet, self._at_most)
                else:
                    self._rules[facet.name] = (facet, self._chosen)
                    self._rules[f"not_{facet.name}"] = (facet, self._not_chosen)
        return self._rules

    # ---- rules ----

    def _yes(self, facet: Facet, value: Any) -> np.ndarray:
        yes = self._having(facet, (YES,))
        return yes if value else ~yes

    def _equal(self, facet: Facet, value: Any) -> np.ndarray:
        wanted = {float(one) for one in each(value)}
        return self._numbers(facet, lambda number: number in wanted)

    def _at_least(self, facet: Facet, value: Any) -> np.ndarray:
        return self._numbers(facet, lambda number: number >= float(value))

    def _at_most(self, facet: Facet, value: Any) -> np.ndarray:
        return self._numbers(facet, lambda number: number <= float(value))

    def _numbers(self, facet: Facet, meets: Callable[[float], bool]) -> np.ndarray:
        numbers = {value: number_of(value) for value in self._column(facet)}
        return self._having(facet, [value for value, found in numbers.items() if found and meets(found[0])])

    def _chosen(self, facet: Facet, value: Any) -> np.ndarray:
        return self._having(facet, matching(self._column(facet), each(value)))

    def _not_chosen(self, facet: Facet, value: Any) -> np.ndarray:
        return ~(self._chosen(facet, value) | self._titles.naming(map(str, each(value))))

    def _having(self, facet: Facet, values: Iterable[str]) -> np.ndarray:
        column, mask = self._column(facet), np.zeros(len(self._catalog), dtype=bool)
        for value in values:
            mask[column.get(value, ())] = True
        return mask

    def _column(self, facet: Facet) -> Column:
        if facet.name not in self._columns:
            rows: dict[str, list[int]] = {}
            for row, product in enumerate(self._catalog):
                for value in product.facets.get(facet.name, ()):
                    rows.setdefault(value, []).append(row)
            self._columns[facet.name] = {value: np.array(having) for value, having in rows.items()}
        return self._columns[facet.name]


def each(value: Any) -> Sequence[Any]:
    """The values of a limit: any of a list, or the one."""
    return value if isinstance(value, list | tuple) else (value,)


def matching(known: Iterable[str], asked: Iterable[Any]) -> list[str]:
    """The known values that any of the asked ones means: the same in another spelling, else longer ones
    that have all its words."""
    keys = {value: _words(value) for value in known}
    found: list[str] = []
    for one in asked:
        wanted = _words(str(one))
        same = [value for value, words in keys.items() if words == wanted]
        found += same or [value for value, words in keys.items() if wanted and set(wanted) <= set(words)]
    return found


@lru_cache(maxsize=65536)
def _words(value: str) -> tuple[str, ...]:
    return tuple(stems(value))
