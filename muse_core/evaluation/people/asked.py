"""Every model and every baseline on one set of requests of people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from muse_core.evaluation.cases.answers import Answer
from muse_core.evaluation.cases.case import EvalCase, Verdict, judge_case
from muse_core.evaluation.cases.case_models import answer_cases
from muse_core.evaluation.people.sets import PeopleSet
from muse_core.evaluation.score.baselines import PEOPLE, Baselines, Turn
from muse_core.models.loading import LoadedModel

if TYPE_CHECKING:
    from muse_core.catalog.index import CatalogIndex


@dataclass(frozen=True)
class Asked:
    """`answers` and `verdicts`: model -> its first act on each case, and whether that is right; `decided`:
    baseline -> its decision on each case."""

    prefix: str
    cases: Sequence[EvalCase]
    answers: Mapping[str, Sequence[Answer]]
    decided: Mapping[str, Sequence[str]]

    @property
    def verdicts(self) -> dict[str, list[Verdict]]:
        return {
            name: [
                judge_case(case, one.calls, one.malformed)
                for case, one in zip(self.cases, found, strict=True)
            ]
            for name, found in self.answers.items()
        }


def ask(
    models: Mapping[str, LoadedModel],
    baselines: Baselines,
    one: PeopleSet,
    turns: Sequence[Turn],
    index: CatalogIndex,
) -> Asked:
    """Puts a set to all models, in the shop of `index`, and to the baselines. `turns`: the cases as the
    baselines read them."""
    decided = baselines.decide(turns)
    return Asked(
        one.prefix,
        one.cases,
        {name: answer_cases(loaded, one.cases, index) for name, loaded in models.items()},
        {name: decided[name] for name in PEOPLE if name in decided},
    )
