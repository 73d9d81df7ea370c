"""Every model and every baseline on one set of requests of people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from muse_core.evaluation.cases.answers import Answer
from muse_core.evaluation.cases.case import EvalCase, Verdict, judge_case
from muse_core.evaluation.cases.case_models import answer_cases
from muse_core.evaluation.people.sets import PeopleSet
from muse_core.evaluation.score.baselines import PEOPLE, WITH_READINGS, Baselines, turn_of_case
from muse_core.models.loading import LoadedModel
from muse_core.reading.reader import read
from muse_core.reading.shop_words import words_of
from muse_core.types import JsonValue, ToolCall

if TYPE_CHECKING:
    from muse_core.catalog.index import CatalogIndex


@dataclass(frozen=True)
class Asked:
    """`answers` and `verdicts`: model -> its first act on each case, and whether that is right; `decided`:
    baseline -> its decision on each case. The baseline that is told the readings answers with them, too."""

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
    index: CatalogIndex,
) -> Asked:
    """Puts a set to all models, in the shop of `index`, and to the baselines."""
    own = words_of(index.catalog)
    readings = [read(case.utterance, case.words or own) for case in one.cases]
    turns = [turn_of_case(*pair) for pair in zip(one.cases, readings, strict=True)]
    decided = baselines.decide(turns)
    answers = {name: answer_cases(loaded, one.cases, index) for name, loaded in models.items()}
    if WITH_READINGS in decided:
        answered = zip(one.cases, readings, decided[WITH_READINGS], strict=True)
        answers[WITH_READINGS] = [_call(*row) for row in answered]
    return Asked(one.prefix, one.cases, answers, {name: decided[name] for name in PEOPLE if name in decided})


def _call(case: EvalCase, reading: Mapping[str, JsonValue], tool: str) -> Answer:
    """What a classifier that copies the rules' readings would call: all that its tool takes."""
    if tool == "none":
        return Answer()
    taken = case.schema.order(tool)
    return Answer((ToolCall("c", tool, {name: one for name, one in reading.items() if name in taken}),))
