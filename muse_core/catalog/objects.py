"""JSON of any usual nesting -> a table of text: lists, lines, feeds, columns, objects by id.

An object inside an object becomes 'price amount'; the fields of a list of objects are joined
('variants price': '499 | 599'). Text only: nothing in it is ever evaluated.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from muse_core.catalog import envelopes, headers, json_products, refusals
from muse_core.catalog.delimited import from_rows
from muse_core.catalog.raw_table import RawTable, capped, column_names
from muse_core.errors import CatalogError

_MAX_JOINED = 50  # objects of an inner list that are looked at

Record = dict[str, Any]


def read_json(name: str, text: str) -> RawTable:
    """The table in a JSON or JSON Lines text."""
    try:
        return _read(name, text.lstrip("\ufeff"))
    except RecursionError as fault:
        raise CatalogError(
            f"{name}: found JSON nested too deeply to be a table of products; expected [{{...}}, ...] or one "
            "object a line. Flatten it."
        ) from fault


def _read(name: str, text: str) -> RawTable:
    notes: list[str] = []
    try:
        value = json.loads(text)
    except ValueError as whole:  # JSONDecodeError, or a number of thousands of digits
        records, broken = _json_lines(text)
        if not records:
            where = f"line {whole.lineno}: {whole.msg}" if isinstance(whole, json.JSONDecodeError) else whole
            raise CatalogError(
                f"{name}: found broken JSON ({where}); expected a list of objects or one object a line. "
                "Correct the file."
            ) from whole
        if broken:
            notes.append(f"{broken} lines are no JSON objects and were left out")
        value = records
    table = _table(name, value, notes)
    if table is None:
        raise CatalogError(
            f"{name}: found JSON without a list of objects; expected [{{...}}, ...] or one object a line. "
            "Correct the file."
        )
    return table


def _json_lines(text: str) -> tuple[list[Record], int]:
    """Objects of the lines, and how many lines are none."""
    records: list[Record] = []
    broken = 0
    for line in text.split("\n"):
        if line.strip(" ,[]\r\t"):
            try:
                value = json.loads(line.strip().rstrip(","))
            except ValueError:
                value = None
            found = [
                item for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict)
            ]
            records.extend(found)
            broken += not found
    return records, broken


def _table(name: str, value: Any, notes: list[str]) -> RawTable | None:
    rows = _rows_of(value)
    if rows is not None:
        return from_rows(rows, notes) if rows else None
    if isinstance(value, dict) and (columns := _lists_by_name(value) or _by_column(value)):
        return from_records(columns, notes)
    found = envelopes.records_in(value)
    refusals.refuse_error(name, value, found)
    if found is None:
        return None
    if found.others:
        notes.append(f"{found.others} entries of the list are no objects and were left out")
    if found.path and found.path != (envelopes.EACH,):
        notes.append(f"the products were found under {' > '.join(found.path)}")
    return from_records(found.records, notes)


def _rows_of(value: Any) -> list[list[str]] | None:
    """The rows of a list of lists, or of an object of column names and rows; None for other values."""
    if isinstance(value, dict) and isinstance(value.get("columns"), list):
        inner = next((value[key] for key in ("data", "rows", "values", "records") if key in value), None)
        names = [each.get("name", "") if isinstance(each, dict) else each for each in value["columns"]]
        value = [names, *inner] if isinstance(inner, list) and inner and isinstance(inner[0], list) else None
    if not isinstance(value, list) or any(isinstance(each, dict) for each in value):
        return None
    if any(isinstance(cell, dict) for row in value[:3] if isinstance(row, list) for cell in row):
        return None
    rows = [[as_text(cell) for cell in row] for row in value if isinstance(row, list) and row]
    return rows if rows or value else None


def _lists_by_name(value: Mapping[str, Any]) -> list[Record] | None:
    """{"title": [...], "price": [...]} -> records."""
    lists = [inner for inner in value.values() if isinstance(inner, list)]
    if len(lists) < 2 or len(lists) < len(value) or len(set(map(len, lists))) != 1:
        return None
    if any(isinstance(item, dict | list) for inner in lists for item in inner[:3]):
        return None
    return [dict(zip(value, row, strict=True)) for row in zip(*lists, strict=True)]


def _by_column(value: Mapping[str, Any]) -> list[Record] | None:
    """{"title": {"0": ...}, "price": {"0": ...}} -> records; None when the outer keys are no column names."""
    if len(value) < 2 or not all(isinstance(column, dict) and column for column in value.values()):
        return None
    inner = list(next(iter(value.values())))
    if not headers.known_names(list(value)) > headers.known_names(inner):
        return None
    keys = dict.fromkeys(key for column in value.values() for key in column)
    return [{name: column.get(key) for name, column in value.items()} for key in keys]


def from_records(records: Iterable[Record], notes: list[str]) -> RawTable:
    """Objects as columns, in the order in which their names first appear."""
    dropped: Counter[str] = Counter()
    flat = [dict(flattened(record)) for record in json_products.joined(list(records), dropped)]
    found = capped(dict.fromkeys(name for record in flat for name in record), notes)
    columns = {
        shown: [record.get(name, "") for record in flat]
        for name, shown in zip(found, column_names(found), strict=True)
    }
    return RawTable(columns, notes=notes, dropped=dropped)


def flattened(record: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, str]]:
    """Pairs of name and text; an object inside an object becomes 'price amount'."""
    for name, value in record.items():
        if isinstance(value, Mapping):
            yield from flattened(value, f"{prefix}{name} ")
        elif isinstance(value, list) and value and all(isinstance(inner, Mapping) for inner in value):
            yield from _joined(value, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", as_text(value)


def _joined(objects: list[Mapping[str, Any]], prefix: str) -> Iterable[tuple[str, str]]:
    """The fields of several objects, the different values of each as 'A | B'."""
    found: dict[str, dict[str, None]] = {}
    for each in objects[:_MAX_JOINED]:
        for name, text in flattened(each, prefix):
            found.setdefault(name, {})[text] = None
    return [(name, " | ".join(text for text in texts if text)) for name, texts in found.items()]


def as_text(value: Any) -> str:
    """A value as the text that a CSV would have; a list as 'A | B'."""
    if value is None or value != value:
        return ""
    if isinstance(value, list | tuple):
        return " | ".join(as_text(inner) for inner in value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
