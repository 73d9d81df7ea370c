"""The user's own catalogue: CSV, TSV, JSON, JSON Lines or Parquet -> products and a report.

    python -c "from muse_core.catalog.load import load_catalog; print(load_catalog('shop.csv').as_json())"

Reads everything as text first (an id is never a number), in UTF-8 with or without a mark, UTF-16 or
cp1252. Columns are understood by `columns.py`, cells by `cells.py`, rows by `rows.py`. Fails with
CatalogError when nothing can be read. Not covered: Excel files, pictures given by path or link.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from muse_core.catalog import columns as understanding
from muse_core.catalog.product import Catalog, counted
from muse_core.catalog.raw_table import RawTable
from muse_core.catalog.rows import read_rows
from muse_core.errors import CatalogError
from muse_core.types import JsonValue

_MAX_FIELD = 4_000_000  # characters in one CSV field
_EXPECTED = "expected a CSV, TSV, JSON, JSON Lines or Parquet table with one product a row"
_SHOWN = 40  # colours and types listed in the report


@dataclass(frozen=True)
class LoadReport:
    """How a catalogue was understood. `columns` is our meaning -> column of the file."""

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

    def as_json(self) -> dict[str, JsonValue]:
        """What `muse catalog check --json` prints."""
        return {
            "rows_read": self.rows_read,
            "rows_kept": self.rows_kept,
            "dropped": dict(self.dropped),
            "columns": dict(self.columns),
            "prices": None if self.prices is None else dict(self.prices),
            "colours": dict(self.colours),
            "categories": dict(self.categories),
            "product_types": dict(self.product_types),
            "notes": list(self.notes),
        }


def load_catalog(path: str | Path, columns: Mapping[str, str] | None = None) -> LoadReport:
    """Read a catalogue; `columns` (meaning -> column of the file) overrides what would be inferred."""
    file = Path(path)
    table = _read(file)
    if table.rows == 0:
        raise CatalogError(f"{file.name}: found no rows; {_EXPECTED}. Give a file with at least one product.")
    meaning = understanding.understand(table.columns, list(table.blobs), columns)
    _require_title(file, table, meaning)
    reading = read_rows(table, meaning)
    if not reading.products:
        reasons = "; ".join(f"{n} rows: {reason}" for reason, n in reading.dropped.items())
        raise CatalogError(
            f"{file.name}: none of {table.rows} rows could be used ({reasons}); {_EXPECTED} "
            "and a readable title. "
            f"Name the title column in catalog.columns; columns found: {_listed(table)}."
        )
    return _report(table, meaning, reading.products, reading.dropped, reading.notes)


def _require_title(file: Path, table: RawTable, meaning: Mapping[str, Any]) -> None:
    if not {"title", "brand", "model", "product_type"} & set(meaning):
        raise CatalogError(
            f"{file.name}: found no column with product names (columns found: {_listed(table)}); "
            "expected one such as "
            "'title' or 'product name', or brand and model to build one from. "
            'Say which it is: catalog.columns = {"title": "<your column>"}.'
        )


def _listed(table: RawTable) -> str:
    return ", ".join(repr(name) for name in (*table.columns, *table.blobs)) or "none"


def _report(
    table: RawTable,
    meaning: Mapping[str, list[str]],
    products: list[Any],
    dropped: Counter[str],
    notes: list[str],
) -> LoadReport:
    catalog = Catalog(tuple(products))
    known = [product.price for product in products if product.price is not None]
    if not known:
        notes = [*notes, "no prices were found; the assistant will not talk about money"]
    prices = None
    if known:
        prices = {"min": min(known), "median": float(median(known)), "max": max(known), "known": len(known)}
    return LoadReport(
        catalog=catalog,
        rows_read=table.rows,
        rows_kept=len(products),
        dropped=dict(dropped),
        columns={name: sources[0] for name, sources in meaning.items()},
        prices=prices,
        colours=_first(catalog.colours()),
        categories=_first(catalog.categories()),
        product_types=_first(counted(product.product_type for product in products)),
        notes=tuple(notes),
    )


def _first(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(list(counts.items())[:_SHOWN])


# ---- files ----------------------------------------------------------------------------------------


def _read(file: Path) -> RawTable:
    try:
        raw = file.read_bytes()
    except OSError as fault:
        raise CatalogError(
            f"cannot read the catalogue {file}: {fault.strerror or fault}; {_EXPECTED}. Check the path."
        ) from fault
    if not raw.strip():
        raise CatalogError(f"{file.name}: the file is empty; {_EXPECTED}.")
    if raw[:4] == b"PAR1":
        return _parquet(file, raw)
    text, encoding = _decoded(file, raw)
    if not text.strip():
        raise CatalogError(f"{file.name}: the file is empty; {_EXPECTED}.")
    table = _json(file, text) if text.lstrip()[0] in "[{" else _csv(text)
    if encoding != "utf-8":
        table.notes.insert(0, f"the text is not UTF-8; it was read as {encoding}")
    return table


def _decoded(file: Path, raw: bytes) -> tuple[str, str]:
    """The text and its encoding; CatalogError for bytes that are no text."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", errors="replace"), "utf-16"
    if raw[:2] == b"PK" or raw[:2] == b"\x1f\x8b" or b"\0" in raw[:4096]:
        raise CatalogError(
            f"{file.name}: found a binary file (packed, Excel or damaged); {_EXPECTED}. "
            "Save or unpack it as CSV in UTF-8."
        )
    try:
        return raw.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace"), "cp1252"


