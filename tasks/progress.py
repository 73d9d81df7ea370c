"""Where a stage is: on the terminal and as a progress artifact in the Prefect UI.

On a terminal one live line on stderr; otherwise a log line per phase and per 5 %. Both say how long the
whole run still takes, where it has an estimate. The stage calls `update` as often as it likes.
"""

from __future__ import annotations

import logging
import time
from functools import cache
from types import TracebackType
from typing import Any

from prefect.artifacts import create_progress_artifact, update_progress_artifact
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column

from muse_core.progress import Lines, Place, Span, counted
from tasks.estimate import in_short
from tasks.forecast import Forecast

log = logging.getLogger(__name__)

ARTIFACT_EVERY_S = 4.0
OUR_LOGGERS = ("muse_core", "tasks", "flows", "data_contracts")


@cache
def console() -> Console:
    """The terminal's stderr; live lines and log records go through it, so that they do not mix."""
    return Console(stderr=True)


class StageProgress:
    """A `Progress` for one stage run, headed by `label`; a context manager that ends the live line."""

    def __init__(self, stage: str, forecast: Forecast | None = None, label: str = "") -> None:
        self.stage, self.forecast = stage, forecast
        self.label = label or stage
        self.place = Place(self.label)
        self.started = self._artifact_at = time.monotonic()
        self._artifact_id: Any = None
        self._bar: Progress | None = _live_bar() if console().is_terminal and not is_quiet() else None
        self._row: TaskID | None = None
        self._lines = Lines(log.info, self.label)

    def __enter__(self) -> StageProgress:
        if self._bar is not None:
            self._bar.start()
            self._row = self._bar.add_task(self.label, total=1.0, left="", note="")
        else:
            log.info("%s: started", self.label)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        if self._artifact_id is not None and kind is None:
            self._publish(100.0, "done")
        if self.forecast is not None and kind is None:
            self.forecast.finish(self.stage, time.monotonic() - self.started)

    def update(self, done: int, total: int, note: str = "") -> None:
        self.place.move(done, total)
        text, left = counted(done, total, note), self._left()
        if self._bar is not None and self._row is not None:
            self._bar.update(self._row, completed=self.place.share, left=left, note=text)
        else:
            self._lines.update(done, total, "; ".join(filter(None, (note, left))))
        now = time.monotonic()
        if now - self._artifact_at >= ARTIFACT_EVERY_S:
            self._artifact_at = now
            title = f"{self.place.part}: " if self.place.part else ""
            self._publish(100.0 * self.place.share, "; ".join(filter(None, (f"{title}{text}", left))))

    def phase(self, number: int, of: int, name: str, span: Span) -> None:
        self.place.enter(number, of, name, span)
        if self._bar is not None and self._row is not None:
            log.info("%s", self.place.title)
            self._bar.update(self._row, description=self.place.title, completed=self.place.share, note="")
        else:
            self._lines.phase(number, of, name, span)

    def _left(self) -> str:
        """How long the whole run still takes; nothing where that is not known."""
        if self.forecast is None:
            return ""
        left = self.forecast.left_s(self.stage, self.place.share, time.monotonic() - self.started)
        return "" if left is None else f"{in_short(left)} of the run left"

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
    """On a narrow terminal the note is what is cut."""
    columns = (
        TextColumn("{task.description:14}"),
        BarColumn(bar_width=10),
        TextColumn("{task.percentage:.0f} %"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
        TextColumn("{task.fields[note]}", table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")),
    )
    return Progress(*columns, console=console(), transient=True, expand=True)


def to_terminal(is_quiet: bool = False) -> None:
    """Sends the records of our own packages to the terminal, one short line each (the CLI calls this);
    quiet: warnings and errors alone, and no live line.

    Prefect's account of a failed run stays in its UI: the command line says the error itself, once."""
    ours = _ConsoleHandler(logging.WARNING if is_quiet else logging.INFO)
    for name in OUR_LOGGERS:
        logger = logging.getLogger(name)
        logger.setLevel(logging.INFO)
        logger.propagate = False
        if not any(isinstance(known, _ConsoleHandler) for known in logger.handlers):
            logger.addHandler(ours)
    for theirs in logging.getLogger().handlers:
        theirs.addFilter(_is_news)


def is_quiet() -> bool:
    """Whether the user asked for warnings and errors alone."""
    ours = [one for one in logging.getLogger("tasks").handlers if isinstance(one, _ConsoleHandler)]
    return any(handler.level > logging.INFO for handler in ours)


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
