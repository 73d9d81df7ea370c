"""Further turns for the rates: how many, which, and that the mix of turns without a call is kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import lru_cache
from itertools import islice

import pytest

from muse_core.config.run_config import ConversationsConfig
from muse_core.evaluation.predict.open_loop import Prediction, judge, open_loop_cases
from muse_core.evaluation.predict.predictions import expert_rows
from muse_core.evaluation.predict.rates import (
    CONDITION_OF,
    CONDITIONS,
    NO_CALL,
    RateCases,
    further_conversations,
    meets,
    rate_cases,
    rate_statistics,
)
from muse_core.evaluation.score.metrics import facts_of, statistics
from muse_core.types import Conversation, Message
from tests.unit.dialogue.builders_dialogue import index, profiles

WANTED = 60


@lru_cache(maxsize=1)
def talks() -> list[Conversation]:
    """Simulated conversations of test-side shoppers, as the table holds them."""
    found = islice(further_conversations(profiles(), index(), ConversationsConfig(), "references", 3), 40)
    return [replace(one, conversation_id=f"c{one.conversation_id}") for one in found]


@lru_cache(maxsize=1)
def further() -> RateCases:
    more = further_conversations(profiles(), index(), ConversationsConfig(), "references", 17)
    return rate_cases(talks(), open_loop_cases(talks(), 60).cases, more, WANTED)


def test_every_rate_gets_its_cases_and_none_twice() -> None:
    sample = open_loop_cases(talks(), 60).cases
    cases = [*sample, *further().cases]
    for condition in CONDITIONS:
        assert sum(meets(case, condition) for case in cases) >= WANTED, condition
    own = [case.case_id for case in further().cases]
    assert len(set(own)) == len(own) and further().simulated > 0
    assert {case.conversation.side for case in further().cases} == {"test"}


def test_the_tables_own_turns_come_first() -> None:
    few = rate_cases(talks(), open_loop_cases(talks(), 20).cases, iter(()), 10**6)
    assert few.simulated == 0  # nothing further is given: what the table has
    own = {case.case_id for case in open_loop_cases(talks(), 10**6).cases}
    assert {case.case_id for case in few.cases} <= own


def test_drawn_twice_the_same() -> None:
    more = further_conversations(profiles(), index(), ConversationsConfig(), "references", 17)
    again = rate_cases(talks(), open_loop_cases(talks(), 60).cases, more, WANTED)
    assert [case.case_id for case in again.cases] == [case.case_id for case in further().cases]


def test_turns_drawn_for_one_kind_do_not_spoil_the_mix() -> None:
    """A model that is silent but for missing slots, where it calls: planted turns of that kind would
    double its share of needless calls."""
    sample = open_loop_cases(talks(), 60).cases
    cases, drawn_for = [*sample, *further().cases], [""] * len(sample) + list(further().drawn_for)
    rows = []
    for case in cases:
        calls = case.label.turn_type == "missing_slot"
        shown = next(one for one in cases if one.label.decision == "search").gold if calls else ()
        rows.append(judge(case, Prediction((*shown[:1], Message("assistant", "Sorry."))), "m", "d"))
    found = {one.name: one for one in rate_statistics(rows, drawn_for)}
    natural = [case for case, why in zip(cases, drawn_for, strict=True) if why in ("", NO_CALL)]
    due = Counter(case.label.turn_type for case in natural if case.label.decision == "none")
    called = found["called_without_need"]
    assert called.fold(called.parts.sum(axis=0)) == pytest.approx(due["missing_slot"] / sum(due.values()))
    assert int(found["slot_rate"].counted.sum()) == sum(
        case.label.turn_type == "missing_slot" for case in cases
    )


def test_the_expert_has_full_marks_and_the_names_are_those_of_the_metrics() -> None:
    rows = expert_rows(further().cases)
    found = {one.name: one for one in rate_statistics(rows, further().drawn_for)}
    assert found.keys() == CONDITION_OF.keys()
    assert found["call_rate"].fold(found["call_rate"].parts.sum(axis=0)) == 1.0
    assert CONDITION_OF.keys() <= {one.name for one in statistics(rows, facts_of(rows))}


def test_leaking_turns_can_be_left_out() -> None:
    first = further().cases[0].case_id
    left = further().without({first})
    assert len(left.cases) == len(left.drawn_for) == len(further().cases) - 1
    assert first not in {case.case_id for case in left.cases}


def test_no_test_shoppers_no_further_conversations() -> None:
    train = [one for one in profiles() if one.side == "train"]
    assert not list(further_conversations(train, index(), ConversationsConfig(), "references", 1))
