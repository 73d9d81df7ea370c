"""A user's log → its requests, one by one: CSV, TSV, JSON, JSON Lines, a chat export, plain lines.

What a file is, is told by its content, not its name. A stream: nothing but the head and one row is held.
ConfigError, once and saying what was found, for a file that is none of these.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from muse_core.errors import ConfigError
from muse_core.json_files import JsonFile
from muse_core.json_text import JsonTextError, read_json
from muse_core.utterances.chat_export import is_chat_export, messages
from muse_core.utterances.columns import (
    Columns,
    choose,
    counts_without_name,
    folded,
    is_customer,
    is_known,
    read_count,
)
from muse_core.utterances.guarded_cells import unguarded
from muse_core.utterances.text_file import EXPECTED, TextFile

SAMPLED = 200  # rows that the columns are told by
_MAX_CELL = 131_072  # characters; a quote that never closes goes on until then
_DELIMITERS = "\t;,|"
_MOST_ABOVE = 20  # lines of a report's title
_COUNTED = re.compile(r"\s*(\d{1,12})[\t ]+(\S.*)")

Row = Mapping[str, str]


@dataclass(frozen=True)
class Logged:
    """One request of a log: its place, how often it was typed; `tool` and `arguments` as a person labelled
    it ("" = not labelled)."""

    text: str
    line: int
    count: int = 1
    tool: str = ""
    arguments: str = ""

    @property
    def is_labelled(self) -> bool:
        """Whether a person wrote beside it, be it half a label."""
        return bool(self.tool or self.arguments)


def requests(path: Path) -> Iterator[Logged]:
    """What a log holds, in its order; blank requests are left out. ConfigError for a file that is no log."""
    file = TextFile.look(path)
    first = next(line for line in (*file.head, "") if line.strip() or not line)
    skipped = _above_header(file.head)
    if _is_json(first):
        found = _of_rows(path, _json_rows(path))
    elif is_chat_export(file.head):
        found = (Logged(text, line) for line, text in messages(file.lines(), file.head))
    elif (delimiter := _delimiter(file.head[skipped:])) is not None:
        found = _of_rows(path, _table_rows(file, delimiter, skipped))
    else:
        found = _plain(file)
    yield from (one for one in found if one.text)


# ---- rows of named cells ---------------------------------------------------------------------------


def _of_rows(path: Path, rows: Iterator[tuple[int, Row]]) -> Iterator[Logged]:
    """The requests of rows: columns are told by the first ones."""
    first = list(islice(rows, SAMPLED))
    names = dict.fromkeys(name for _, row in first for name in row)
    sample = {name: [row.get(name, "") for _, row in first] for name in names}
    columns = choose(sample)
    if columns is None:
        listed = ", ".join(repr(name) for name in list(names)[:12]) or "none"
        raise ConfigError(
            f"{path}: no column holds requests (columns: {listed}); {EXPECTED}. "
            "Name the column of what customers typed `query`"
        )
    if not columns.count and any(name.startswith(_NAMELESS) for name in names):
        columns = Columns(columns.texts, counts_without_name(sample), columns.tool, columns.arguments)
    has_roles = bool(columns.author) and any(is_customer(one) for one in sample[columns.author])
    for line, row in chain(first, rows):
        if not has_roles or is_customer(row.get(columns.author, "")):
            yield from _of_row(line, row, columns)


def _of_row(line: int, row: Row, columns: Columns) -> Iterator[Logged]:
    count = read_count(row.get(columns.count, "")) if columns.count else 1
    tool, arguments = row.get(columns.tool, "").strip().lower(), row.get(columns.arguments, "").strip()
    for name in columns.texts:
        for text in row.get(name, "").split("\n") if len(columns.texts) == 1 else [row.get(name, "")]:
            yield Logged(unguarded(text.strip()), line, count, tool, arguments)


_NAMELESS = "column "


def _table_rows(file: TextFile, delimiter: str, skipped: int) -> Iterator[tuple[int, Row]]:
    rows = _csv_rows(islice(file.lines(), skipped, None), delimiter)
    head = list(islice(rows, SAMPLED))
    names = _header([row for _, row in head])
    if names is None:
        names = [f"{_NAMELESS}{place}" for place in range(1, max(len(row) for _, row in head) + 1)]
    else:
        head = head[1:]
    for line, row in chain(head, rows):
        yield skipped + line, dict(zip(names, row, strict=False))


def _csv_rows(lines: Iterable[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Rows with the line they end at; one with a quote that never closes is left out."""
    csv.field_size_limit(_MAX_CELL)  # one limit for the whole process, which others set too
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=delimiter != "\t")
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            continue
        if any(cell.strip() for cell in row):
            yield reader.line_num, row


