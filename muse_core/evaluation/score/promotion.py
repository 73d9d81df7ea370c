"""May the trained model be promoted? A rule of bounds on intervals, never on means (`[promotion]`).

The candidate is the DPO model, compared with the SFT model on the same test cases. "Not worse"
(docs/metrics.md#not-worse-and-better): the lower bound of the paired difference is at minus two points or
above, a point being a hundredth of the metric's range, so on a 1–5 score 0.08. Where all cases agree, what n
cases cannot exclude is subtracted, 3 / n (the rule of three; Hanley and Lippman-Hand 1983). A comparison on
fewer cases than asked for decides nothing, and neither does one that was not measured: the model is not
promoted then, but not called worse. Not covered: comparing with an earlier champion, which answered other
cases.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from muse_core.config.run_config import PromotionConfig
from muse_core.errors import ConfigError
from muse_core.evaluation.score.table import LOOP, number
from muse_core.records import Row
from muse_core.types import LANGUAGES, JsonValue

SECOND_ROW = "handwritten_"  # the same metric on cases that no simulator made
CANDIDATE, AGAINST = "dpo", "sft"
Outcome = Literal["passed", "blocked", "not enough cases"]

_RANGE = {"share": 1.0, "score_1_5": 4.0}
_DIFFERENCE = "_difference"
_ROUNDING = 1e-9
_Rows = Mapping[tuple[str, str, str], Row]


@dataclass(frozen=True)
class Condition:
    """One condition of the rule: what it asks, what was found, and whether it holds."""

    metric: str
    where: str
    wanted: str
    found: str
    outcome: Outcome

    def __str__(self) -> str:
        return f"{self.outcome}: {self.metric} ({self.where}), {self.wanted}; found {self.found}"


@dataclass(frozen=True)
class Promotion:
    """The verdict with every condition."""

    conditions: tuple[Condition, ...]

    @property
    def outcome(self) -> Outcome:
        """Blocked by one failed condition; undecided by one that has too few cases."""
        known = {condition.outcome for condition in self.conditions}
        order: tuple[Outcome, ...] = ("blocked", "not enough cases")
        return next((outcome for outcome in order if outcome in known), "passed")

    def lines(self) -> list[str]:
        """What `muse run` prints: the verdict, then the conditions, those that do not hold first."""
        worst = sorted(
            self.conditions, key=lambda one: ("blocked", "not enough cases").count(one.outcome) == 0
        )
        return [f"Promotion: {self.outcome}.", *(f"  {condition}" for condition in worst)]

    def as_json(self) -> dict[str, JsonValue]:
        listed: list[JsonValue] = [vars(condition) | {} for condition in self.conditions]
        return {"outcome": self.outcome, "conditions": listed}


def judge(rows: Sequence[Row], rule: PromotionConfig) -> Promotion:
    """The verdict on the rows of a `metrics` table."""
    known = {(row["model"], row["metric"], row["slice"]): row for row in rows}
    return Promotion((*_comparisons(known, rule), *_bounds(known, rule)))


def _comparisons(known: _Rows, rule: PromotionConfig) -> Iterator[Condition]:
    for metric in rule.not_worse:
        yield _not_worse(known, metric, "all", rule)
        if metric in rule.per_language:
            for language in LANGUAGES:
                yield _not_worse(known, metric, f"language={language}", rule)


def _not_worse(known: _Rows, metric: str, where: str, rule: PromotionConfig) -> Condition:
    row = known.get((f"{CANDIDATE}-{AGAINST}", metric, where))
    wanted = f"not worse than {AGAINST.upper()} by more than {100 * rule.margin:g} points"
    if row is None:
        return Condition(metric, where, wanted, "not measured", "not enough cases")
    enough = _enough(metric, where, rule)
    if row["n"] < enough:
        return Condition(metric, where, f"n ≥ {enough}", f"n = {row['n']}", "not enough cases")
    low = (
        min(row["low"], row["value"] - 3 / row["n"] * _range(row))
        if row["low"] == row["high"]
        else row["low"]
    )
    holds = low >= -rule.margin * _range(row) - _ROUNDING
    return Condition(metric, where, wanted, _shown(row), "passed" if holds else "blocked")


def _enough(metric: str, where: str, rule: PromotionConfig) -> int:
    """How many cases a comparison needs; one of the closed loop counts conversations."""
    if metric.startswith(LOOP):
        return rule.min_talks
    return rule.min_cases if where == "all" else rule.min_cases_per_language


def _range(row: Row) -> float:
    kind = row["unit"].removesuffix(_DIFFERENCE)
    if kind not in _RANGE:
        raise ConfigError(
            f"promotion.not_worse: {row['metric']} is measured in {kind}; "
            "expected a share or a 1–5 score, for which a point is a hundredth of the range"
        )
    return _RANGE[kind]


def _bounds(known: _Rows, rule: PromotionConfig) -> Iterator[Condition]:
    for metric, bound in rule.at_least.items():
        yield _bound(known, metric, bound, "low")
    for metric, bound in rule.at_most.items():
        yield _bound(known, metric, bound, "high")


def _bound(known: _Rows, metric: str, bound: float, end: Literal["low", "high"]) -> Condition:
    row = known.get((CANDIDATE, metric, "all"))
    wanted = f"interval {'above' if end == 'low' else 'below'} {bound:g}"
    if row is None:
        return Condition(metric, "all", wanted, "not measured", "not enough cases")
    gap = row[end] - bound if end == "low" else bound - row[end]
    return Condition(metric, "all", wanted, _shown(row), "passed" if gap >= -_ROUNDING else "blocked")


def _shown(row: Row) -> str:
    value, low, high = (number(row[key], row["unit"]) for key in ("value", "low", "high"))
    return f"{value} [{low}, {high}], n = {row['n']}"


# ---- the word "better" ----------------------------------------------------------------------------


def called_better(rows: Sequence[Row], metric: str, margin: float = 0.02) -> tuple[bool, str]:
    """Whether the candidate may be called better in `metric`, and why or why not: its difference is above
    zero with its whole interval, and on the hand-written cases it is not worse
    (docs/decisions.md#a-second-row)."""
    known = {(row["metric"], row["slice"]): row for row in rows if row["model"] == f"{CANDIDATE}-{AGAINST}"}
    row, second = known.get((metric, "all")), known.get((f"{SECOND_ROW}{metric}", "all"))
    if row is None or second is None:
        missing = metric if row is None else f"{SECOND_ROW}{metric}"
        return False, f"not called better: {missing} was not measured for both models"
    if row["low"] <= 0:
        return False, f"not called better: the difference in {metric} is {_shown(row)}"
    if second["low"] < -margin * _range(second) - _ROUNDING:
        return False, f"not called better: on hand-written cases the difference is {_shown(second)}"
    return True, f"better in {metric}: {_shown(row)}; on hand-written cases {_shown(second)}"
