"""A delimited text (CSV, TSV, semicolons, pipes) -> a table of text.

The delimiter is the one under which a line of known column names stands, else the one that cuts most
lines alike. Lines above the header, the header again, blank lines and empty columns are passed over.
A quote in the wrong place costs its own line, not the rest of the file.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator

from muse_core.catalog import header_row, headers
from muse_core.catalog.raw_table import RawTable, capped, column_names, without_empty_leftovers

_MAX_FIELD = 2**31 - 1  # the csv module's own limit would raise; long cells are cut later
_DELIMITERS = (",", "\t", ";", "|")
_HEAD = 200_000  # characters that the delimiter is judged by
_SAMPLED = 40
_ABOVE = 10  # lines that may stand above the header
_OPEN = 60  # lines that a quoted cell may span once a file has shown a quote in the wrong place

Row = list[str]


def read_delimited(text: str) -> RawTable:
    """The rows of a delimited text; a table without columns when there are none."""
    csv.field_size_limit(_MAX_FIELD)
    notes: list[str] = []
    named, text = _without_separator_line(text)
    text = _cut_by_blanks(text)
    style = {"escapechar": "\\"} if '\\"' in text[:_HEAD] and '""' not in text[:_HEAD] else {}
    delimiter = named or _delimiter(text[:_HEAD], style)
    rows = [row for row in _rows(text, delimiter, style, notes) if any(cell.strip() for cell in row)]
    return from_rows(rows, notes) if rows else RawTable({})


def from_rows(rows: list[Row], notes: list[str]) -> RawTable:
    """Rows of cells as columns, the header taken from them where there is one."""
    dropped: Counter[str] = Counter()
    header = header_row.take_header(rows, notes)
    header_row.take_no_products(rows, dropped)
    names = capped(column_names(header), notes)
    width = len(names)
    wide = sum(1 for row in rows if len(row) > width and any(cell.strip() for cell in row[width:]))
    if wide:
        notes.append(f"{wide} rows have more cells than the header; the cells beyond it were left out")
    columns = {
        name: [row[place] if place < len(row) else "" for row in rows] for place, name in enumerate(names)
    }
    return RawTable(without_empty_leftovers(columns), notes=notes, dropped=+dropped)


# ---- delimiter ------------------------------------------------------------------------------------


def _without_separator_line(text: str) -> tuple[str | None, str]:
    """A table program's first line 'sep=;' names the delimiter."""
    found = re.match(r"\ufeff?\"?sep=(.)\"?\r?\n", text, re.IGNORECASE)
    return (found.group(1), text[found.end() :]) if found else (None, text)


def _cut_by_blanks(text: str) -> str:
    """A table set in columns by runs of blanks, with tabs in their place; another text as it is."""
    lines = [line for line in text[:_HEAD].splitlines() if line.strip()][:_SAMPLED]
    if len(lines) < 2 or any(sign in line for line in lines for sign in ",;|\t"):
        return text
    widths = Counter(len(re.split(r" {2,}", line.strip())) for line in lines)
    width, times = widths.most_common(1)[0]
    return re.sub(r"(?<=\S) {2,}(?=\S)", "\t", text) if width > 1 and times >= 0.8 * len(lines) else text


def _delimiter(head: str, style: dict[str, str]) -> str:
    """Of the signs that cut lines into at least two fields, the one under which known column names stand;
    then the one that cuts most lines alike; then the one that gives most fields."""
    best, most = ",", (0, 0.0, 0)
    for sign in _DELIMITERS:
        rows = [row for row, _ in zip(_loose(head, sign, style), range(_SAMPLED), strict=False) if row]
        rows = rows[:-1] or rows  # the last one may be cut
        width, times = Counter(map(len, rows)).most_common(1)[0] if rows else (1, 0)
        if width < 2:
            continue
        known = max(map(headers.known_names, rows[:_ABOVE]))
        score = (known, round(times / len(rows), 1), width)
        if score > most:
            best, most = sign, score
    return best


def _loose(text: str, delimiter: str, style: dict[str, str]) -> Iterator[Row]:
    lines = io.StringIO(text, newline="")
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=delimiter != "\t", **style)  # type: ignore[arg-type]


# ---- rows -----------------------------------------------------------------------------------------


def _rows(text: str, delimiter: str, style: dict[str, str], notes: list[str]) -> list[Row]:
    """All rows as the csv module reads them; where it refuses a quote, row by row."""
    try:
        return list(_strict(io.StringIO(text, newline=""), delimiter, style))
    except csv.Error:
        return list(_row_by_row(text.splitlines(keepends=True), delimiter, style, notes))


def _strict(lines: io.StringIO | list[str], delimiter: str, style: dict[str, str]) -> Iterator[Row]:
    return csv.reader(
        lines, delimiter=delimiter, skipinitialspace=delimiter != "\t", strict=True, **style  # type: ignore[arg-type]
    )  # fmt: skip


def _row_by_row(lines: list[str], delimiter: str, style: dict[str, str], notes: list[str]) -> Iterator[Row]:
    """Rows of a file with quotes in wrong places: a row is the shortest run of lines with an even number
    of quotes that reads well; if none does, its first line is read as if quotes meant nothing."""
    at, width, wrong = 0, 0, 0
    while at < len(lines):
        end = _balanced_end(lines, at)
        row = _read_one(lines[at:end], delimiter, style, width) if end else None
        if row is None:
            row = _bare(lines[at], delimiter)
            wrong, end = wrong + 1, at + 1
        width = max(width, len(row)) if at < _ABOVE else width
        at = end or at + 1
        yield row
    if wrong:
        notes.append(
            f"{wrong} lines have a quote that never closes or stands in a wrong place; read without it"
        )


def _balanced_end(lines: list[str], at: int) -> int | None:
    """One past the end of the shortest run of lines from `at` with an even number of quotes, if any."""
    quotes = 0
    for end in range(at, min(at + _OPEN, len(lines))):
        quotes += lines[end].count('"')
        if quotes % 2 == 0:
            return end + 1
    return None


def _read_one(lines: list[str], delimiter: str, style: dict[str, str], width: int) -> Row | None:
    """The one row of these lines; None when they are not one, or one of another width than the rest."""
    try:
        rows = list(_strict(lines, delimiter, style))
        return rows[0] if len(rows) == 1 else [] if not rows else None
    except csv.Error:
        if len(lines) > 1 and len(_bare(lines[0], delimiter)) == width:
            return None
        rows = list(csv.reader(lines, delimiter=delimiter, skipinitialspace=True, **style))  # type: ignore[arg-type]
        return rows[0] if len(rows) == 1 and len(rows[0]) == width else None


def _bare(line: str, delimiter: str) -> Row:
    """The cells of a line whose quotes mean nothing."""
    return [cell.strip('" \r\n') for cell in line.split(delimiter)]
