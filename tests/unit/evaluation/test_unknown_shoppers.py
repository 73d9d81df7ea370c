"""The rows as served: with profile, without, and how often something could not be shown."""

from __future__ import annotations

from muse_core.evaluation.predict.open_loop import Case, Prediction, judge
from muse_core.evaluation.predict.unknown_shoppers import anonymous_cases, anonymous_statistics
from muse_core.evaluation.score.metrics import answers, facts_of
from muse_core.evaluation.score.statistics import Statistic
from muse_core.types import Message
from tests.unit.evaluation.builders_evaluation import conversation


def cases(count: int) -> list[Case]:
    talks = [conversation(500 + number) for number in range(count)]
    return [Case(talk, label) for talk in talks for label in talk.labels]


def value(statistics: list[Statistic], name: str) -> float:
    one = next(one for one in statistics if one.name == name)
    return float(one.fold(one.parts[one.counted].sum(0)))


def test_cases_are_taken_evenly_and_lose_the_profile() -> None:
    every = cases(40)
    found = anonymous_cases(every, 10)
    assert [one.case_id for one in found] == [one.case_id for one in every[::12]]
    assert {one.context[0].content for one in found} == {"en"}
    assert len(anonymous_cases(every, 500)) == len(every) and anonymous_cases(every, 0) == []


def test_repairs_do_not_hide_the_models_faults() -> None:
    """Half of the replies hold another item's price, half are in the wrong language; all are served well."""
    rows = []
    for at, case in enumerate(one for one in cases(8) if one.label.turn == 0):
        own = (*case.gold[:-1], Message("assistant", "[2] at [1:price]." if at % 2 else "ये देखिए: [1]"))
        made = Prediction(own, False, "value", "sample", case.gold) if at % 2 else Prediction(own)
        rows.append(judge(case, made, "dpo", "d"))
    found = list(answers(rows, facts_of(rows)))
    assert value(found, "groundedness") == 0.5 and value(found, "groundedness_served") == 1.0
    assert value(found, "reply_language") == 0.5  # what was not repaired is served as it is
    assert value(found, "reply_faults") == 0.5 == value(found, "fault_value")
    assert value(found, "fault_tag") == 0.0 == value(found, "safe_sentences")
    unknown = anonymous_statistics(rows)
    assert {one.name for one in unknown} == {
        "reply_language_anonymous", "tool_accuracy_anonymous", "reply_faults_anonymous",
    }  # fmt: skip
    assert value(unknown, "tool_accuracy_anonymous") == 1.0
