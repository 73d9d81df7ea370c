"""What an address answered, kept, so that a conversation replays: one line for each call of its own.

    delivery.recorded.jsonl beside delivery.toml
    {"call": {"pincode": "560001"}, "answer": {"text": "3 days"}}

The first answer to a call stands; the address is asked once. The file may be written by hand, and deleted
to ask anew. It does not enter a stage's key: see docs/tools.md#what-an-address-answers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from muse_core.durable import file_lock
from muse_core.errors import ConfigError
from muse_core.json_text import JsonTextError, read_json
from muse_core.records import canonical_json


@dataclass
class Recording:
    """The answers of one address, shared by all processes through their file."""

    path: Path
    _known: dict[str, Any] = field(default_factory=dict)
    _bytes: int = 0  # of the file that `_known` has
    _lines: int = 0

    def answer(self, call: Mapping[str, Any], ask: Callable[[], Any]) -> Any:
        """The recorded answer to a call, or what `ask` gives, recorded. ConfigError where the file cannot be
        read or written."""
        key = canonical_json(dict(call))
        if key in self._known:
            return self._known[key]
        try:
            with file_lock(self.path.with_suffix(".lock"), announce=lambda text: None):
                self._read_on()
                if key not in self._known:
                    self._append(call, ask())
                    self._read_on()
        except OSError as problem:
            raise ConfigError(
                f"{self.path}, where answers are kept, cannot be used: {problem.strerror}; "
                "make its folder writable, or put the tool's file into one that is"
            ) from None
        return self._known[key]

    def _append(self, call: Mapping[str, Any], answer: Any) -> None:
        line = json.dumps({"call": dict(call), "answer": answer}, ensure_ascii=False) + "\n"
        with self.path.open("ab+") as file:
            if file.tell() and not _ends_line(self.path):
                line = "\n" + line
            file.write(line.encode("utf-8"))

    def _read_on(self) -> None:
        """Takes up the lines that have come since; all, where the file was written anew."""
        size = self.path.stat().st_size if self.path.is_file() else 0
        if size < self._bytes:
            self._known, self._bytes, self._lines = {}, 0, 0
        if size == self._bytes:
            return
        with self.path.open("rb") as file:
            file.seek(self._bytes)
            new = file.read()
        self._bytes += len(new)
        for line in new.decode("utf-8", "replace").split("\n"):
            if line.strip():
                self._take(line)
        self._lines += new.count(b"\n")

    def _take(self, line: str) -> None:
        try:
            entry = read_json(line)
            self._known.setdefault(canonical_json(dict(entry["call"])), entry["answer"])
        except (JsonTextError, KeyError, TypeError, ValueError):
            raise ConfigError(
                f"{self.path} (below line {self._lines}): found {line[:80]!r}, expected "
                '{"call": {arguments}, "answer": {…}}; mend it, or delete the file to ask the address anew'
            ) from None


def _ends_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read(1) == b"\n"
