"""What is told of served turns and feedback, never in the way of a turn.

    {"id": "chatcmpl-7…", "time": "2026-11-30T05:00:00+00:00", "model": "model/8cfab870018495fa",
     "format": "1f0c…", "language": "en", "decision": "search", "calls": 1, "errors": 0, "empty": false,
     "declined": false, "repaired": null, "seconds": 0.8, "prompt_tokens": 310, "completion_tokens": 41}

A line of `<home>/serving/turns.jsonl` says no word of what was said. Whoever listens (that file, traces) is
called in a thread of its own behind a bounded queue: what does not fit because a listener is slow or away
is dropped and counted, and what it raises is counted too.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)
MOST_WAITING = 1000
LAST_WORDS_S = 5.0  # how long the end of the server waits for what is still in the queue
SHOWN_EVERY = 100  # failures of a listener between two lines in the log

Listener = Callable[[str, Mapping[str, Any]], None]  # ("turn" | "feedback", what is known of it)
Count = Callable[[str], None]


class JsonLines:
    """Appends rows; safe for several threads, readable by its owner only."""

    def __init__(self, file: Path) -> None:
        self.file, self._lock = file, threading.Lock()

    def append(self, row: Mapping[str, Any]) -> None:
        line = (json.dumps(row, ensure_ascii=False) + "\n").encode("utf-8", "replace")
        with self._lock:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(handle, "ab") as out:
                out.write(line)


class Teller:
    """Tells a listener in a thread; `count` is called with sent, dropped or failed."""

    def __init__(self, listener: Listener, count: Count, most: int = MOST_WAITING) -> None:
        self._listener, self._count = listener, count
        self._waiting: queue.Queue[tuple[str, Mapping[str, Any]] | None] = queue.Queue(most)
        self._failures = 0
        self._thread = threading.Thread(target=self._work, name="telling", daemon=True)
        self._thread.start()

    def tell(self, kind: str, about: Mapping[str, Any]) -> None:
        """Returns at once."""
        try:
            self._waiting.put_nowait((kind, about))
        except queue.Full:
            self._count("dropped")

    def close(self) -> None:
        """Waits a little for what is still in the queue."""
        try:
            self._waiting.put(None, timeout=LAST_WORDS_S)
        except queue.Full:
            return
        self._thread.join(LAST_WORDS_S)

    def _work(self) -> None:
        while (one := self._waiting.get()) is not None:
            try:
                self._listener(*one)
                self._count("sent")
            except Exception as problem:  # a listener is somebody else's: no turn may end with it
                self._count("failed")
                if self._failures % SHOWN_EVERY == 0:
                    log.warning(
                        "what is told of turns is not taken (%s: %s)", type(problem).__name__, problem
                    )
                self._failures += 1
