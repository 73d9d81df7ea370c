"""The failure taxonomy by hand: which kind each turn falls under, and that the counts add up."""

from __future__ import annotations

import json
from typing import Any

import pytest

from muse_core.evaluation.predict.open_loop import Case, Prediction, judge, open_loop_cases
from muse_core.evaluation.report.failures import KINDS, failures, kind_of
from muse_core.records import Row
from muse_core.types import Message, ToolCall
from tests.unit.evaluation.builders_evaluation import conversation

SEARCH, SLOT, SCOPE = open_loop_cases([conversation(500)], 3).cases
HELLO = (Message("assistant", "Hello there."),)


def called(name: str, **arguments: Any) -> tuple[Message, ...]:
    call = ToolCall("c0.0", name, arguments)
    return Message("assistant", "", (call,)), *SEARCH.gold[1:]


@pytest.mark.parametrize(
    ("case", "messages", "kind"),
    [
        (SEARCH, SEARCH.gold, None),
        (SLOT, SLOT.gold, None),
        (SCOPE, SCOPE.gold, None),
        (SEARCH, (), "Cannot be read, or does not end"),
        (SLOT, called("search", query="shoes"), "Called where no call is due"),
        (SEARCH, HELLO, "No call where one is due"),
        (SEARCH, called("recommend", query="shirt"), "Wrong tool"),
        (SEARCH, called("search", query="shirt", max_price=900),
         "Right tool, an argument with a wrong value"),
        (SEARCH, called("search", query="shirt"), "Right tool, an argument left out"),
        (SEARCH, called("search", query="shirt", max_price=500, colour="red"),
         "Right tool, an argument too many"),
        (SLOT, HELLO, "Does not ask for what is missing"),
        (SCOPE, HELLO, "Does not decline"),
        (SEARCH, (*SEARCH.gold[:2], Message("assistant", "Try [7].")), "An empty reference in the reply"),
        (SEARCH, (*SEARCH.gold[:2], Message("assistant", "Here you are.")),
         "A reply that the results do not bear out"),
    ],
)  # fmt: skip
def test_kinds(case: Case, messages: tuple[Message, ...], kind: str | None) -> None:
    assert kind_of(_row(case, messages)) == kind


def _row(case: Case, messages: tuple[Message, ...]) -> Row:
    return judge(case, Prediction(messages, malformed=not messages), "sft", "s")


def test_counts_add_up_and_examples_name_the_turn() -> None:
    good, bad = (
        [_row(SEARCH, SEARCH.gold)] * 3,
        [_row(SEARCH, HELLO), _row(SCOPE, HELLO), _row(SEARCH, SEARCH.gold)],
    )
    found = failures({"sft": bad, "dpo": good}, {SEARCH.case_id: "shirts under 500"})
    assert found["faulty"] == {"sft": 2, "dpo": 0} and found["sizes"] == {"sft": 3, "dpo": 3}
    assert [line["counts"] for line in found["lines"]] == [{"sft": 1, "dpo": 0}] * 2
    example = found["lines"][0]["example"]
    assert example["utterance"] == "shirts under 500" and example["made"] == "no call"
    assert example["gold"] == "search(query='shirt', max_price=500)"
    assert failures({"sft": good}, {}) == {}


def test_a_plan_is_shown_as_one() -> None:
    row = _row(SEARCH, SEARCH.gold)
    facts = json.loads(row["facts_json"]) | {"plan": ["search"], "plans": [["search", "compare"]]}
    broken = row | {"turn_type": "multi_step", "facts_json": json.dumps(facts)}
    (line,) = failures({"dpo": [broken]}, {})["lines"]
    assert line["kind"] == "Another plan than the turn needs"
    assert (line["example"]["made"], line["example"]["gold"]) == ("search", "search → compare")
    assert len({kind for kind, _ in KINDS}) == len(KINDS)