def _header(rows: Sequence[list[str]]) -> list[str] | None:
    """The first row where it names columns; None where it is a row like the others."""
    first, below = [cell.strip() for cell in rows[0]], rows[1:]
    is_named = any(map(is_known, first))
    over_numbers = any(
        below
        and not cell.isdecimal()
        and all(row[at : at + 1] and row[at].strip().isdecimal() for row in below)
        for at, cell in enumerate(first)
    )
    if not is_named and not over_numbers:
        return None
    return [cell or f"{_NAMELESS}{place}" for place, cell in enumerate(first, 1)]


def _above_header(head: Sequence[str]) -> int:
    """How many lines stand above the row that names columns: the title and the dates of a report. 0 where
    there is none, or where what stands above has as many cells (more, where it names two)."""
    for at, line in enumerate(head[:_MOST_ABOVE]):
        for sign in _DELIMITERS:
            cells = next(csv.reader([line], delimiter=sign), [])
            if len(cells) > 1 and any(map(is_known, cells)):
                above = [row for row in csv.reader(head[:at], delimiter=sign) if any(row)]
                most = len(cells) if sum(map(is_known, cells)) > 1 else len(cells) - 1
                return at if all(len(row) <= most for row in above) else 0
    return 0


def _delimiter(head: Sequence[str]) -> str | None:
    """The sign that cuts nearly all of the first lines alike; None for plain lines. Requests hold commas
    too: without a known name above, a comma needs a column of numbers."""
    for sign in _DELIMITERS:
        rows = [row for _, row in islice(_csv_rows(head, sign), SAMPLED)]
        widths = Counter(map(len, rows))
        width, times = widths.most_common(1)[0] if rows else (1, 0)
        is_table = width >= 2 and times >= 0.9 * len(rows) and len(rows[0]) == width
        if is_table and (any(map(is_known, rows[0])) or sign != "," or _has_numbers(rows[1:])):
            return sign
    quoted = [line for line in head[1:SAMPLED] if line.strip()]
    is_one_column = bool(head) and is_known(head[0]) and folded(head[0]) != ""
    return "," if is_one_column and quoted else None


def _has_numbers(rows: Sequence[list[str]]) -> bool:
    return bool(rows) and any(
        all(cell.strip().isdecimal() for cell in column) for column in zip(*rows, strict=False)
    )


# ---- JSON ------------------------------------------------------------------------------------------


def _is_json(line: str) -> bool:
    start = line.lstrip("\ufeff \t")[:1]
    if start not in ("{", "["):
        return False
    try:
        return isinstance(read_json(line.lstrip("\ufeff").strip()), dict | list)
    except JsonTextError:
        return line.strip("\ufeff \t\r\n") in ("{", "[")


def _json_rows(path: Path) -> Iterator[tuple[int, Row]]:
    """Every entry as cells; of a chat the customer's first message."""
    for entry in JsonFile(path, "request", lambda value: isinstance(value, dict)).entries():
        if entry.problem is None:
            value = entry.value
            yield entry.number, dict(_cells(value)) if isinstance(value, dict) else {"query": _text(value)}


def _cells(value: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, inner in value.items():
        if isinstance(inner, dict) and folded(name) not in ("arguments", "args"):
            yield from _cells(inner, f"{before}{name}.") if not before else ()
        elif isinstance(inner, list) and inner and all(isinstance(one, dict) for one in inner):
            yield f"{before}{name}", _first_said(inner)
        else:
            yield f"{before}{name}", _text(inner)


def _first_said(turns: Sequence[Mapping[str, Any]]) -> str:
    """What a customer says first among messages of any of the usual shapes."""
    for turn in turns:
        if is_customer(str(turn.get("role", turn.get("from", "")))):
            return _text(turn.get("content", turn.get("value", "")))
    return ""


def _text(value: Any) -> str:
    """A text, a number, or a list of texts, one a line."""
    if isinstance(value, list):
        return "\n".join(one for one in value if isinstance(one, str))
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return value if isinstance(value, str) else "" if value is None or isinstance(value, bool) else str(value)


# ---- plain lines -----------------------------------------------------------------------------------


def _plain(file: TextFile) -> Iterator[Logged]:
    """One request a line, behind its count where all lines begin with a number (as `uniq -c` writes)."""
    head = [line for line in file.head[:SAMPLED] if line.strip()]
    is_counted = len(head) > 2 and sum(bool(_COUNTED.match(line)) for line in head) >= 0.95 * len(head)
    for number, line in enumerate(file.lines(), 1):
        found = _COUNTED.match(line) if is_counted else None
        if number == 1 and is_known(line) and " " not in line.strip():
            continue
        text = (found[2] if found else line).strip(" \t\r\n\ufeff")
        bare = text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
        yield Logged(bare, number, read_count(found[1]) if found else 1)
