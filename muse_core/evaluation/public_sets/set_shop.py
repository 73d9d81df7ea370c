"""The products of a public set as a shop of ours, and the set's slots as arguments of this shop's tools.

What a slot is follows from what the catalogue's loader makes of its column: a field of ours, a facet, or
a part of the product's name. What a value is follows from the cells that say it.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from muse_core.catalog.facets import YES, number_of
from muse_core.catalog.load import LoadReport, load_catalog
from muse_core.records import Row
from muse_core.tools.shop_schema import ShopSchema, schema_of
from muse_core.types import Facet, JsonValue

FIELDS = {"brand": "brand", "colour": "colour", "sizes": "size", "material": "material", "gender": "gender"}
IN_QUERY = ("product_type", "model", "title")
_TRUE = frozenset({"true", "yes"})
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


class SetShop:
    """`rows`: the products as the set has them. CatalogError when no catalogue can be read off them."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = list(rows)
        self._report = _loaded(self.rows)
        self._meaning = {column: name for name, column in self._report.columns.items()}
        by_name = {facet.name: facet for facet in self._report.catalog.facets}
        self._facets = {column: by_name[name] for name, column in self._report.facet_columns.items()}
        products = self._report.catalog.products
        self._told = list(zip(self.rows, products, strict=True)) if len(products) == len(self.rows) else []

    @property
    def schema(self) -> ShopSchema:
        return schema_of(self._report.catalog.facets)

    def meaning(self, column: str) -> str:
        """The field of ours that the column is; "" for none."""
        return self._meaning.get(column, "")

    def facet(self, column: str) -> str:
        """The facet that the column is; "" for none."""
        return self._facets[column].name if column in self._facets else ""

    def brands(self) -> Mapping[str, int]:
        return self._report.catalog.brands()

    def argument(self, column: str, ways: Sequence[str]) -> Row | None:
        """{argument: accepted values} of a value that is written in these ways (lower case); None when no
        argument of this shop says it."""
        if (field := FIELDS.get(self.meaning(column))) is not None:
            return {field: list(ways)}
        facet = self._facets.get(column)
        values = None if facet is None else list(self._values(facet, column, ways))
        return {facet.name: values} if facet is not None and values else None

    def _values(self, facet: Facet, column: str, ways: Sequence[str]) -> Iterator[JsonValue]:
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
        for row, item in self._told:
            if str(row.get(column, "")).lower() == way:
                yield from item.facets.get(facet.name, ())


def _loaded(rows: Sequence[Row]) -> LoadReport:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shop.jsonl"
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
        return load_catalog(path)
