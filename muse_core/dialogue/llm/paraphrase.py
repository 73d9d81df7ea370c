"""Conversations → the same conversations with some turns in a language model's words.

A share of the conversations is drawn by the run's seed. In each, the turns that the rules understand are
offered; a wording is taken only when it asks for the same thing (`accept.py`), its position is found
again, and the whole conversation still replays. Everything else stays as simulated, with its reason
counted. No failure of the service ends the run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from muse_core.dialogue.llm.accept import reply_turned_down, turned_down
from muse_core.dialogue.llm.answers import AnswerBook
from muse_core.dialogue.llm.asking import Asker
from muse_core.dialogue.llm.prompt import Offer, read_answer, request_for
from muse_core.dialogue.llm.reading import Fact, Shelf, evidence, position, read
from muse_core.dialogue.llm.service import TextAnswer, TextService
from muse_core.progress import Progress
from muse_core.records import calls_of, from_table, to_table
from muse_core.tools.references import references_in
from muse_core.types import Conversation, Message, Profile, ToolCall, TurnLabel
from muse_core.world.replay import replay, turn_messages, user_text

if TYPE_CHECKING:
    from muse_core.catalog.index import CatalogIndex

KIND = "conversations"
ROWS_AT_ONCE = 1000  # rows looked through together; what is drawn of them stands in memory


@dataclass
class Paraphraser:
    """`share` of the conversations is reworded; `replies`: the assistant's replies to results as well."""

    service: TextService
    folder: Path
    index: CatalogIndex
    profiles: Mapping[str, Profile]
    share: float
    replies: bool
    seed: int
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.asker = Asker(self.service, AnswerBook(self.folder))
        self.shelf = Shelf.of(self.index.catalog.products)

    def rewrite(self, table: pa.Table, progress: Progress | None = None) -> pa.Table:
        """The table with the same rows in the same order, some of them reworded."""
        pieces: list[pa.Table] = []
        for start in range(0, table.num_rows, ROWS_AT_ONCE):
            pieces += self._piece(table.slice(start, ROWS_AT_ONCE))
            if progress is not None:
                progress.update(
                    min(start + ROWS_AT_ONCE, table.num_rows), table.num_rows, "conversations reworded"
                )
        return pa.concat_tables(pieces) if pieces else table

    def _piece(self, table: pa.Table) -> Iterator[pa.Table]:
        ids = table["conversation_id"].to_pylist()
        chosen = [row for row, name in enumerate(ids) if is_drawn(str(name), self.seed, self.share)]
        found = from_table(KIND, table.take(pa.array(chosen, pa.int64())))
        return _spliced(table, dict(zip(chosen, self._reworded(found), strict=True)))

    def metrics(self) -> dict[str, float]:
        """What was asked, accepted and turned down, and why; names start with `llm/`."""
        asker = self.asker
        numbers = Counter({"requests": asker.requests, "remembered": asker.remembered}) + self.counts
        numbers.update({f"failed/{name}": count for name, count in asker.failures.items()})
        fixed = ("conversations", "requests", "remembered", "offered", "accepted")
        found = {
            f"llm/{name}": float(numbers[name]) for name in (*fixed, *sorted(numbers.keys() - set(fixed)))
        }
        return found | {"llm/stopped": float(asker.has_stopped)}

    def close(self) -> None:
        self.asker.book.close()

    def _reworded(self, conversations: Sequence[Conversation]) -> Iterator[Conversation]:
        offers = [list(self._offers(one)) if one.shop is None else [] for one in conversations]
        self.counts["conversations"] += len(conversations)
        asked = [place for place, found in enumerate(offers) if found]
        requests = (
            request_for(offers[place], self.service.model, self._formality(conversations[place]))
            for place in asked
        )
        answers = dict(zip(asked, self.asker.answers(requests), strict=True))
        for place, one in enumerate(conversations):
            yield self._answered(one, offers[place], answers[place]) if place in answers else one

    def _formality(self, conversation: Conversation) -> str:
        profile = self.profiles.get(conversation.profile_id)
        return "casual" if profile is None else profile.formality

    # what is offered

    def _offers(self, conversation: Conversation) -> Iterator[Offer]:
        """The turns that the own shop's rules read, and with `replies` the replies that name results."""
        earlier: list[tuple[str, list[Fact]]] = []
        for label in conversation.labels:
            text = user_text(conversation, label.turn)
            facts = read(text, self.shelf)
            if _is_understood(conversation, label, text, facts, earlier):
                self.counts["offered"] += 1
                yield Offer(label.turn, text, conversation.language)
            else:
                self.counts["not_understood"] += 1
            reply = turn_messages(conversation, label.turn)[-1].content
            if self.replies and references_in(reply):
                self.counts["offered_replies"] += 1
                yield Offer(label.turn, reply, conversation.language, is_reply=True)
            earlier.append((text, facts))

    # what comes back

    def _answered(self, one: Conversation, offers: Sequence[Offer], answer: TextAnswer) -> Conversation:
        wordings = read_answer(answer.text) if answer.text is not None else None
        if wordings is None:
            if answer.text is not None:
                self.counts["failed/nonsense"] += 1
            return one
        changed = one
        accepted: Counter[str] = Counter()
        for offer in offers:
            new = wordings.get((offer.turn, offer.is_reply))
            changed, reason = self._taken(changed, offer, new)
            accepted["accepted_replies" if offer.is_reply else "accepted"] += reason is None
            if reason is not None:
                self.counts[f"turned_down/{reason}"] += 1
        if not replay(changed, self.index, self.profiles.get(one.profile_id)):
            self.counts["turned_down/replay"] += sum(accepted.values())
            return one
        self.counts += accepted
        return changed

    def _taken(self, one: Conversation, offer: Offer, new: str | None) -> tuple[Conversation, str | None]:
        """The conversation with the wording in it, or as it was with the reason."""
        if offer.is_reply:
            reason: str | None = reply_turned_down(new, offer.text, self.shelf)
            return (one, reason) if reason or new is None else (with_reply(one, offer.turn, new), None)
        reason = turned_down(new, offer.text, read(offer.text, self.shelf), self.shelf)
        if reason is not None or new is None:
            return one, reason
        label = _label(one, offer.turn)
        call = _calls(one, offer.turn)[:1]
        at = position(new, call[0], read(new, self.shelf)) if call else None
        if (at is None) != (label.position is None):
            return one, "position"
        return with_turn(one, replace(label, position=at), new), None


