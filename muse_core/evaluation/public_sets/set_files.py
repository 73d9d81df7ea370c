"""A downloaded file of a public set -> its value: JSON, JSON Lines, tab-separated text or Parquet.

Sets come as one JSON text of up to some hundred megabytes, often on one line, or as one object a line; a
table becomes a list of rows. Whatever cannot be read is one ConfigError that says where.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from muse_core.catalog.parquet_file import read_parquet
from muse_core.errors import CatalogError, ConfigError
from muse_core.json_text import JsonTextError, read_json
from muse_core.ordinary_files import ordinary

MAX_BYTES = 512 * 2**20
_MAX_CELL = 131_072  # characters
SHOWN = 3  # lines that cannot be read
_PACKED = {
    b"PK\x03\x04": "a zip archive", b"\x1f\x8b": "a gzip archive", b"%PDF": "a PDF",
    b"version https://git-lfs": "a pointer of Git LFS, not the file itself",
}  # fmt: skip


def read_set_file(path: Path) -> Any:
    """The file's value; of JSON Lines and tables the list of its entries."""
    raw = _bytes_of(path)
    for start, name in _PACKED.items():
        if raw.startswith(start):
            raise ConfigError(f"{path} is {name}; expected the file that is in it. Unpack or download it")
    if raw.startswith(b"PAR1"):
        return _table(path, raw)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        at = f"byte {problem.start + 1} is 0x{raw[problem.start]:02x}"
        raise ConfigError(f"{path} is no text in UTF-8 ({at}); expected the set's own JSON file") from None
    if not text.strip():
        raise ConfigError(f"{path} is empty; expected the set's own file. Download it again")
    return _rows_of(path, text) if path.suffix.lower() == ".tsv" else _json(path, text)


def _bytes_of(path: Path) -> bytes:
    try:
        size = ordinary(path).stat().st_size
        if size > MAX_BYTES:
            raise ConfigError(
                f"{path} has {size / 2**20:,.0f} MB; at most {MAX_BYTES >> 20} MB are read. Give one file of "
                "the set, such as its test split"
            )
        return path.read_bytes()
    except OSError as problem:
        raise ConfigError(
            f"{path} cannot be read ({problem.strerror or problem}); expected a file of the set"
        ) from None


def _table(path: Path, raw: bytes) -> list[dict[str, str]]:
    try:
        columns = read_parquet(path.name, raw).columns
    except CatalogError as problem:
        raise ConfigError(str(problem)) from None
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _rows_of(path: Path, text: str) -> list[dict[str, str]]:
    """Quotes are characters like others: the sets' tables do not quote."""
    lines = io.StringIO(text, newline=None)  # every end of a line is one, as where a file is opened
    rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE, restval="", restkey="")
    csv.field_size_limit(_MAX_CELL)  # one limit for the whole process, which others set too
    try:
        return [{name: cell for name, cell in row.items() if name} for row in rows]
    except csv.Error as problem:
        raise ConfigError(
            f"{path}, line {rows.line_num}: {problem}; expected a table with tabs between its cells"
        ) from None


def _json(path: Path, text: str) -> Any:
    try:
        return read_json(text)
    except JsonTextError as problem:
        whole = problem
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    if len(lines) == 1 or _value(lines[0][1]) is None:
        at_end = text.rstrip()[-1] not in "]}"
        cut = " The file ends in the middle: is the download complete?" if at_end else ""
        raise ConfigError(f"{path} cannot be read: {whole}.{cut} Expected JSON, or one object a line")
    values = [_value(line) for _, line in lines]
    wrong = [number for (number, _), value in zip(lines, values, strict=True) if value is None]
    if wrong:
        shown = ", ".join(map(str, wrong[:SHOWN])) + (" …" if len(wrong) > SHOWN else "")
        raise ConfigError(
            f"{path}: {len(wrong)} of {len(lines)} lines are no JSON object or list (line {shown}); is the "
            "download complete? Expected one object a line"
        )
    return values


def _value(line: str) -> Any:
    try:
        value = read_json(line)
    except JsonTextError:
        return None
    return value if isinstance(value, dict | list) else None
