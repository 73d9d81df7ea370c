"""From judged rows to the `metrics` table: every metric × model × slice, with interval and n.

Models: `base`, `sft`, `dpo`; `expert` (the gold turns themselves, the ceiling of the metrics); the
baselines `majority`, `always_none`, `linear`; and the paired differences `sft-base` and `dpo-sft`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from muse_core.evaluation.score import metrics
from muse_core.evaluation.score.fluency import FluencyJudge, fluency
from muse_core.evaluation.score.position import (
    PositionScores,
    average_precision,
    position_scores,
    position_statistics,
)
from muse_core.evaluation.score.significance import bootstrap_p_value
from muse_core.evaluation.score.statistics import (
    Estimate,
    Resampler,
    Statistic,
    difference,
    estimate,
    resampler,
    slices_of,
)
from muse_core.records import Row

DIFFERENCES = (("sft", "base"), ("dpo", "sft"))


@dataclass(frozen=True)
class ModelRows:
    """One model's judged rows. `can_call`: whether it has ever learnt to call."""

    name: str
    rows: Sequence[Row]
    can_call: bool = True


@dataclass
class Scorecard:
    """Collects metric rows over one set of cases; all models share one set of resamples."""

    sampler: Resampler
    masks: Mapping[str, NDArray[np.bool_]]
    judge: FluencyJudge
    seed: int
    table: list[Row] = field(default_factory=list)
    known: dict[tuple[str, str], Statistic] = field(default_factory=dict)

    @classmethod
    def over(cls, rows: Sequence[Row], judge: FluencyJudge, resamples: int, seed: int) -> Scorecard:
        """A scorecard for the cases of `rows` (any model's)."""
        groups = [[row["profile_id"] for row in rows], [row["family"] for row in rows]]
        sampler = resampler(groups, resamples, np.random.default_rng([seed, 1]))
        return cls(sampler, slices_of(metrics.slice_columns(rows)), judge, seed)

    def add(self, model: ModelRows, without: Collection[str] = ()) -> None:
        """Every metric of one model, but for those that another scorecard measures (`without`)."""
        facts = metrics.facts_of(model.rows)
        found = {
            statistic.name: statistic for statistic in metrics.statistics(model.rows, facts, model.can_call)
        }
        found["fluency"] = self._fluency(model.rows, facts)
        if "argument_quality" in found:
            parts = (found["argument_quality"], found["fluency"], found["groundedness"])
            found["response_quality"] = metrics.response_quality(*parts)
        positions = position_scores(facts)
        if any(positions):
            found |= {statistic.name: statistic for statistic in position_statistics(positions)}
            self._add_average_precision(model.name, positions)
        for name, statistic in found.items():
            if name not in without:
                self.put(model.name, statistic)

    def add_decisions(self, model: str, predicted: Sequence[str], rows: Sequence[Row]) -> None:
        """A baseline: it only decides."""
        facts = [{"acceptable": fact["acceptable"], "broken": False} for fact in metrics.facts_of(rows)]
        decided = [
            row | {"predicted_decision": decision} for row, decision in zip(rows, predicted, strict=True)
        ]
        for statistic in metrics.selection(decided, facts):
            self.put(model, statistic)

    def put(self, model: str, statistic: Statistic) -> None:
        """One statistic on every slice that has cases."""
        self.known[model, statistic.name] = statistic
        for name, mask in self.masks.items():
            part = statistic.within(mask)
            if part.counted.any():
                self.append(model, statistic.name, name, estimate(part, self.sampler), statistic.unit)

    def add_differences(self, pairs: Sequence[tuple[str, str]] = DIFFERENCES) -> None:
        """new − old for each pair of models, over all cases and per language."""
        slices = [name for name in self.masks if name == "all" or name.startswith("language=")]
        for new, old in pairs:
            for (model, metric), statistic in list(self.known.items()):
                other = self.known.get((old, metric))
                if model == new and other is not None:
                    for name in slices:
                        found = difference(
                            statistic.within(self.masks[name]), other.within(self.masks[name]), self.sampler
                        )
                        self.append(f"{new}-{old}", metric, name, found, f"{statistic.unit}_difference")

    def p_values(self, new: str, old: str, names: Collection[str]) -> dict[str, float]:
        """Metric -> two-sided bootstrap p of new = old over all cases, for those that both have."""
        both = [name for name in names if {(new, name), (old, name)} <= self.known.keys()]
        return {
            name: bootstrap_p_value(self.known[new, name], self.known[old, name], self.sampler)
            for name in both
        }

    def append(self, model: str, metric: str, where: str, found: Estimate, unit: str) -> None:
        """A row, unless there is nothing to say."""
        self.table += metric_rows(model, metric, where, found, unit)

    def _fluency(self, rows: Sequence[Row], facts: Sequence[metrics.Facts]) -> Statistic:
        same = [metrics.is_right(row, fact) for row, fact in zip(rows, facts, strict=True)]
        return fluency(
            self.judge,
            [row["language"] for row in rows],
            [row["reply"] for row in rows],
            [fact["gold_reply"] for fact in facts],
            same,
            self.seed,
        )

    def _add_average_precision(self, model: str, positions: Sequence[PositionScores | None]) -> None:
        for name, mask in self.masks.items():
            if name == "all" or name.startswith("language="):
                kept = [score if keep else None for score, keep in zip(positions, mask, strict=True)]
                self.append(
                    model, "position_average_precision", name, average_precision(kept, self.sampler), "share"
                )


def metric_rows(model: str, metric: str, where: str, found: Estimate, unit: str) -> list[Row]:
    """The row of one estimate; none when it is not a number."""
    if not math.isfinite(found.value):
        return []
    row: Row = {
        "model": model,
        "metric": metric,
        "slice": where,
        "value": found.value,
        "n": found.n,
        "unit": unit,
    }
    return [row | {"low": found.low, "high": found.high}]


def flat_metrics(table: Sequence[Row]) -> dict[str, float]:
    """`sft.tool_accuracy`, `dpo-sft.tool_accuracy.low`, …: the rows over all cases, for the manifest."""
    flat: dict[str, float] = {}
    for row in table:
        if row["slice"] == "all":
            name = f"{row['model']}.{row['metric']}"
            flat[name] = row["value"]
            if row["metric"] in ("tool_accuracy", "exact_call", "preference_accuracy", "user_satisfaction"):
                flat |= {f"{name}.low": row["low"], f"{name}.high": row["high"]}
    return flat