def is_drawn(conversation_id: str, seed: int, share: float) -> bool:
    """A draw that depends on the conversation alone, so that shards and workers cannot change it."""
    digest = sha256(f"{seed} reworded {conversation_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < share


def _is_understood(
    conversation: Conversation,
    label: TurnLabel,
    text: str,
    facts: list[Fact],
    earlier: Sequence[tuple[str, list[Fact]]],
) -> bool:
    """Whether the rules find every argument, in this turn or an earlier one, and the position."""
    calls = _calls(conversation, label.turn)
    for call in calls:
        for name, value in call.arguments.items():
            said = ((text, facts), *earlier)
            if not any(evidence(name, value, words, found) for words, found in said):
                return False
    return not calls or position(text, calls[0], facts) == label.position


def _calls(conversation: Conversation, turn: int) -> list[ToolCall]:
    return calls_of(turn_messages(conversation, turn))


def _label(conversation: Conversation, turn: int) -> TurnLabel:
    return next(label for label in conversation.labels if label.turn == turn)


def with_turn(conversation: Conversation, label: TurnLabel, text: str) -> Conversation:
    """The conversation with another user turn and its label."""
    users = [at for at, message in enumerate(conversation.messages) if message.role == "user"]
    labels = tuple(label if one.turn == label.turn else one for one in conversation.labels)
    return replace(conversation, messages=_swapped(conversation, users[label.turn], text), labels=labels)


def with_reply(conversation: Conversation, turn: int, text: str) -> Conversation:
    """The conversation with another reply to a turn."""
    users = [at for at, message in enumerate(conversation.messages) if message.role == "user"]
    ends = [*users[1:], len(conversation.messages)]
    return replace(conversation, messages=_swapped(conversation, ends[turn] - 1, text))


def _swapped(conversation: Conversation, at: int, text: str) -> tuple[Message, ...]:
    before, old, after = (
        conversation.messages[:at],
        conversation.messages[at],
        conversation.messages[at + 1 :],
    )
    return (*before, replace(old, content=text, reading={}), *after)


def _spliced(table: pa.Table, made: Mapping[int, Conversation]) -> Iterator[pa.Table]:
    """The table in pieces, with the rows of `made` in place of its own."""
    start = 0
    for row, one in sorted(made.items()):
        yield table.slice(start, row - start)
        yield to_table(KIND, [one])
        start = row + 1
    yield table.slice(start)
