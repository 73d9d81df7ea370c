"""Conversations → the same conversations with some turns in a teacher's words, and further ones.

A share of the conversations is drawn by the run's seed. For the turns of these whose meaning rules can
check (`asks.py`) a language model is asked to say the same as this shopper would, on the train side in
several ways at once, on the held-out sides in one. A text is taken when rules read the same in it
(`accept.py`), it is no near-copy (`copies.py`), and the call made of what was read gives the result that
the conversation has. Everything else stays as simulated, with its reason in the lessons (`lessons.py`). No
failure of the service ends the run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING

import pyarrow as pa

from muse_core.config.run_config import LlmConfig
from muse_core.dialogue.llm.accept import Judge, Reason
from muse_core.dialogue.llm.asking import Asker
from muse_core.dialogue.llm.asks import Arguments, Ask, Asking, reads_in
from muse_core.dialogue.llm.copies import Copies
from muse_core.dialogue.llm.lessons import Judged, Lesson, cost_of, counts_of, table_of
from muse_core.dialogue.llm.prompt import read_answer, request_for
from muse_core.dialogue.llm.reading import Shelf
from muse_core.dialogue.llm.service import TextAnswer, TextRequest
from muse_core.dialogue.llm.versions import versions
from muse_core.progress import Progress
from muse_core.reading.shop_words import words_of
from muse_core.records import canonical_json, from_table, to_table, tool_message
from muse_core.tools.call_syntax import in_order
from muse_core.tools.toolbox import Toolbox
from muse_core.types import Conversation, Profile, ToolCall
from muse_core.world.replay import replay, turn_messages, world_before

if TYPE_CHECKING:
    from muse_core.catalog.index import CatalogIndex

KIND = "conversations"
ROWS_AT_ONCE = 1000  # rows looked through together; what is drawn of them stands in memory


@dataclass
class Teacher:
    """`config.share` of the conversations is taught, in at most `config.wordings` ways each."""

    asker: Asker
    index: CatalogIndex
    profiles: Mapping[str, Profile]
    config: LlmConfig
    seed: int
    lessons: list[Lesson] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        shelf, reads = Shelf.of(self.index.catalog.products), reads_in(words_of(self.index.catalog))
        self.asking = Asking(shelf, reads, self.config.replies)
        self.judge, self.copies = Judge(shelf, reads), Copies(shelf)

    def teach(self, table: pa.Table, progress: Progress | None = None) -> pa.Table:
        """The table with the same conversations in the same order, some in other words, each followed by
        its further versions."""
        pieces: list[pa.Table] = []
        for start in range(0, table.num_rows, ROWS_AT_ONCE):
            pieces += self._piece(table.slice(start, ROWS_AT_ONCE))
            if progress is not None:
                done = min(start + ROWS_AT_ONCE, table.num_rows)
                progress.update(done, table.num_rows, "conversations taught")
        return pa.concat_tables(pieces) if pieces else table

    def _piece(self, table: pa.Table) -> Iterator[pa.Table]:
        ids = table["conversation_id"].to_pylist()
        chosen = [row for row, name in enumerate(ids) if is_drawn(str(name), self.seed, self.config.share)]
        found = from_table(KIND, table.take(pa.array(chosen, pa.int64())))
        return _spliced(table, dict(zip(chosen, self._taught(found), strict=True)))

    def rows(self) -> pa.Table:
        """What was asked and what became of it."""
        return table_of(self.lessons)

    def metrics(self) -> dict[str, float]:
        """What was asked, taken and turned down, why, and what it took; names start with `llm/`."""
        asker = self.asker
        numbers: dict[str, float] = dict.fromkeys(("asked", "wanted", "texts", "accepted"), 0.0)
        numbers |= {name: float(count) for name, count in sorted(self.counts.items())}
        numbers |= {name: float(count) for name, count in sorted(counts_of(self.lessons).items())}
        numbers |= {"requests": float(asker.requests), "remembered": float(asker.remembered)}
        numbers |= {"stopped": float(asker.has_stopped), "budget_spent": float(asker.budget.is_spent)}
        numbers |= cost_of(self.lessons, self.config.price_per_million)
        return {f"llm/{name}": value for name, value in numbers.items()}

    # what is asked

    def _taught(self, conversations: Sequence[Conversation]) -> Iterator[list[Conversation]]:
        asks = [list(self.asking.asks(one)) if one.shop is None else [] for one in conversations]
        self.counts["conversations"] += len(conversations)
        self.counts["turns"] += sum(len(one.labels) for one in conversations)
        made = self._requests(conversations, asks)
        answers = list(self.asker.answers(request for _, request, _ in made))
        answered = zip(made, answers, strict=True)
        for one, wanted in zip(conversations, asks, strict=True):
            lessons = [self._lesson(one, *asked, answer) for asked, answer in islice(answered, len(wanted))]
            self.lessons += lessons
            yield list(self._versions(one, lessons)) if lessons else [one]

    def _requests(
        self, conversations: Sequence[Conversation], asks: Sequence[Sequence[Ask]]
    ) -> list[tuple[Ask, TextRequest, int]]:
        found = []
        for one, wanted in zip(conversations, asks, strict=True):
            count = self.config.wordings if one.side == "train" else 1
            person = self.profiles.get(one.profile_id)
            found += [
                (ask, request_for(ask, person, self.asker.service.model, count), count) for ask in wanted
            ]
        return found

    # what comes back

    def _lesson(
        self, one: Conversation, ask: Ask, request: TextRequest, count: int, answer: TextAnswer
    ) -> Lesson:
        if answer.text is None:
            return Lesson(ask, request, answer, count, failure=answer.failure)
        found = read_answer(answer.text, count)
        replays = self._replays(one, ask)
        judged = []
        for text in found.texts:
            reason = self._turned_down(text, ask, replays)
            if reason is None and ask.intent != "reply":
                self.copies.take(text, ask.side, ask.lesson_id)
            place = self.judge.place(text, ask) if reason is None else None
            judged.append(Judged(text, reason, place))
        failure = None if found.is_whole else "truncated" if found.texts else "nonsense"
        return Lesson(ask, request, answer, count, tuple(judged), failure)

    def _turned_down(self, text: str, ask: Ask, replays: Callable[[Arguments], bool]) -> Reason | None:
        reason = self.judge.turned_down(text, ask)
        if reason is None and ask.intent != "reply":
            reason = self.copies.is_copy(text, ask.side, ask.lesson_id)
        if reason is None and ask.call is not None and not replays(self.judge.reads(text)):
            return "replay"
        return reason

    def _replays(self, one: Conversation, ask: Ask) -> Callable[[Arguments], bool]:
        """Whether a call of these arguments gives what the turn's own call gave; each is run once."""
        known: dict[str, bool] = {}
        profile = self.profiles.get(one.profile_id)
        given = next((m.content for m in turn_messages(one, ask.turn) if m.role == "tool"), "")

        def gives_the_same(arguments: Arguments) -> bool:
            assert ask.call is not None
            query = {name: value for name, value in ask.call.arguments.items() if name == "query"}
            call = ToolCall(ask.call.call_id, ask.call.name, in_order(ask.call.name, {**arguments, **query}))
            key = canonical_json(call.arguments)
            if key not in known:
                world = world_before(one, ask.turn, self.index, profile)
                known[key] = tool_message(Toolbox(world).run(call)).content == given
            return known[key]

        return gives_the_same

    def _versions(self, one: Conversation, lessons: Sequence[Lesson]) -> Iterator[Conversation]:
        wordings = {
            (lesson.ask.turn, lesson.ask.intent == "reply"): lesson.taken
            for lesson in lessons
            if lesson.taken
        }
        profile = self.profiles.get(one.profile_id)
        for number, version in enumerate(versions(one, wordings)):
            if not replay(version, self.index, profile):
                raise AssertionError(f"{version.conversation_id} does not replay in other words")
            self.counts["added"] += number > 0
            yield version


def is_drawn(conversation_id: str, seed: int, share: float) -> bool:
    """A draw that depends on the conversation alone, so that shards and workers cannot change it."""
    digest = sha256(f"{seed} reworded {conversation_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < share


def _spliced(table: pa.Table, made: Mapping[int, Sequence[Conversation]]) -> Iterator[pa.Table]:
    """The table in pieces, with the conversations of `made` in place of its own."""
    start = 0
    for row, ones in sorted(made.items()):
        yield table.slice(start, row - start)
        yield to_table(KIND, ones)
        start = row + 1
    yield table.slice(start)
