"""What a command says on stderr while it works: one live line on a terminal, plain lines where there is none,
nothing but warnings when quiet, JSON lines when asked.

A JSON line is an object with `time` (ISO, UTC), `level`, `stage` (the one that is running, or null) and
`message`; all that is said is one, by us or by a library that warns.
"""

from __future__ import annotations

import json
import logging
import time
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column

from muse_core.progress import Lines, Place, Span, counted
from tasks.addresses import without_secrets

log = logging.getLogger(__name__)

OUR_LOGGERS = ("muse_core", "tasks", "flows", "data_contracts")
NARROW = 60  # columns; below, a live line has no bar and no note
STAGE: ContextVar[str | None] = ContextVar("stage", default=None)


@cache
def console() -> Console:
    """The terminal's stderr; live lines and log records go through it, so that they do not mix."""
    return Console(stderr=True)


class StderrHandler(logging.Handler):
    """Records as lines on stderr."""

    def __init__(self, is_quiet: bool, as_json: bool) -> None:
        super().__init__(logging.WARNING if is_quiet else logging.INFO)
        self.as_json = as_json

    def emit(self, record: logging.LogRecord) -> None:
        level, message = record.levelname.lower(), without_secrets(record.getMessage())
        if self.as_json:
            write_json(level, message, record.created)
            return
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        mark = "" if record.levelno < logging.WARNING else f"{level}: "
        write(f"{clock}  {mark}{message}")


def to_terminal(is_quiet: bool = False, as_json: bool = False) -> None:
    """Sends the records of our own packages to the terminal, one short line each (the CLI calls this);
    quiet: warnings and errors alone, and no live line; `as_json`: each line one object.

    Prefect's account of a failed run stays in its UI: the command line says the error itself, once."""
    ours = StderrHandler(is_quiet, as_json)
    for name in OUR_LOGGERS:
        logger = logging.getLogger(name)
        logger.setLevel(logging.INFO)
        logger.propagate = False
        logger.handlers = [one for one in logger.handlers if not isinstance(one, StderrHandler)]
        logger.addHandler(ours)
    root = logging.getLogger()
    if as_json:  # Prefect's and warnings' own forms are no JSON
        root.handlers = [StderrHandler(True, True)]
    for theirs in root.handlers:
        theirs.addFilter(_is_news)


def again() -> None:
    """The same once more, behind a library that has set up logging of its own meanwhile."""
    if _handler() is not None:
        to_terminal(is_quiet(), is_json())


def say(text: str) -> None:
    """A line that belongs to no logger."""
    if is_quiet():
        return
    if is_json():
        write_json("info", without_secrets(text))
    else:
        write(without_secrets(text))


def _is_news(record: logging.LogRecord) -> bool:
    chatter = record.name.startswith(("prefect.flow_runs", "prefect.task_runs"))
    return record.levelno >= logging.WARNING and not chatter


def _handler() -> StderrHandler | None:
    found = [one for one in logging.getLogger("tasks").handlers if isinstance(one, StderrHandler)]
    return found[0] if found else None


def is_quiet() -> bool:
    """Whether the user asked for warnings and errors alone."""
    ours = _handler()
    return ours is not None and ours.level > logging.INFO


def is_json() -> bool:
    """Whether the user asked for JSON lines."""
    ours = _handler()
    return ours is not None and ours.as_json


def write(text: str) -> None:
    """One line, as it is."""
    console().print(text, markup=False, highlight=False, emoji=False, soft_wrap=True)


def write_json(level: str, message: str, at: float | None = None) -> None:
    """One line of JSON, in ASCII."""
    moment = datetime.fromtimestamp(time.time() if at is None else at, UTC)
    line = {"time": moment.isoformat(timespec="milliseconds"), "level": level, "stage": STAGE.get()}
    file = console().file
    file.write(json.dumps(line | {"message": message}) + "\n")
    file.flush()


class Shown:
    """A `Progress` on stderr for a piece of work named `label`: a live line, or plain lines. A context
    manager that ends the live line; `stage` stands in the JSON lines that are said within."""

    def __init__(self, label: str, stage: str | None = None) -> None:
        self.place, self.stage = Place(label), stage or label
        is_live = console().is_terminal and not is_quiet() and not is_json()
        self._bar: Progress | None = live_bar() if is_live else None
        self._row: TaskID | None = None
        self._lines = Lines(log.info, label)

    def __enter__(self) -> Shown:
        self._outside = STAGE.set(self.stage)
        if self._bar is not None:
            self._bar.start()
            self._row = self._bar.add_task(self.place.label, total=1.0, left="", note="")
        else:
            log.info("%s: started", self.place.label)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        STAGE.reset(self._outside)

    def update(self, done: int, total: int, note: str = "", left: str = "") -> None:
        """`left`: how long the whole still takes."""
        self.place.move(done, total)
        if self._bar is not None and self._row is not None:
            text = counted(done, total, note)
            self._bar.update(self._row, completed=self.place.share, left=left, note=text)
        else:
            self._lines.update(done, total, "; ".join(filter(None, (note, left))))

    def phase(self, number: int, of: int, name: str, span: Span) -> None:
        self.place.enter(number, of, name, span)
        if self._bar is not None and self._row is not None:
            self._bar.update(self._row, description=self.place.title, completed=self.place.share, note="")
        else:
            self._lines.phase(number, of, name, span)


def live_bar() -> Progress:
    """What is cut where there is little room: the note; on a narrow terminal the title, and there is no more
    than it, the share and the time."""
    is_narrow = console().width < NARROW
    title = Column(ratio=1, no_wrap=True, overflow="ellipsis") if is_narrow else None
    columns: list[ProgressColumn] = [TextColumn("{task.description:14}", table_column=title, markup=False)]
    columns += [] if is_narrow else [BarColumn(bar_width=10)]
    columns += [TextColumn("{task.percentage:.0f} %"), TimeElapsedColumn()]
    if not is_narrow:
        note = Column(ratio=1, no_wrap=True, overflow="ellipsis")
        columns += [
            TextColumn("{task.fields[left]}"),
            TextColumn("{task.fields[note]}", table_column=note, markup=False),
        ]
    return Progress(*columns, console=console(), transient=True, expand=True)
