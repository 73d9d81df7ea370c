"""Answers that were paid for once: an SQLite file from request digest to the model's answer.

It lies in the store's work folder and outlives the stage, so that a rerun asks nothing twice and gives
the same conversations, and a run that was interrupted asks only the rest. Failures are not kept: they may
pass. Used by one thread.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from muse_core.dialogue.llm.service import TextAnswer
from muse_core.durable import explained

_COLUMNS = "text, tokens_in, tokens_out, seconds"


class AnswerBook:
    """The answers in one file; a damaged file is started again."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "teacher.sqlite"
        with explained(folder):
            folder.mkdir(parents=True, exist_ok=True)
        try:
            self._open()
        except sqlite3.DatabaseError:
            self.path.unlink()
            self._open()

    def _open(self) -> None:
        # autocommit: what was answered before a kill is kept
        self._file = sqlite3.connect(self.path, isolation_level=None)
        self._file.execute(
            "CREATE TABLE IF NOT EXISTS answers (digest TEXT PRIMARY KEY, text TEXT NOT NULL,"
            " tokens_in INTEGER, tokens_out INTEGER, seconds REAL NOT NULL)"
        )

    def get(self, digest: str) -> TextAnswer | None:
        """What answered this request, None when it was never answered."""
        row = self._file.execute(f"SELECT {_COLUMNS} FROM answers WHERE digest = ?", (digest,)).fetchone()
        return None if row is None else TextAnswer(row[0], None, *row[1:])

    def put(self, digest: str, answer: TextAnswer) -> None:
        """Keeps the first answer to a request."""
        values = (digest, answer.text, answer.tokens_in, answer.tokens_out, answer.seconds)
        self._file.execute("INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?, ?)", values)

    def close(self) -> None:
        self._file.close()
