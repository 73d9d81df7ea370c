"""Where a stage is: on the terminal and as a progress artifact in the Prefect UI.

On a terminal one live line on stderr; otherwise a log line every few seconds. The stage calls
`update` as often as it likes.
"""

from __future__ import annotations

import logging
import time
from functools import cache
from types import TracebackType
from typing import Any

from prefect.artifacts import create_progress_artifact, update_progress_artifact
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

log = logging.getLogger(__name__)

LINE_EVERY_S = 5.0
ARTIFACT_EVERY_S = 4.0


@cache
def console() -> Console:
    """The terminal's stderr; live lines and log records go through it, so that they do not mix."""
    return Console(stderr=True)


class StageProgress:
    """A `Progress` for one stage run; a context manager that ends the live line."""

    def __init__(self, stage: str) -> None:
        self.stage = stage
        self.started = self._line_at = self._artifact_at = time.monotonic()
        self._artifact_id: Any = None
        self._bar: Progress | None = _live_bar() if console().is_terminal else None
        self._row: TaskID | None = None

    def __enter__(self) -> StageProgress:
        if self._bar is not None:
            self._bar.start()
            self._row = self._bar.add_task(self.stage, total=None, note="")
        else:
            log.info("%s: started", self.stage)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        if self._artifact_id is not None and kind is None:
            self._publish(100.0, "done")

    def update(self, done: int, total: int, note: str = "") -> None:
        now = time.monotonic()
        if self._bar is not None and self._row is not None:
            self._bar.update(self._row, completed=done, total=total, note=note)
        elif now - self._line_at >= LINE_EVERY_S:
            self._line_at = now
            share = f"{100 * done / total:3.0f} %" if total else ""
            log.info("%s: %d/%d %s %s (%.0f s)", self.stage, done, total, share, note, now - self.started)
        if now - self._artifact_at >= ARTIFACT_EVERY_S:
            self._artifact_at = now
            self._publish(100.0 * done / total if total else 0.0, f"{done}/{total} {note}")

    def _publish(self, percent: float, text: str) -> None:
        """Shows the progress in the UI. A server that is away must not end hours of work."""
        try:
            if self._artifact_id is None:
                key = f"progress-{self.stage}".replace("_", "-")
                self._artifact_id = create_progress_artifact(progress=percent, key=key, description=text)
            else:
                update_progress_artifact(self._artifact_id, progress=percent, description=text)
        except Exception as problem:
            log.warning("%s: the progress could not be shown in the UI: %s", self.stage, problem)
            self._artifact_at = time.monotonic() + 60


def _live_bar() -> Progress:
    columns = (
        TextColumn("{task.description:14}"),
        BarColumn(bar_width=28),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}"),
    )
    return Progress(*columns, console=console(), transient=True)


def to_terminal(level: int = logging.INFO) -> None:
    """Sends the records of our own packages to the terminal, one short line each (the CLI calls this).

    Prefect's account of a failed run stays in its UI: the command line says the error itself, once."""
    ours = _ConsoleHandler(level)
    for name in ("muse_core", "tasks", "flows", "data_contracts"):
        logger = logging.getLogger(name)
        logger.setLevel(level)
        logger.propagate = False
        if not any(isinstance(known, _ConsoleHandler) for known in logger.handlers):
            logger.addHandler(ours)
    for theirs in logging.getLogger().handlers:
        theirs.addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    chatter = record.name.startswith(("prefect.flow_runs", "prefect.task_runs"))
    return record.levelno >= logging.WARNING and not chatter


class _ConsoleHandler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        mark = "" if record.levelno < logging.WARNING else f"{record.levelname.lower()}: "
        console().print(
            f"{clock}  {mark}{record.getMessage()}", markup=False, highlight=False, soft_wrap=True
        )
