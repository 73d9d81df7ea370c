"""JSON of any usual nesting -> a table of text: lists, lines, feeds, columns, objects by id.

An object inside an object becomes 'price amount'; the fields of a list of objects are joined
('variants price': '499 | 599'). Text only: nothing in it is ever evaluated.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from muse_core.catalog import headers
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
        return from_records(records, notes)
    table = _table(value, notes)
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
            records.extend([value] if isinstance(value, dict) else [])
            broken += not isinstance(value, dict)
    return records, broken


def _table(value: Any, notes: list[str]) -> RawTable | None:
    if isinstance(value, list):
        return _table_of_list(value, notes)
    if not isinstance(value, dict):
        return None
    if isinstance(value.get("columns"), list) and isinstance(value.get("data"), list):
        return _table_of_list([value["columns"], *value["data"]], notes)
    lists = [inner for inner in value.values() if isinstance(inner, list)]
    objects = [inner for inner in lists if inner and isinstance(inner[0], dict)]
    if objects:
        return _table_of_list(max(objects, key=len), notes)
    if lists and len(lists) == len(value) and len(set(map(len, lists))) == 1:
        return from_records([dict(zip(value, row, strict=True)) for row in zip(*lists, strict=True)], notes)
    inner = list(value.values())
    if inner and all(isinstance(each, dict) for each in inner):
        return from_records(_by_column(value) or [{"id": key, **each} for key, each in value.items()], notes)
    deeper = [each for each in inner if isinstance(each, dict) and any(map(_is_records, each.values()))]
    return _table(deeper[0], notes) if deeper else from_records([value], notes)


def _is_records(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _table_of_list(values: list[Any], notes: list[str]) -> RawTable | None:
    """A list of objects, or a list of lists whose first is the header."""
    records = [record for record in values if isinstance(record, dict)]
    if records and len(records) < len(values):
        notes.append(f"{len(values) - len(records)} entries of the list are no objects and were left out")
    if records or not values:
        return from_records(records, notes)
    rows = [[as_text(cell) for cell in row] for row in values if isinstance(row, list) and row]
    return from_rows(rows, notes) if rows else None


def _by_column(value: Mapping[str, Mapping[str, Any]]) -> list[Record] | None:
    """{"title": {"0": ...}, "price": {"0": ...}} -> records; None when the outer keys are no column names."""
    inner = list(next(iter(value.values())))
    if not headers.known_names(list(value)) > headers.known_names(inner):
        return None
    keys = dict.fromkeys(key for column in value.values() for key in column)
    return [{name: column.get(key) for name, column in value.items()} for key in keys]


def from_records(records: Iterable[Record], notes: list[str]) -> RawTable:
    """Objects as columns, in the order in which their names first appear."""
    flat = [dict(flattened(record)) for record in records]
    found = capped(dict.fromkeys(name for record in flat for name in record), notes)
    columns = {
        shown: [record.get(name, "") for record in flat]
        for name, shown in zip(found, column_names(found), strict=True)
    }
    return RawTable(columns, notes=notes)


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
