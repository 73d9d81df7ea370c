"""The pictures of a catalogue: bytes in the table, or files that it names beside itself.

A name may not leave the catalogue file's folder: absolute paths, '..' and links that lead out are
refused and counted, links to other machines are never followed, and what PIL cannot read is left out.
"""

from __future__ import annotations

import io
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PureWindowsPath
from typing import Any

from muse_core.catalog import cells
from muse_core.catalog.raw_table import RawTable

MAX_PICTURE = 8 << 20  # bytes of one picture
MAX_PICTURES = 512 << 20  # bytes of all pictures
MAX_PIXELS = 40_000_000

REFUSED = "refused: outside the catalogue's folder"
LINK = "links, not followed"
MISSING = "file not found"
UNREADABLE = "no readable picture"
TOO_LARGE = "too large"


def pictures(
    table: RawTable, meaning: Mapping[str, Sequence[str]], keep: Sequence[int], folder: Path, notes: list[str]
) -> tuple[list[bytes | None], Counter[str]]:
    """The picture of each kept row, and how many were read or why not; nothing without a picture column."""
    source = next(iter(meaning.get("image", ())), None)
    if source is None:
        return [], Counter()
    try:
        import PIL.Image as pillow
    except ImportError:
        notes.append("pictures were left out: pillow is not installed")
        return [], Counter()
    counts: Counter[str] = Counter()
    read = _Reader(folder.resolve(), pillow, counts)
    column: Sequence[bytes | str | None] = table.blobs.get(source) or table.columns.get(source, [])
    out = [read(column[row]) for row in keep]
    left_out = ", ".join(f"{n} {why}" for why, n in counts.items() if why != "read")
    if left_out:
        notes.append(f"pictures left out: {left_out}")
    return out, counts


class _Reader:
    """Cells -> encoded pictures, counting what became of each."""

    def __init__(self, folder: Path, pillow: Any, counts: Counter[str]) -> None:
        self._folder, self._pillow, self._counts = folder, pillow, counts
        self._total = 0

    def __call__(self, cell: bytes | str | None) -> bytes | None:
        if not cell:
            return None
        encoded = cell if isinstance(cell, bytes) else self._file(cells.text(cell))
        if not encoded:
            return None
        if len(encoded) > MAX_PICTURE or self._total + len(encoded) > MAX_PICTURES:
            return self._without(TOO_LARGE)
        if not _is_picture(encoded, self._pillow):
            return self._without(UNREADABLE)
        self._total += len(encoded)
        self._counts["read"] += 1
        return encoded

    def _without(self, why: str) -> bytes | None:
        """No picture, and why."""
        self._counts[why] += 1
        return None

    def _file(self, name: str) -> bytes | None:
        """The bytes of a file below the folder."""
        if not name:
            return None
        if "://" in name or name.startswith("www."):
            return self._without(LINK)
        try:
            path = _below(self._folder, name)
            if path is None:
                return self._without(REFUSED)
            if not path.is_file():
                return self._without(MISSING)
            if path.stat().st_size > MAX_PICTURE:
                return self._without(TOO_LARGE)
            return path.read_bytes() or self._without(UNREADABLE)
        except (OSError, ValueError, RuntimeError):  # a name too long, or links in a circle
            return self._without(MISSING)


def _below(folder: Path, name: str) -> Path | None:
    """The file that a name means below a resolved folder; None for a name that leads out of it."""
    as_windows = PureWindowsPath(name)
    if as_windows.drive or as_windows.root or ".." in as_windows.parts or name.startswith("~"):
        return None
    path = (folder / as_windows.as_posix()).resolve()
    return path if path.is_relative_to(folder) else None


def _is_picture(encoded: bytes, pillow: Any) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with pillow.open(io.BytesIO(encoded)) as image:
                if image.width * image.height > MAX_PIXELS:
                    return False
                image.verify()
    except (
        OSError,
        SyntaxError,
        ValueError,
        pillow.DecompressionBombError,
    ):  # what PIL raises for no picture
        return False
    return True
