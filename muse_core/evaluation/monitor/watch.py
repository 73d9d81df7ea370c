"""The turn log against the training data: one verdict a figure, a page, and whether somebody should look."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from muse_core.evaluation.monitor.drift import Drift, drift_of
from muse_core.evaluation.monitor.turns import FIGURES, ServedTurns, training_counts
from muse_core.evaluation.report.render import write
from muse_core.types import Conversation, JsonValue

LEAST = 100  # turns, below which nothing is said
NAMES = {
    "language": "language",
    "decision": "first tool of a turn",
    "empty": "nothing found",
    "declined": "declined",
    "errors": "a call failed",
}


@dataclass(frozen=True)
class Bounds:
    """When somebody should look: an index, and the seconds within which 95 of 100 turns are answered."""

    psi: float
    p95_s: float


@dataclass(frozen=True)
class Watched:
    """What was found. Too few turns say nothing, so they raise no alert."""

    served: ServedTurns
    drifts: tuple[Drift, ...]
    bounds: Bounds

    @property
    def is_enough(self) -> bool:
        return len(self.served.turns) >= LEAST

    @property
    def is_slow(self) -> bool:
        return self.served.seconds(0.95) > self.bounds.p95_s

    @property
    def alerts(self) -> list[str]:
        """What is out of bounds, in words."""
        if not self.is_enough:
            return []
        found = [f"{NAMES[one.name]}: PSI {one.psi:.2f}" for one in self.drifts if one.is_alert]
        p95 = self.served.seconds(0.95)
        return found + [f"p95 {p95:.1f} s, at most {self.bounds.p95_s:g} s"] * self.is_slow

    def as_json(self) -> dict[str, JsonValue]:
        figures: dict[str, JsonValue] = {
            one.name: {
                "psi": one.psi, "by_chance": one.by_chance, "alert": one.is_alert and self.is_enough,
                "training": dict(one.expected), "served": dict(one.actual),
            }
            for one in self.drifts
        }  # fmt: skip
        seconds: dict[str, JsonValue] = {f"p{at}": self.served.seconds(at / 100) for at in (50, 95, 99)}
        return {
            "turns": len(self.served.turns), "bad_lines": self.served.bad, "enough": self.is_enough,
            "figures": figures, "seconds": seconds, "alerts": list(self.alerts),
        }  # fmt: skip


def watch(served: ServedTurns, conversations: Iterable[Conversation], bounds: Bounds) -> Watched:
    training = training_counts(conversations)
    drifts = tuple(drift_of(name, training[name], served.counts(name), bounds.psi) for name in FIGURES)
    return Watched(served, drifts, bounds)


def write_page(found: Watched, trained_on: str, folder: Path) -> Path:
    """`monitor.html` in `folder`."""
    turns = found.served.turns
    content = {
        "found": found, "names": NAMES, "trained_on": trained_on, "least": LEAST,
        "models": sorted({one.model for one in turns}),
        "between": (turns[0].time, turns[-1].time) if turns else ("", ""),
        "seconds": {f"p{at}": f"{found.served.seconds(at / 100):.2f}" for at in (50, 95, 99)},
    }  # fmt: skip
    return write(folder / "monitor.html", "monitor.html.jinja", content)
