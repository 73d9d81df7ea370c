"""Structured limits over the columns of a catalogue, and its order by price or rating.

Words are compared without regard to case, and as the lexicon knows them; of a list any will do. `not_colour`
leaves out what is that or is named so in its title, and keeps what is unknown. An unknown price or rating is
within no limit, and last in every order. Limits on facets are `facet_limits.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from muse_core.catalog import cells
from muse_core.catalog.facet_limits import FacetLimits, Titles, each
from muse_core.catalog.product import Catalog
from muse_core.language import lexicon

SORT_ORDERS = ("price_low", "price_high", "rating")
LIMIT_NAMES = (
    "category", "colour", "brand", "gender", "size", "material", "occasion",
    "not_colour", "not_brand", "not_material", "not_occasion", "min_price", "max_price", "min_rating",
)  # fmt: skip
_WORDS = ("category", "colour", "brand", "gender", "material", "occasion")
_NOT = "not_"


class Limits:
    """Which rows of one catalogue are within what is asked for."""

    def __init__(self, catalog: Catalog) -> None:
        self._count = len(catalog)
        self._columns = {name: _Words(getattr(product, name) for product in catalog) for name in _WORDS}
        self._sizes = _rows_having([product.sizes for product in catalog], _size_key)
        self._further_colours = _rows_having([product.colours[1:] for product in catalog], _fold)
        self._price = _numbers(product.price for product in catalog)
        self._rating = _numbers(product.rating for product in catalog)
        self._catalog, self._titles = catalog, Titles(catalog)
        self._facets = FacetLimits(catalog, self._titles)

    def mask(self, limits: Mapping[str, Any]) -> np.ndarray:
        """Rows within every limit; an unknown price or rating is within none. None means "not given"."""
        mask = np.ones(self._count, dtype=bool)
        for name, value in limits.items():
            if value is not None:
                mask &= self._rows(name, value)
        return mask

    def _rows(self, name: str, value: Any) -> np.ndarray:
        """Rows within one limit."""
        if name in _WORDS or name == "size":
            return self._any_of(name, value)
        if name == "min_price":
            return self._price >= float(value)
        if name == "max_price":
            return self._price <= float(value)
        if name == "min_rating":
            return self._rating >= float(value)
        if name in LIMIT_NAMES:
            return ~self._said_so(name.removeprefix(_NOT), value)
        if self._facets.takes(name):
            return self._facets.mask(name, value)
        known = ", ".join((*LIMIT_NAMES, *self._facets.names()))
        raise ValueError(f"unknown limit {name!r}; the limits are {known}")

    def _any_of(self, name: str, value: Any) -> np.ndarray:
        rows = np.zeros(self._count, dtype=bool)
        for one in each(value):
            rows |= self._size_rows(str(one)) if name == "size" else self._word_rows(name, str(one))
        return rows

    def _size_rows(self, value: str) -> np.ndarray:
        return self._sizes.get(_size_key(value), np.zeros(self._count, dtype=bool))

    def _said_so(self, name: str, value: Any) -> np.ndarray:
        """Rows that are what must not be, by their field or by their title."""
        return self._any_of(name, value) | self._named(name, [str(one) for one in each(value)])

    def _named(self, name: str, values: Sequence[str]) -> np.ndarray:
        """Rows whose title names one of the values, in any spelling that the lexicon has of it."""
        if name == "brand":
            return self._titles.naming(values)
        meant = [lexicon.canonical(name, value) or value for value in values]
        said = [form for one in meant for code in ("en", "hi") for form in lexicon.surfaces(name, one, code)]
        rows = self._titles.naming(said)
        if name == "colour":  # "navy blue" in a title is not blue
            for row in np.flatnonzero(rows):
                rows[row] = bool(set(meant) & set(cells.colours_in(self._catalog.products[row].title)))
        return rows

    def _word_rows(self, name: str, value: str) -> np.ndarray:
        column = self._columns[name]
        rows = column.equal(value)
        if rows is None and name != "brand":
            rows = column.equal(lexicon.canonical(name, value) or value)
        if name == "colour":
            also = self._further_colours.get(_fold(lexicon.canonical(name, value) or value))
            rows = also if rows is None else rows if also is None else rows | also
        if name == "gender" and value.lower() != "unisex":
            unisex = column.equal("unisex")
            rows = unisex if rows is None else rows if unisex is None else rows | unisex
        return np.zeros(self._count, dtype=bool) if rows is None else rows

    def in_order(self, rows: np.ndarray, sort_by: str | None) -> np.ndarray:
        """Rows by price or rating, the unknown last; equal ones keep their order."""
        if sort_by is None:
            return rows
        if sort_by not in SORT_ORDERS:
            raise ValueError(f"unknown order {sort_by!r}; the orders are {', '.join(SORT_ORDERS)}")
        values = self._price[rows] if sort_by != "rating" else self._rating[rows]
        return rows[
            np.argsort(values if sort_by == "price_low" else -values, kind="stable")
        ]  # NaN sorts last


class _Words:
    """One text column, coded: rows that equal a value without regard to case."""

    def __init__(self, values: Iterable[str | None]) -> None:
        codes: dict[str, int] = {}
        coded = [-1 if not value else codes.setdefault(_fold(value), len(codes)) for value in values]
        self._codes = codes
        self._coded = np.array(coded, dtype=np.int32)

    def equal(self, value: str) -> np.ndarray | None:
        """Rows that have the value; None when no row has."""
        code = self._codes.get(_fold(value))
        return None if code is None else self._coded == code


def _fold(value: str) -> str:
    return " ".join(value.lower().split())


def _size_key(size: str) -> str:
    return (lexicon.canonical("size", size) or size).lower().strip()


def _rows_having(values: Sequence[Sequence[str]], key: Callable[[str], str]) -> dict[str, np.ndarray]:
    """Value -> rows that have it among theirs: sizes, further colours."""
    rows: dict[str, list[int]] = {}
    for row, of_product in enumerate(values):
        for value in of_product:
            rows.setdefault(key(value), []).append(row)
    out = {}
    for value, having in rows.items():
        out[value] = np.zeros(len(values), dtype=bool)
        out[value][having] = True
    return out


def _numbers(values: Iterable[float | None]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
