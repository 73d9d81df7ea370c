"""The test cases are the same when they are read from their table."""

from __future__ import annotations

from dataclasses import replace

from muse_core.evaluation.predict.exam import ASKED, FURTHER, TEST, UNKNOWN, Exam, exam_rows, read_exam
from muse_core.evaluation.predict.open_loop import Case
from muse_core.evaluation.predict.unknown_shoppers import anonymous_cases
from muse_core.records import from_table, to_table
from muse_core.scoring.overlap import Leak
from muse_core.types import Message
from tests.unit.evaluation.builders_evaluation import conversation


def exam() -> Exam:
    told = [replace(conversation(500 + n)) for n in range(4)]
    told = [replace(one, messages=(Message("system", "en | women"), *one.messages[1:])) for one in told]
    cases = tuple(
        Case(one, label, "seen" if label.turn else "new", "new" if label.turn == 2 else "seen")
        for one in told
        for label in one.labels
    )
    leaks = (Leak(cases[1].case_id, ("exact", "ngram"), "t9.0"), Leak(cases[5].case_id, ("similar",), "t8.1"))
    test = tuple(case for case in cases[:9] if case is not cases[1])
    return Exam(
        test,
        cases[:9],
        leaks,
        cases[9:],
        ("missing_slot", "no call due", "multi_step"),
        tuple(anonymous_cases(test, 3)),
    )


def test_they_are_the_same_from_their_table() -> None:
    made = exam()
    found = read_exam(from_table("test_cases", to_table("test_cases", exam_rows(made))))
    assert found == made
    assert [len(found.part(name)) for name in ASKED] == [8, 3, 3, 0]


def test_turns_of_one_conversation_share_it_but_for_an_unknown_shopper() -> None:
    found = read_exam(exam_rows(exam()))
    first, third = found.part(TEST)[:2]
    assert first.conversation is third.conversation
    unknown = found.part(UNKNOWN)[0]
    assert unknown.case_id == first.case_id and unknown.conversation is not first.conversation
    assert (first.context[0].content, unknown.context[0].content) == ("en | women", "en")
    assert found.part(FURTHER)[0].conversation.conversation_id == "t503"


def test_a_left_out_turn_counts_among_the_leaks_alone() -> None:
    rows = exam_rows(exam())
    assert [row["part"] for row in rows] == [TEST, "left_out", *[TEST] * 7, *[FURTHER] * 3, *[UNKNOWN] * 3]
    found = read_exam(rows)
    assert len(found.every) == 9 and len(found.test) == 8
    assert {leak.text_id for leak in found.leaks} <= {case.case_id for case in found.every}
