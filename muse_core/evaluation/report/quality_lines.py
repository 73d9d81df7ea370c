"""One figure of the data's quality as a line, and its value as people read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from muse_core.evaluation.score.table import DASH

Numbers = Mapping[str, float]
Mark = Literal["met", "missed", ""]
PERCENT = "\u00a0%"  # stays beside its number


@dataclass(frozen=True)
class Line:
    """One figure. `mark` is empty where there is no goal."""

    name: str
    value: str
    goal: str = ""
    mark: Mark = ""
    note: str = ""


def judged_line(name: str, value: str, goal: str, met: bool, note: str = "") -> Line:
    return Line(name, value, goal, "met" if met else "missed", note)


def plain_line(
    numbers: Numbers, key: str, name: str, note: str, text: Callable[[float | None], str] | None = None
) -> Iterator[Line]:
    """The line of a figure without a goal, when it was measured."""
    if numbers.get(key) is not None:
        yield Line(name, (text or as_share)(numbers[key]), "", "", note)


def as_share(value: float | None) -> str:
    if value is None:
        return DASH
    return f"100{PERCENT}" if value == 1 else f"{min(100 * value, 99.9):.1f}{PERCENT}"


def as_auc(value: float | None) -> str:
    return DASH if value is None else f"{value:.3f}"


def as_count(value: float | None) -> str:
    return DASH if value is None else f"{value:,.0f}"


def as_number(value: float) -> str:
    return as_count(value) if float(value).is_integer() else f"{value:.3f}"


def reasons(numbers: Numbers, prefix: str) -> str:
    """The figures of a prefix that are not 0: `lost argument 30, markup 2`."""
    found = {name.removeprefix(prefix): n for name, n in numbers.items() if name.startswith(prefix) and n}
    return ", ".join(f"{reason.replace('_', ' ')} {as_count(n)}" for reason, n in sorted(found.items()))
