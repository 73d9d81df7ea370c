"""The user's file of chats on its way into a run: what is kept, what is left out and why."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from muse_core.conversation_files.read import SHOWN, Rejected, read_chats, refuse
from muse_core.progress import Progress
from muse_core.types import Conversation, JsonValue, Profile

if TYPE_CHECKING:
    from muse_core.catalog.index import CatalogIndex

log = logging.getLogger(__name__)


@dataclass
class Given:
    """The file, the entries of it that were left out so far, and what was changed in the others."""

    file: Path
    rejected: list[Rejected] = field(default_factory=list)
    changes: Counter[str] = field(default_factory=Counter)

    def metrics(self) -> dict[str, float]:
        """How many entries were left out, and how often kept ones were merged, cut or filled in."""
        return {"rejected": float(len(self.rejected))} | {
            name: float(count) for name, count in sorted(self.changes.items())
        }

    def about(self) -> dict[str, JsonValue]:
        """What the manifest keeps."""
        return {"source": str(self.file), "rejected": [str(line) for line in self.rejected]}

    def read(
        self, index: CatalogIndex, shoppers: Mapping[str, Profile], size: int, progress: Progress
    ) -> Iterator[list[Conversation]]:
        """The conversations, `size` at a time. ConfigError when no line can be used."""
        waiting: list[Conversation] = []
        kept = 0
        for number, chat in enumerate(read_chats(self.file, index, shoppers, self.changes), start=1):
            if isinstance(chat, Rejected):
                self._reject(chat)
            else:
                waiting.append(chat)
            if len(waiting) == size:
                yield waiting
                kept, waiting = kept + len(waiting), []
                progress.update(number, number, "lines of the file")
        if waiting:
            yield waiting
        if not kept + len(waiting):
            raise refuse(self.file, self.rejected)
        self._say_rest(kept + len(waiting))

    def _reject(self, line: Rejected) -> None:
        self.rejected.append(line)
        if len(self.rejected) <= SHOWN:
            log.warning("%s, %s", self.file.name, line)

    def _say_rest(self, kept: int) -> None:
        left, name = len(self.rejected), self.file.name
        more = f"; {left - SHOWN} more reasons are in the manifest" if left > SHOWN else ""
        log.info("%s: %d conversations kept, %d lines rejected%s", name, kept, left, more)
        if self.changes:
            said = ", ".join(f"{what.replace('_', ' ')} {n}" for what, n in sorted(self.changes.items()))
            log.info("%s: in the kept ones: %s", name, said)
