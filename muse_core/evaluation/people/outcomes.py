"""How each request of people came out for each model: kept in a run's manifest, so that runs can be compared
case by case without any model.

    {"cases": ["phones-en-none-4", …],
     "models": {"dpo": {"tool_accuracy": [1, 0, …], "exact_call": [1, null, …]}}}
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from muse_core.evaluation.cases.case import Verdict
from muse_core.evaluation.cases.case_summary import statistics_of
from muse_core.evaluation.people.asked import Asked
from muse_core.evaluation.score.statistics import Statistic, mean_of

KEPT = ("tool_accuracy", "tool_accuracy_lenient", "exact_call", "argument_f1", "invented_value")


def outcomes(asked: Asked, silent: Collection[str]) -> dict[str, Any]:
    """Of the models that can call; null where a case does not count for a metric."""
    return {
        "cases": [case.case_id for case in asked.cases],
        "models": {
            name: _values(verdicts) for name, verdicts in asked.verdicts.items() if name not in silent
        },
    }


def _values(verdicts: Sequence[Verdict]) -> dict[str, list[float | None]]:
    found = statistics_of(verdicts)
    return {name: list(_per_case(found[name])) for name in KEPT}


def _per_case(statistic: Statistic) -> Iterator[float | None]:
    for (total, _), counts in zip(statistic.parts, statistic.counted, strict=True):
        yield round(float(total), 4) if counts else None


def outcome_statistics(prefix: str, values: Mapping[str, Sequence[float | None]]) -> list[Statistic]:
    """What was kept of one model on one set, as the figures that they were."""
    return [mean_of(prefix + name, values[name]) for name in KEPT if name in values]
