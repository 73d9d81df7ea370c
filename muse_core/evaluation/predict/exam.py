"""What the models are measured on: turns of the test side, drawn once, read by whatever asks a model.

A row of `test_cases` is one turn with the conversation that it stands in. Its `part`:

    test      the sample of the headline figures
    left_out  a turn of that sample which leaks (`evaluation.exclude_leaks`): only its share is shown
    further   a turn beyond the sample, for a rate of one kind of turn (`rates.py`)
    unknown   a turn of the sample once more, from a shopper of whom the model is told nothing
    unseen    a turn in another shop, none of whose nouns, brands and facets training has seen
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from muse_core.evaluation.predict.open_loop import Case
from muse_core.records import Row, conversation_row, read_conversation
from muse_core.scoring.overlap import Leak
from muse_core.types import Conversation

TEST, LEFT_OUT, FURTHER, UNKNOWN, UNSEEN = "test", "left_out", "further", "unknown", "unseen"
ASKED = (TEST, FURTHER, UNKNOWN, UNSEEN)  # what is put to a model


@dataclass(frozen=True)
class Exam:
    """`every`: the sample before any turn was left out; `leaks`: those of `every`; `drawn_for`: the condition
    that asked for each further turn."""

    test: tuple[Case, ...]
    every: tuple[Case, ...] = ()
    leaks: tuple[Leak, ...] = ()
    further: tuple[Case, ...] = ()
    drawn_for: tuple[str, ...] = ()
    unknown: tuple[Case, ...] = ()
    unseen: tuple[Case, ...] = ()

    def part(self, name: str) -> tuple[Case, ...]:
        """The turns of one part that is put to models."""
        parts = {TEST: self.test, FURTHER: self.further, UNKNOWN: self.unknown, UNSEEN: self.unseen}
        return parts[name]


def exam_rows(exam: Exam) -> list[Row]:
    """The rows of `test_cases`."""
    leaks = {leak.text_id: leak for leak in exam.leaks}
    kept = {case.case_id for case in exam.test}
    rows = [_row(TEST if case.case_id in kept else LEFT_OUT, case, "", leaks) for case in exam.every]
    further = zip(exam.further, exam.drawn_for, strict=True)
    rows += [_row(FURTHER, case, drawn_for, {}) for case, drawn_for in further]
    rows += [_row(UNKNOWN, case, "", {}) for case in exam.unknown]
    return rows + [_row(UNSEEN, case, "", {}) for case in exam.unseen]


def _row(part: str, case: Case, drawn_for: str, leaks: dict[str, Leak]) -> Row:
    leak = leaks.get(case.case_id)
    return conversation_row(case.conversation) | {
        "part": part,
        "case_id": case.case_id,
        "turn": case.label.turn,
        "families": case.families,
        "products": case.products,
        "drawn_for": drawn_for,
        "leaks": list(leak.kinds) if leak else [],
        "like": leak.like if leak else "",
    }


def read_exam(rows: Sequence[Row]) -> Exam:
    """The inverse of `exam_rows`."""
    talks: dict[tuple[str, bool], Conversation] = {}
    found = [(row, _case(row, talks)) for row in rows]

    def part(*names: str) -> Iterable[tuple[Row, Case]]:
        return ((row, case) for row, case in found if row["part"] in names)

    return Exam(
        tuple(case for _, case in part(TEST)),
        tuple(case for _, case in part(TEST, LEFT_OUT)),
        tuple(Leak(row["case_id"], tuple(row["leaks"]), row["like"]) for row, _ in found if row["leaks"]),
        tuple(case for _, case in part(FURTHER)),
        tuple(row["drawn_for"] for row, _ in part(FURTHER)),
        tuple(case for _, case in part(UNKNOWN)),
        tuple(case for _, case in part(UNSEEN)),
    )


def _case(row: Row, talks: dict[tuple[str, bool], Conversation]) -> Case:
    """Turns of one conversation share it; of an unknown shopper it has another first line."""
    key = row["conversation_id"], row["part"] == UNKNOWN
    talk = talks.get(key) or talks.setdefault(key, read_conversation(row))
    label = next(label for label in talk.labels if label.turn == row["turn"])
    return Case(talk, label, row["families"], row["products"])
