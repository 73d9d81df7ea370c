"""A chat file → conversations: line by line, each kept or rejected with its reason.

The file is JSONL in UTF-8 (a byte-order mark is passed over). A line that cannot be used costs itself
only; a file of which nothing can be used is the user's mistake. Lines are read one at a time, and none
longer than `MAX_BYTES`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from muse_core.conversation_files.chat_line import BadLine, read_line
from muse_core.conversation_files.replayed import replayed
from muse_core.errors import ConfigError
from muse_core.types import Conversation, Profile

if TYPE_CHECKING:
    from muse_core.catalog.index import CatalogIndex

MAX_BYTES = 8 * 2**20  # of one line
SHOWN = 50  # reasons in one message


@dataclass(frozen=True)
class Rejected:
    """A line that was left out, counted from 1, and why."""

    line: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


def read_chats(
    path: Path, index: CatalogIndex, people: Mapping[str, Profile]
) -> Iterator[Conversation | Rejected]:
    """What became of each line that is not blank, in order. ConfigError when the file cannot be opened."""
    seen: dict[str, int] = {}
    for number, raw in _lines(path):
        try:
            one = replayed(read_line(_text(raw)), index, people)
        except BadLine as problem:
            yield Rejected(number, str(problem))
            continue
        first = seen.setdefault(one.conversation_id, number)
        if first == number:
            yield one
        else:
            yield Rejected(number, f"its id or content is that of line {first}; each chat counts once")


def refuse(path: Path, rejected: list[Rejected]) -> ConfigError:
    """The error for a file of which no line can be used."""
    if not rejected:
        return ConfigError(f"{path} is empty; expected one chat in JSON a line", ["see `muse run --help`"])
    problems = [str(one) for one in rejected[:SHOWN]]
    left = len(rejected) - len(problems)
    return ConfigError(
        f"{path}: none of its {len(rejected)} lines can be used:",
        [*problems, *([f"and {left} lines more"] if left else [])],
    )


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(iter(lambda: file.readline(MAX_BYTES + 1), b""), start=1):
                whole = raw
                while len(raw) > MAX_BYTES and not raw.endswith(b"\n"):
                    raw = file.readline(MAX_BYTES + 1)  # the rest of a line that is too long
                line = whole.removeprefix(b"\xef\xbb\xbf") if number == 1 else whole
                if line.strip():
                    yield number, line
    except OSError as problem:
        raise ConfigError(
            f"{path} cannot be read: {problem.strerror}", ["check conversations.file"]
        ) from None


def _text(raw: bytes) -> str:
    if len(raw) > MAX_BYTES:
        raise BadLine(f"it is longer than {MAX_BYTES // 2**20} MiB")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as problem:
        found = raw[problem.start : problem.start + 1].hex()
        raise BadLine(
            f"it is not UTF-8 (byte 0x{found} at {problem.start}); save the file as UTF-8"
        ) from None
