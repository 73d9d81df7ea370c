"""A TOML file with the line that each of its strings stands on, so that a problem can name it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from muse_core.ordinary_files import ordinary

MAX_BYTES = 8 * 2**20
_TABLE = re.compile(r"^\s*\[([^\[\]\"']+)\]\s*(?:#.*)?$")
_KEY = re.compile(r"^\s*([A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')\s*=")
_STRING = re.compile(r"#.*|\"(?:[^\"\\]|\\.)*\"|'[^']*'")
_SYNTAX_LINE = re.compile(r"\s*\(at line (\d+), column \d+\)")


@dataclass(frozen=True)
class Line:
    """A line of a file, `hi/complete.toml:12`."""

    file: str
    number: int

    def __str__(self) -> str:
        return f"{self.file}:{self.number}"


class TomlError(ValueError):
    """A file that is no TOML; the message names its line."""


@dataclass(frozen=True)
class LinedToml:
    """What a file holds. `tables` are its values as `tomllib` gives them."""

    name: str
    tables: dict[str, Any]
    _tables: dict[str, int] = field(default_factory=dict)
    _keys: dict[tuple[str, str], int] = field(default_factory=dict)
    _strings: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    def line(self, table: str, key: str | None = None, index: int | None = None) -> Line:
        """Where a table begins, a key of it, or the string of that index in the key's list."""
        if key is None:
            return Line(self.name, self._tables.get(table, 1))
        start = self._keys.get((table, key), self._tables.get(table, 1))
        strings = self._strings.get((table, key), [])
        return Line(self.name, strings[index] if index is not None and index < len(strings) else start)


def read_toml(path: Path, name: str) -> LinedToml:
    """The file under the name that problems call it. TomlError if it is no TOML in UTF-8, OSError if it
    cannot be opened."""
    try:
        text = ordinary(path, MAX_BYTES).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as problem:
        before = problem.object[: problem.start].count(b"\n")
        raise TomlError(f"{Line(name, before + 1)}: no UTF-8; save the file as UTF-8") from None
    try:
        file = LinedToml(name, tomllib.loads(text))
    except RecursionError:
        raise TomlError(f"{Line(name, 1)}: it is nested too deeply") from None
    except ValueError as problem:  # TOMLDecodeError, or a number of thousands of digits
        found = _SYNTAX_LINE.search(str(problem))
        where = Line(name, int(found.group(1)) if found else len(text.splitlines()))
        raise TomlError(f"{where}: no TOML: {_SYNTAX_LINE.sub('', str(problem))}") from None
    table, key = "", ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := _TABLE.match(line):
            table = header.group(1).strip()
            file._tables[table] = number
            continue
        start = 0
        if found := _KEY.match(line):
            key, start = found.group(1).strip("\"'"), found.end()
            file._keys[table, key] = number
        strings = [found.group() for found in _STRING.finditer(line, start)]
        file._strings.setdefault((table, key), []).extend(
            number for text in strings if not text.startswith("#")
        )
    return file