# ---- CSV ------------------------------------------------------------------------------------------


def _csv(text: str) -> RawTable:
    csv.field_size_limit(_MAX_FIELD)
    delimiter = _delimiter(text)
    lines = csv.reader(
        io.StringIO(text.replace("\0", ""), newline=""), delimiter=delimiter, skipinitialspace=True
    )
    rows = [row for row in lines if any(cell.strip() for cell in row)]
    if not rows:
        return RawTable({})
    notes: list[str] = []
    header = [cell.strip() for cell in rows[0]]
    if _is_header(header):
        rows = rows[1:]
    else:
        header = [f"column {place + 1}" for place in range(max(map(len, rows[:50])))]
        notes.append("the file has no header; columns were understood by their values")
    return _from_rows(header, rows, notes)


def _delimiter(text: str) -> str:
    """The sign that cuts the first lines into the most fields, equally many in each."""
    head = text[:200_000]
    best, most = ",", 1
    for sign in (",", "\t", ";", "|"):
        rows = [
            row
            for _, row in zip(
                range(30), csv.reader(io.StringIO(head, newline=""), delimiter=sign), strict=False
            )
        ]
        widths = Counter(len(row) for row in rows[:-1] or rows if row)
        width, times = widths.most_common(1)[0] if widths else (1, 0)
        if width > most and times >= 0.6 * sum(widths.values()):
            best, most = sign, width
    return best


def _is_header(cells: list[str]) -> bool:
    """Whether a first row names columns: some name is one we know, or no cell looks like a value."""
    if understanding.names_something(cells):
        return True
    return not any(cell.lower().startswith("http") or _is_number(cell) or len(cell) > 60 for cell in cells)


def _is_number(cell: str) -> bool:
    bare = cell.replace(",", "").replace(".", "", 1).strip("₹$ ")
    return bare.isdigit()


def _from_rows(header: list[str], rows: list[list[str]], notes: list[str]) -> RawTable:
    """Columns of equal length: short rows are filled up, cells beyond the header joined to the last note."""
    names = _unique(header)
    wide = sum(1 for row in rows if len(row) > len(names) and any(cell.strip() for cell in row[len(names) :]))
    if wide:
        notes.append(f"{wide} rows have more cells than the header; the cells beyond it were left out")
    width = len(names)
    filled = [row[:width] if len(row) >= width else row + [""] * (width - len(row)) for row in rows]
    table = {name: [row[place] for row in filled] for place, name in enumerate(names)}
    return RawTable(_without_nameless(table), notes=notes)


def _unique(header: list[str]) -> list[str]:
    """Column names, a second 'price' as 'price.2', a nameless one as 'unnamed 3'."""
    seen: Counter[str] = Counter()
    names = []
    for place, cell in enumerate(header):
        name = cell or f"unnamed {place}"
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name}.{seen[name]}")
    return names


