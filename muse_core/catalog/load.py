"""The user's own catalogue: CSV, TSV, JSON, JSON Lines, Parquet or an XML feed -> products and a report.

    python -c "from muse_core.catalog.load import load_catalog; print(load_catalog('shop.csv').as_json())"

Everything is read as text first (an id is never a number): bytes by `decoding.py`, lines by
`delimited.py` (its header by `header_row.py`), JSON by `objects.py` (its products by `envelopes.py`),
feeds by `feed.py`, Parquet by `parquet_file.py`; what is no table is refused by `refusals.py`. Options of
variants become columns (`options.py`), columns are understood by `columns.py`, rows that are one product
are joined and what is not on sale left out by `variants.py`, prices read by `prices.py`, the rest by
`rows.py`; what describes products beyond our fields is found by `facet_columns.py`. Nothing read is
evaluated, and no file outside the catalogue's folder is opened. Fails with CatalogError when nothing can be
read, with ConfigError when `catalog.columns` or `catalog.facets` does not fit. Not covered: Excel files,
pictures given by link, surcharges and discounts in columns of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from muse_core.catalog import facet_columns, feed, options, refusals, variants
from muse_core.catalog.columns import understand
from muse_core.catalog.decoding import EXPECTED, decoded, unpacked
from muse_core.catalog.delimited import read_delimited
from muse_core.catalog.objects import read_json
from muse_core.catalog.parquet_file import read_parquet
from muse_core.catalog.product import Catalog, counted
from muse_core.catalog.questions import Answers, Question
from muse_core.catalog.raw_table import RawTable, cut_long_cells
from muse_core.catalog.rows import Reading, read_rows
from muse_core.errors import CatalogError
from muse_core.ordinary_files import ordinary
from muse_core.types import HINDI_TITLE, Facet, JsonValue

_SHOWN = 40  # colours and types listed in the report


@dataclass(frozen=True)
class LoadReport:
    """How a catalogue was understood. `columns` is our meaning -> column of the file, `other_columns` are
    those without a meaning, kept as attributes; `pictures` says how many were read or why not.
    `facet_columns`: facet -> column of the file; `no_facets`: column -> why it is none."""

    catalog: Catalog
    rows_read: int
    rows_kept: int
    dropped: Mapping[str, int]
    columns: Mapping[str, str]
    prices: Mapping[str, float] | None
    colours: Mapping[str, int]
    categories: Mapping[str, int]
    product_types: Mapping[str, int]
    notes: tuple[str, ...] = ()
    other_columns: tuple[str, ...] = ()
    pictures: Mapping[str, int] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()
    facet_columns: Mapping[str, str] = field(default_factory=dict)
    no_facets: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, JsonValue]:
        """What `muse catalog check --json` prints."""
        return {
            "rows_read": self.rows_read,
            "rows_kept": self.rows_kept,
            "dropped": dict(self.dropped),
            "columns": dict(self.columns),
            "other_columns": list(self.other_columns),
            "prices": None if self.prices is None else dict(self.prices),
            "colours": dict(self.colours),
            "categories": dict(self.categories),
            "product_types": dict(self.product_types),
            "pictures": dict(self.pictures),
            "notes": list(self.notes),
            "questions": [question.as_json() for question in self.questions],
            "facets": [self._facet(facet) for facet in self.catalog.facets],
            "no_facets": dict(self.no_facets),
        }

    def _facet(self, facet: Facet) -> JsonValue:
        return {
            "name": facet.name,
            "kind": facet.kind,
            "unit": facet.unit,
            "values": list(facet.values[:_SHOWN]),
            "share": round(facet.share, 4),
            "column": self.facet_columns.get(facet.name, ""),
        }


def load_catalog(
    path: str | Path,
    columns: Mapping[str, str] | None = None,
    answers: Answers | None = None,
    facets: facet_columns.Asked | None = None,
) -> LoadReport:
    """Read a catalogue; `columns` (meaning -> column of the file) overrides what would be inferred,
    `answers` what would be guessed about money, `facets` which columns are facets."""
    file, settled = Path(path), answers or Answers()
    table = _read(file)
    if table.rows == 0:
        raise CatalogError(f"{file.name}: found no rows; {EXPECTED}. Give a file with at least one product.")
    cut_long_cells(table)
    has_options = options.spread(table, set((columns or {}).values()))
    meaning = understand(table.columns, list(table.blobs), columns)
    _require_title(file, table, meaning)
    table = variants.joined(table, meaning, has_options, settled)
    reading = read_rows(table, meaning, file.parent, settled)
    if not reading.products:
        reasons = "; ".join(f"{n} rows: {reason}" for reason, n in reading.dropped.items())
        raise CatalogError(
            f"{file.name}: none of {table.rows} rows could be used ({reasons}); {EXPECTED} "
            "and a readable title. "
            f"Name the title column in catalog.columns; columns found: {_listed(table)}."
        )
    used = {HINDI_TITLE, *(source for sources in meaning.values() for source in sources)}
    asked = facets or facet_columns.Asked()
    found = facet_columns.with_facets(reading.products, reading.rows, table, used, asked)
    return _report(table, meaning, reading, found)


def _require_title(file: Path, table: RawTable, meaning: Mapping[str, Any]) -> None:
    if not {"title", "brand", "model", "product_type"} & set(meaning):
        raise CatalogError(
            f"{file.name}: found no column with product names (columns found: {_listed(table)}); "
            "expected one such as "
            "'title' or 'product name', or brand and model to build one from. "
            "Say which it is: --set 'catalog.columns={title = \"<your column>\"}'."
        )


def _listed(table: RawTable) -> str:
    return ", ".join(repr(name) for name in (*table.columns, *table.blobs)) or "none"


def _report(
    table: RawTable, meaning: Mapping[str, list[str]], reading: Reading, found: facet_columns.Found
) -> LoadReport:
    catalog = Catalog(tuple(found.products))
    known = [product.price for product in catalog if product.price is not None]
    notes = [*reading.notes, *found.notes]
    prices = None
    if known:
        prices = {"min": min(known), "median": float(median(known)), "max": max(known), "known": len(known)}
    else:
        notes.append("no prices were found; the assistant will not talk about money")
    used = {HINDI_TITLE, *(source for sources in meaning.values() for source in sources)}
    return LoadReport(
        catalog=catalog,
        rows_read=table.rows + sum(table.dropped.values()),
        rows_kept=len(catalog),
        dropped=dict(reading.dropped),
        columns=_columns(meaning, reading),
        prices=prices,
        colours=_first(catalog.colours()),
        categories=_first(catalog.categories()),
        product_types=_first(counted(product.product_type for product in catalog)),
        notes=tuple(notes),
        other_columns=tuple(name for name in (*table.columns, *table.blobs) if name not in used),
        pictures=dict(reading.pictures),
        questions=tuple(reading.questions),
        facet_columns=found.columns,
        no_facets=found.left_out,
    )


def _columns(meaning: Mapping[str, Sequence[str]], reading: Reading) -> dict[str, str]:
    """Meaning -> the column that it was read from; of prices, one in the catalogue's currency."""
    columns = {name: sources[0] for name, sources in meaning.items()}
    return columns | ({"price": reading.price_source} if reading.price_source else {})


def _first(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(list(counts.items())[:_SHOWN])


# ---- files ----------------------------------------------------------------------------------------


def _read(file: Path) -> RawTable:
    raw = unpacked(file.name, _bytes(file))
    if not raw.strip():
        raise CatalogError(f"{file.name}: the file is empty; {EXPECTED}.")
    if raw[:4] == b"PAR1":
        return read_parquet(file.name, raw)
    text, notes = decoded(file.name, raw)
    del raw
    if not text.strip("\ufeff \t\r\n"):
        raise CatalogError(f"{file.name}: the file is empty; {EXPECTED}.")
    start = text.lstrip("\ufeff \t\r\n")[:1]
    if start in ("[", "{") and not text.startswith("{\\rtf"):
        table = read_json(file.name, text)
    elif start == "<" and feed.is_xml(text):
        table = feed.read_feed(file.name, text)
    else:
        refusals.refuse_text(file.name, text)
        table = read_delimited(text)
    table.notes[:0] = notes
    return table


def _bytes(file: Path) -> bytes:
    try:
        return ordinary(file).read_bytes()
    except OSError as fault:
        why = fault.strerror or fault
        raise CatalogError(f"cannot read the catalogue {file}: {why}; {EXPECTED}. Check the path.") from fault
