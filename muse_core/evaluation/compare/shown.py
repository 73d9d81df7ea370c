"""A comparison as tables of text, and its page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from muse_core.evaluation.compare.runs import Compared
from muse_core.evaluation.report import plots
from muse_core.evaluation.report.page import DPO_CURVES, ON_POLICY_CURVES, SFT_CURVES
from muse_core.evaluation.report.people import SETS
from muse_core.evaluation.report.render import write
from muse_core.evaluation.score.table import LOOP, comparison, duration
from muse_core.records import Row

TURNS = "Simulated turns"
TALKS = "Closed loop"
COST_NOTE = (
    "Seconds are those of the stages when they ran, each on its machine and beside what else ran there; "
    "turns sampled are those that a model was asked to write, tokens those that its training read."
)


@dataclass(frozen=True)
class Comparison:
    """`rows`: of the `metrics` table, differences against the first model; `lacks`: what could not be
    compared."""

    models: Sequence[Compared]
    rows: Sequence[Row]
    lacks: Sequence[str] = field(default_factory=tuple)

    def tables(self, shown: Sequence[str] = ()) -> list[tuple[str, list[list[str]]]]:
        """(title, lines) of requests of people, then of what is simulated. `shown`: only metrics of these
        names, in whatever set; () for all."""
        names = {one.name: one.name for one in self.models}
        first, *others = names
        pairs = [(other, first) for other in others]
        found = []
        for title, metrics in self._kinds().items():
            chosen = [metric for metric in metrics if not shown or metric.endswith(tuple(shown))]
            lines = comparison(self.rows, names, pairs, chosen)
            found += [(title, lines)] if len(lines) > 1 else []
        return found

    def _kinds(self) -> dict[str, list[str]]:
        """Title -> its metrics, in the order in which they were measured."""
        kinds: dict[str, list[str]] = {title: [] for title in (*_titles().values(), TURNS, TALKS)}
        for metric in dict.fromkeys(row["metric"] for row in self.rows):
            prefix = next((prefix for prefix in SETS if metric.startswith(prefix)), "")
            kinds[_titles().get(prefix, TALKS if metric.startswith(LOOP) else TURNS)].append(metric)
        return {title[0].upper() + title[1:]: names for title, names in kinds.items()}

    def cost(self) -> list[list[str]]:
        """A line per model."""
        head = ["Model", "Seconds", "Turns sampled", "Tokens trained on"]
        lines = [
            [one.name, duration(one.cost.seconds), f"{one.cost.sampled:,}", f"{one.cost.tokens:,}"]
            for one in self.models
        ]
        return [head, *lines]

    def as_json(self) -> dict[str, Any]:
        """Every figure and difference, unrounded."""
        costs = {one.name: vars(one.cost) for one in self.models}
        return {"models": list(costs), "cost": costs, "metrics": list(self.rows), "not_compared": self.lacks}

    def write_page(self, folder: Path) -> Path:
        """`compare.html` in `folder`."""
        charts = [(one.name, _curves(one.history)) for one in self.models]
        content = {
            "names": [one.name for one in self.models],
            "lacks": self.lacks,
            "cost": self.cost(),
            "cost_note": COST_NOTE,
            "tables": self.tables(),
            "forest": plots.forest(self.rows),
            "curves": [(name, found) for name, found in charts if found],
        }
        return write(folder / "compare.html", "compare.html.jinja", content)


def _titles() -> dict[str, str]:
    """Prefix of a set of people's requests -> its title."""
    return {prefix: title for prefix, (title, _) in SETS.items()}


def _curves(history: Sequence[Mapping[str, float]]) -> list[dict[str, Any]]:
    """Those of the method that wrote the history: the one that finds most of its names in it."""
    every = (plots.curves(history, names) for names in (DPO_CURVES, ON_POLICY_CURVES, SFT_CURVES))
    return max(every, key=len)
