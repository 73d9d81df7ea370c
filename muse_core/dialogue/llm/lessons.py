"""What was asked of the teacher, what it answered, and what became of every text: one row for each ask.

    {"lesson_id": "c000017/0/user", "intent": "search", "language": "mixed", "request": "{…}",
     "answer": "{…}", "failure": null, "tokens_in": 611, "tokens_out": 240, "seconds": 3.1,
     "texts": [{"text": "yaar blue shirt under 2k milegi?", "reason": null, "position": 23},
               {"text": "blue shirt under 3000", "reason": "invented", "position": null}]}

A `reason` is why a text was turned down, none for one that was taken. The table is an artifact of its own
kind; a later run finds the answers in it, though the work folder is gone, and judges them by its own rules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from muse_core.dialogue.llm.accept import Reason
from muse_core.dialogue.llm.answers import AnswerBook
from muse_core.dialogue.llm.asks import Ask
from muse_core.dialogue.llm.service import TextAnswer, TextRequest
from muse_core.records import to_table

KIND = "lessons"
ANSWERS = ("model", "request_digest", "answer", "tokens_in", "tokens_out", "seconds")


@dataclass(frozen=True)
class Judged:
    """A text and what became of it; `position`: of one that was taken, where its call stands."""

    text: str
    reason: Reason | None = None
    position: int | None = None


@dataclass(frozen=True)
class Lesson:
    """One ask with its answer. `wanted`: how many texts were asked for; `failure`: of the request, or
    `truncated` and `nonsense` for what came back."""

    ask: Ask
    request: TextRequest
    answer: TextAnswer
    wanted: int
    judged: tuple[Judged, ...] = ()
    failure: str | None = None

    @property
    def taken(self) -> list[Judged]:
        return [one for one in self.judged if one.reason is None]


def table_of(lessons: Sequence[Lesson]) -> pa.Table:
    """The rows of lessons."""
    return to_table(KIND, [_row(lesson) for lesson in lessons])


def _row(lesson: Lesson) -> dict[str, Any]:
    ask, answer = lesson.ask, lesson.answer
    return {
        "lesson_id": ask.lesson_id, "conversation_id": ask.conversation_id, "turn": ask.turn,
        "side": ask.side, "language": ask.language, "script": ask.script, "intent": ask.intent,
        "model": lesson.request.model, "request_digest": lesson.request.digest,
        "request": lesson.request.user, "answer": answer.text, "failure": lesson.failure,
        "tokens_in": answer.tokens_in, "tokens_out": answer.tokens_out, "seconds": answer.seconds,
        "texts": [
            {"text": _encodable(one.text), "reason": one.reason, "position": one.position}
            for one in lesson.judged
        ],
    }  # fmt: skip


def _encodable(text: str) -> str:
    """Half a character cannot be written."""
    return text.encode("utf-8", "replace").decode("utf-8")


def remember(book: AnswerBook, tables: Iterable[pa.Table], model: str) -> None:
    """Puts what earlier runs were answered by this model into the book; columns as `ANSWERS`."""
    for table in tables:
        for row in table.to_pylist():
            if row["model"] == model and row["answer"] is not None:
                told = TextAnswer(row["answer"], None, row["tokens_in"], row["tokens_out"], row["seconds"])
                book.put(row["request_digest"], told)


def counts_of(lessons: Iterable[Lesson]) -> Counter[str]:
    """What was asked for and taken, by intent and language, why not, and what it took."""
    counts: Counter[str] = Counter()
    for lesson in lessons:
        counts["asked"] += 1
        counts["wanted"] += lesson.wanted
        counts.update(_counted(lesson))
    return counts


def _counted(lesson: Lesson) -> Iterator[str]:
    shelf = f"{lesson.ask.intent}/{lesson.ask.language}"
    if lesson.failure is not None:
        yield f"failed/{lesson.failure}"
    for one in lesson.judged:
        yield from ("texts", f"texts/{shelf}")
        yield from ("accepted", f"accepted/{shelf}") if one.reason is None else (f"turned_down/{one.reason}",)


def cost_of(lessons: Iterable[Lesson], price_per_million: tuple[float, float] | None) -> dict[str, float]:
    """Tokens and seconds of the answers, whenever they were asked for, and their price. `unmetered`:
    answers of which the service does not say what they took; they are not in the sums."""
    answers = [lesson.answer for lesson in lessons if lesson.answer.text is not None]
    tokens_in, tokens_out = (
        sum(getattr(one, name) or 0 for one in answers) for name in ("tokens_in", "tokens_out")
    )
    found = {
        "tokens_in": float(tokens_in),
        "tokens_out": float(tokens_out),
        "unmetered": float(sum(one.tokens_in is None or one.tokens_out is None for one in answers)),
        "seconds": sum(one.seconds for one in answers),
    }
    if price_per_million is not None:
        per_in, per_out = price_per_million
        found["cost"] = (tokens_in * per_in + tokens_out * per_out) / 1e6
    return found
