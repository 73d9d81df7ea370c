"""A log as lines of text: its encoding told by its bytes, what is no text refused, read as a stream.

Whatever the file, one line and one block stand in memory: a line is cut at `MAX_LINE` characters.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from muse_core.catalog.decoding import binary_kind, encoding_of
from muse_core.errors import ConfigError
from muse_core.ordinary_files import ordinary

EXPECTED = "expected a CSV or TSV table, JSON Lines, a chat export, or text with one request a line"
HEAD_BYTES = 2**18
MAX_LINE = 16_384  # characters
_PAGE = re.compile(r"\ufeff?\s*(?:<!doctype html|<html|<\?xml)", re.IGNORECASE)


@dataclass(frozen=True)
class TextFile:
    """An open-able text. `head`: its first lines, whole, for telling what it is."""

    path: Path
    encoding: str
    head: tuple[str, ...]

    @classmethod
    def look(cls, path: Path) -> TextFile:
        """ConfigError for a file that cannot be opened, is empty, or is no text."""
        try:
            with ordinary(path).open("rb") as file:
                raw = file.read(HEAD_BYTES)
        except OSError as problem:
            raise ConfigError(f"{path} cannot be read ({problem.strerror or problem}); {EXPECTED}") from None
        if not raw.strip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"):
            raise ConfigError(f"{path} is empty; {EXPECTED}")
        kind = binary_kind(raw)
        if kind is not None:
            raise ConfigError(f"{path} is {kind}; {EXPECTED}. Unpack it, or export it as CSV")
        one = cls(path, encoding_of(raw[: raw.rfind(b"\n") + 1] or raw), ())
        head = one._decoded(io.BytesIO(raw), has_end=len(raw) < HEAD_BYTES)
        if _PAGE.match(head[0] if head else ""):
            raise ConfigError(f"{path} is a web page or XML; {EXPECTED}. Was it saved from a browser?")
        return cls(path, one.encoding, head)

    def lines(self) -> Iterator[str]:
        """Every line with its end, the blank ones too."""
        try:
            with self.path.open(encoding=self.encoding, errors="replace", newline="") as stream:
                yield from _lines(stream)
        except OSError as problem:
            raise ConfigError(f"{self.path} cannot be read ({problem.strerror or problem})") from None

    def _decoded(self, raw: io.BytesIO, has_end: bool) -> tuple[str, ...]:
        with io.TextIOWrapper(raw, encoding=self.encoding, errors="replace", newline="") as stream:
            found = list(_lines(stream))
        return tuple(found if has_end or len(found) < 2 else found[:-1])


def _lines(stream: TextIO) -> Iterator[str]:
    """Lines with their ends; of one that is too long the start."""
    while line := stream.readline(MAX_LINE):
        is_cut = len(line) == MAX_LINE and not line.endswith(("\n", "\r"))
        while is_cut and (rest := stream.readline(MAX_LINE)):
            is_cut = len(rest) == MAX_LINE and not rest.endswith(("\n", "\r"))
        yield line.replace("\0", "")
