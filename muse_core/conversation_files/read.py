"""A chat file → conversations: entry by entry, each kept or rejected with its reason.

Which files are read: `json_files.py` (lines, arrays, any Unicode encoding); which entries: `chat_line.py`.
An entry that cannot be used costs itself only; a file of which nothing can be used is the user's mistake.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from muse_core.conversation_files.chat_line import is_chat, read_chat
from muse_core.conversation_files.chat_turns import BadLine
from muse_core.conversation_files.replayed import replayed
from muse_core.errors import ConfigError
from muse_core.json_files import Entry, JsonFile
from muse_core.types import Conversation, Profile

if TYPE_CHECKING:
    from muse_core.catalog.index import CatalogIndex

SHOWN = 50  # reasons in one message


@dataclass(frozen=True)
class Rejected:
    """An entry that was left out, counted from 1 in lines (chats, where the file is an array), and why."""

    line: int
    reason: str
    unit: str = "line"

    def __str__(self) -> str:
        return f"{self.unit} {self.line}: {self.reason}"


def read_chats(
    path: Path, index: CatalogIndex, people: Mapping[str, Profile], changes: Counter[str] | None = None
) -> Iterator[Conversation | Rejected]:
    """What became of each entry, in order; `changes` takes up what was merged, cut and filled in of those
    that are kept. ConfigError when the file cannot be opened or is no file of chats."""
    seen: dict[str, Entry] = {}
    for entry in JsonFile(path, "chat", is_chat).entries():
        try:
            if entry.problem is not None:
                raise BadLine(entry.problem)
            chat = read_chat(entry.value)
            one = replayed(chat, index, people)
        except BadLine as problem:
            yield Rejected(entry.number, str(problem), entry.unit)
            continue
        first = seen.setdefault(one.conversation_id, entry)
        if first is not entry:
            why = f"its id or content is that of {first.place}; each chat counts once"
            yield Rejected(entry.number, why, entry.unit)
            continue
        if changes is not None:
            changes.update(chat.changes)
        yield one


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