def _without_nameless(table: dict[str, list[str]]) -> dict[str, list[str]]:
    """Trailing columns without a name and without a value are a table program's leftovers."""
    return {
        name: column
        for name, column in table.items()
        if not name.startswith("unnamed ") or any(map(str.strip, column))
    }


# ---- JSON -----------------------------------------------------------------------------------------


def _json(file: Path, text: str) -> RawTable:
    notes: list[str] = []
    try:
        records = _records(json.loads(text))
    except json.JSONDecodeError as whole:
        records, broken = _json_lines(text)
        if not records:
            raise CatalogError(
                f"{file.name}: found broken JSON (line {whole.lineno}: {whole.msg}); expected a list "
                "of objects or one object a line. Correct the file."
            ) from whole
        if broken:
            notes.append(f"{broken} lines are no JSON objects and were left out")
    if records is None:
        raise CatalogError(
            f"{file.name}: found JSON without a list of objects; expected [{{...}}, ...] or one object "
            "a line. Correct the file."
        )
    return _from_records(records, notes)


def _json_lines(text: str) -> tuple[list[dict[str, Any]], int]:
    records, broken = [], 0
    for line in text.splitlines():
        if line.strip(" ,[]"):
            try:
                value = json.loads(line.strip().rstrip(","))
            except json.JSONDecodeError:
                value = None
            records.extend([value] if isinstance(value, dict) else [])
            broken += not isinstance(value, dict)
    return records, broken


def _records(value: Any) -> list[dict[str, Any]] | None:
    """The list of objects in a JSON value: itself, the longest one inside, or an object of columns."""
    if isinstance(value, list):
        records = [record for record in value if isinstance(record, dict)]
        return records if records or not value else None
    if not isinstance(value, dict):
        return None
    lists = [inner for inner in value.values() if isinstance(inner, list)]
    objects = [inner for inner in lists if inner and isinstance(inner[0], dict)]
    if objects:
        return [record for record in max(objects, key=len) if isinstance(record, dict)]
    if lists and len(lists) == len(value) and len({len(inner) for inner in lists}) == 1:
        return [dict(zip(value, row, strict=True)) for row in zip(*lists, strict=True)]
    if value and all(isinstance(inner, dict) for inner in value.values()):
        return [{"id": key, **inner} for key, inner in value.items()]
    return [value]


def _from_records(records: Iterable[dict[str, Any]], notes: list[str]) -> RawTable:
    flat = [dict(_flat(record)) for record in records]
    names = list(dict.fromkeys(name for record in flat for name in record))
    return RawTable({name: [record.get(name, "") for record in flat] for name in names}, notes=notes)


def _flat(record: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, str]]:
    """Pairs of name and text; an object inside an object becomes 'price amount'."""
    for name, value in record.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", _as_text(value)


def _as_text(value: Any) -> str:
    """A value as the text that a CSV would have; a list as 'A | B'."""
    if value is None or value != value:
        return ""
    if isinstance(value, list | tuple):
        return " | ".join(_as_text(inner) for inner in value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


# ---- Parquet --------------------------------------------------------------------------------------


def _parquet(file: Path, raw: bytes) -> RawTable:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(pa.BufferReader(raw))
    except (pa.ArrowException, OSError) as fault:
        raise CatalogError(
            f"{file.name}: found a damaged Parquet file ({fault}); expected a readable one. Write it again."
        ) from fault
    texts: dict[str, list[str]] = {}
    blobs: dict[str, list[bytes | None]] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        values = column.to_pylist()
        encoded = _bytes_of(values)
        if encoded is not None:
            blobs[name] = encoded
        elif pa.types.is_struct(column.type):
            for row, value in enumerate(values):
                for inner, cell in _flat(value or {}, f"{name} "):
                    texts.setdefault(inner, [""] * table.num_rows)[row] = cell
        else:
            texts[name] = [_as_text(value) for value in values]
    return RawTable(texts, blobs)


def _bytes_of(values: list[Any]) -> list[bytes | None] | None:
    """The column as bytes when that is what it holds, plainly or as {'bytes': ..., 'path': ...}."""
    first = next((value for value in values if value is not None), None)
    if isinstance(first, bytes):
        return list(values)
    if isinstance(first, dict) and isinstance(first.get("bytes"), bytes):
        return [value.get("bytes") if value else None for value in values]
    return None
