"""A user's file of JSON objects → its entries, one by one, each read or with the reason why not.

One object a line is the form that streams: a bad line costs itself only. Read too, whole: an array, an
envelope that holds one (`{"data": […]}`), objects over several lines. UTF-8, UTF-16 and UTF-32, with or
without a byte order mark; lines end with LF, CRLF or CR, so that any other character may stand in a
text. A file that is something else (an archive, a page, a messenger's export) is refused once, saying
what it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from muse_core.errors import ConfigError
from muse_core.json_text import PLAIN, JsonTextError, check_characters, check_depth, read_json
from muse_core.ordinary_files import ordinary

MAX_LINE_BYTES = 8 * 2**20
MAX_WHOLE_BYTES = 512 * 2**20
HEAD_BYTES = 2**20
LOOKED_AT = 20  # lines, to see whether a file holds JSON at all
_MARK = b"\xef\xbb\xbf"
_LINE_END = re.compile(rb"\r\n|\r|\n")
_MAGIC = {
    b"PK\x03\x04": "a zip archive", b"\x1f\x8b": "a gzip archive", b"PAR1": "a Parquet file",
    b"%PDF": "a PDF", b"\xd0\xcf\x11\xe0": "an old Office file", b"SQLite": "a database",
}  # fmt: skip
_PAGE = re.compile(r"<!doctype html|<html|<head|<body", re.IGNORECASE)
_WHATSAPP = re.compile(r"\W*\d{1,4}[./-]\d{1,2}[./-]\d{2,4},? \d{1,2}[:.]\d{2}.{0,12}?(?: - |\] )")


@dataclass(frozen=True)
class Entry:
    """One entry, counted from 1 in `unit`s (lines, or what the file is of): its value, or what is wrong."""

    number: int
    unit: str
    value: Any = None
    problem: str | None = None

    @property
    def place(self) -> str:
        return f"{self.unit} {self.number}"


@dataclass(frozen=True)
class JsonFile:
    """`noun`: what an entry is ("chat"). `is_entry`: whether a value is one, so that a list of entries and
    an envelope can be told from an entry."""

    path: Path
    noun: str
    is_entry: Callable[[Any], bool]
    decoder: json.JSONDecoder = PLAIN

    def entries(self) -> Iterator[Entry]:
        """The entries in order; blank lines are none. ConfigError when the file cannot be opened or is no
        file of JSON objects."""
        try:
            with ordinary(self.path).open("rb") as file:
                yield from self._entries(file)
        except OSError as problem:
            raise ConfigError(
                f"{self.path} cannot be read ({problem.strerror or problem}); expected {self._expected}"
            ) from None

    @property
    def _expected(self) -> str:
        return f"one {self.noun} in JSON a line, or a JSON array of them"

    def _entries(self, file: BinaryIO) -> Iterator[Entry]:
        head = file.read(HEAD_BYTES)
        for start, name in _MAGIC.items():
            if head.startswith(start):
                raise self._other(name, "unpack or export it first")
        encoding = json.detect_encoding(head)
        is_utf8 = encoding.startswith("utf-8")
        if not is_utf8:
            file.seek(0)
            head = self._recoded(file, encoding)
        lines = [line for line in _LINE_END.split(head.removeprefix(_MARK)) if line.strip()][: LOOKED_AT + 1]
        if not lines:
            return
        self._refuse_other_text(lines[0])
        file.seek(0)
        if not _parses(lines[0]) or len(lines) == 1:
            whole = self._whole(file.read(MAX_WHOLE_BYTES + 1) if is_utf8 else head, lines)
            if whole is not None:
                yield from whole
                return
            file.seek(0)
        raw = _lines(file) if is_utf8 else iter(_LINE_END.split(head))
        yield from (self._line(number, line) for number, line in enumerate(raw, start=1) if line.strip())

    # ---- lines ------------------------------------------------------------------------------------

    def _line(self, number: int, raw: bytes) -> Entry:
        if len(raw) > MAX_LINE_BYTES:
            return Entry(number, "line", problem=f"it is longer than {MAX_LINE_BYTES // 2**20} MiB")
        try:
            return Entry(number, "line", read_json(raw.decode("utf-8-sig"), self.decoder))
        except UnicodeDecodeError as problem:
            wrong = f"byte {problem.start + 1} is 0x{raw[problem.start]:02x}"
            return Entry(number, "line", problem=f"it is not UTF-8 ({wrong}); save the whole file as UTF-8")
        except JsonTextError as problem:
            return Entry(number, "line", problem=str(problem))

    # ---- whole files ------------------------------------------------------------------------------

    def _whole(self, content: bytes, lines: list[bytes]) -> list[Entry] | None:
        """The entries of a file that is one JSON text, or several over many lines; None: go by lines."""
        if len(content) > MAX_WHOLE_BYTES:
            if lines[0].lstrip().startswith(b"["):
                most = f"an array of more than {MAX_WHOLE_BYTES // 2**20} MiB"
                raise self._other(most, "write it line by line")
            return None
        try:
            values = _values(content.decode("utf-8-sig"), self.decoder)
        except ValueError as problem:
            if _is_hopeless(lines):
                raise self._unreadable(lines[0], problem) from None
            return None
        items = self._items(values[0]) if len(values) == 1 else values
        if items is None and len(lines) == 1:
            return None
        return [self._checked(at, value) for at, value in enumerate(values if items is None else items, 1)]

    def _items(self, value: Any) -> list[Any] | None:
        """The entries inside an array or an envelope; None when the value is itself an entry."""
        if self.is_entry(value):
            return None
        if isinstance(value, list):
            return value
        held = value.values() if isinstance(value, dict) else ()
        lists = [one for one in held if isinstance(one, list) and any(map(self.is_entry, one))]
        return lists[0] if len(lists) == 1 else None

    def _checked(self, number: int, value: Any) -> Entry:
        try:
            check_depth(value)
            check_characters(value)
        except JsonTextError as problem:
            return Entry(number, self.noun, problem=str(problem))
        return Entry(number, self.noun, value)

    def _recoded(self, file: BinaryIO, encoding: str) -> bytes:
        """The whole file in UTF-8."""
        name, content = encoding.upper()[:6], file.read(MAX_WHOLE_BYTES + 1)
        if len(content) > MAX_WHOLE_BYTES:
            raise self._other(f"{name} of more than {MAX_WHOLE_BYTES // 2**20} MiB", "save it as UTF-8")
        try:
            return content.decode(encoding).lstrip("\ufeff").encode("utf-8")
        except UnicodeError:
            raise self._other(f"{name} and broken or cut off", "save it as UTF-8") from None

    # ---- what is no JSON --------------------------------------------------------------------------

    def _refuse_other_text(self, raw: bytes) -> None:
        line = raw[:400].decode("utf-8", "replace").strip()
        if _PAGE.search(line):
            raise self._other("an HTML page", "was it saved from a browser, or is it a login page?")
        if line.startswith("<"):
            raise self._other("XML", "export it as JSON")
        if _WHATSAPP.match(line):
            raise self._other("the text export of a messenger such as WhatsApp", "its messages have no roles")

    def _other(self, name: str, advice: str) -> ConfigError:
        return ConfigError(f"{self.path} is {name}; {advice}. Expected {self._expected}")

    def _unreadable(self, line: bytes, problem: ValueError) -> ConfigError:
        shown = line[:60].decode("utf-8", "replace").strip()
        array = "it begins as an array, but " if shown.startswith("[") else ""
        return ConfigError(
            f"{self.path} cannot be read as JSON ({array}{problem}). Its first line is {shown!r}; "
            f"expected {self._expected}"
        )


def _is_hopeless(lines: list[bytes]) -> bool:
    """Whether no line of a file that is no JSON text can be one by itself."""
    if len(lines) == 1:
        return lines[0].strip()[:1] not in (b"{", b"[")
    return not any(map(_parses, lines[:1] if lines[0].strip() == b"[" else lines))


def _parses(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line.decode("utf-8-sig")), dict | list)
    except (ValueError, RecursionError):
        return False


def _values(text: str, decoder: json.JSONDecoder) -> list[Any]:
    """JSON values one after another, blanks between them. ValueError when there is anything else."""
    found, at = [], 0
    try:
        while (at := _skipped(text, at)) < len(text):
            value, at = decoder.raw_decode(text, at)
            found.append(value)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return found


def _skipped(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Lines by any of the three ends; of one that is too long the start, no longer than it takes to know."""
    rest = b""
    while block := file.read(HEAD_BYTES):
        if block.endswith(b"\r"):
            block += file.read(1)
        *done, rest = _LINE_END.split(rest + block)
        yield from done
        rest = rest[: MAX_LINE_BYTES + 1]
    if rest:
        yield rest
