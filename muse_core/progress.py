"""How a long computation says where it is. The terminal and the Prefect UI implement it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

Span = tuple[float, float]
WHOLE: Span = (0.0, 1.0)
LINE_EVERY = 0.05  # of the whole


class Progress(Protocol):
    """Called often; implementations throttle."""

    def update(self, done: int, total: int, note: str = "") -> None:
        """`done` of `total` units are finished; `note` is one short line: which units, loss, tokens/s."""

    def phase(self, number: int, of: int, name: str, span: Span) -> None:
        """Part `number` of `of`, counted from 1, begins: `update` counts within it from now on. `span`: the
        shares of the whole that it lies between."""


class Silent:
    """A progress that nobody watches."""

    def update(self, done: int, total: int, note: str = "") -> None:
        return None

    def phase(self, number: int, of: int, name: str, span: Span) -> None:
        return None


@dataclass(frozen=True)
class Within:
    """The progress of a part that begins at unit `before` of `total` and has `count` of them. Whoever reports
    in it may count in other units."""

    progress: Progress
    before: int
    count: int
    total: int
    note: str

    def update(self, done: int, total: int, note: str = "") -> None:
        here = self.count * done // total if total else 0
        self.progress.update(self.before + here, self.total, self.note)

    def phase(self, number: int, of: int, name: str, span: Span) -> None:
        return None


class Phases:
    """The parts of a computation in order, by name, with how much work each is about. One that turns out to
    be done already is left out."""

    def __init__(self, progress: Progress, work: Mapping[str, float]) -> None:
        self.progress, self.names = progress, tuple(work)
        whole = sum(work.values()) or 1.0
        self._ends = [done / whole for done in accumulate(work.values(), initial=0.0)]

    def begin(self, name: str) -> None:
        """ValueError for a name that was not announced."""
        at = self.names.index(name)
        self.progress.phase(at + 1, len(self.names), name, (self._ends[at], self._ends[at + 1]))


@dataclass
class Place:
    """Where a computation named `label` stands. `share`: how much of the whole is done."""

    label: str
    part: str = ""
    span: Span = WHOLE
    share: float = 0.0

    @property
    def title(self) -> str:
        """`evaluate 2/5 · SFT · test turns`."""
        return f"{self.label} {self.part}".strip()

    def enter(self, number: int, of: int, name: str, span: Span) -> None:
        self.part, self.span, self.share = f"{number}/{of} · {name}", span, span[0]

    def move(self, done: int, total: int) -> None:
        begin, end = self.span
        self.share = begin + (end - begin) * (done / total if total else 0.0)


def counted(done: int, total: int, note: str) -> str:
    """`340 of 680 turns`."""
    return f"{done:,} of {total:,} {note}".rstrip()


class Lines:
    """Progress as plain lines, where there is no terminal: every phase, and one line per 5 % of the whole."""

    def __init__(self, say: Callable[[str], None], label: str = "") -> None:
        self.say, self.place = say, Place(label)
        self._told = 0

    def update(self, done: int, total: int, note: str = "") -> None:
        self.place.move(done, total)
        step = int(self.place.share / LINE_EVERY + 1e-9)
        if step > self._told:
            self._told = step
            text = f"{100 * self.place.share:.0f} % ({counted(done, total, note)})"
            self.say(f"{self.place.title}: {text}" if self.place.title else text)

    def phase(self, number: int, of: int, name: str, span: Span) -> None:
        self.place.enter(number, of, name, span)
        self.say(self.place.title)
