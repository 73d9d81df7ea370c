"""What a person has accepted → conversations of a run, replayed on its catalogue.

Each is trained on: nothing of it is held out, and no shopper of it is kept for the pairs. What does not
replay, and what says something that this run holds out, is left out and counted with its reason.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING

from muse_core.conversation_files.chat_line import read_chat
from muse_core.conversation_files.chat_turns import BadLine
from muse_core.conversation_files.replayed import replayed
from muse_core.feedback.row import Chat, Feedback, chat_of
from muse_core.profiles.reserved import is_reserved
from muse_core.records import side_of
from muse_core.scoring.overlap import find_leaks
from muse_core.types import Conversation, JsonValue

if TYPE_CHECKING:
    from muse_core.catalog.index import CatalogIndex

log = logging.getLogger(__name__)
NO_REPLAY, HELD_OUT = "does not replay", "its words are held out"


@dataclass(frozen=True)
class Left:
    """A row that did not enter, and why."""

    feedback_id: str
    reason: str
    detail: str


@dataclass(frozen=True)
class EnteredFeedback:
    """`conversations`: those of the rows that enter; `left`: the others."""

    conversations: tuple[Conversation, ...]
    left: tuple[Left, ...]

    def metrics(self) -> dict[str, float]:
        reasons = Counter(one.reason for one in self.left)
        named = {f"feedback_{'_'.join(reason.split())}": float(n) for reason, n in sorted(reasons.items())}
        return {"feedback_conversations": float(len(self.conversations)), **named}

    def about(self) -> dict[str, JsonValue]:
        """What the manifest keeps: each row that was left out."""
        return {"left_out": [f"{one.feedback_id}: {one.reason}: {one.detail}" for one in self.left]}


def enter_feedback(
    rows: Sequence[Feedback], index: CatalogIndex, held_out: Iterable[tuple[str, str]], reserved_share: float
) -> EnteredFeedback:
    """`held_out`: (name, text) of what this run's shoppers say on the other sides."""
    texts = {f"{one.feedback_id} {turn}": text for one in rows for turn, text in enumerate(one.said)}
    leaks = {leak.text_id.rpartition(" ")[0]: leak.like for leak in find_leaks(texts, held_out)}
    made: list[Conversation] = []
    left: list[Left] = []
    for one in rows:
        if one.feedback_id in leaks:
            left.append(Left(one.feedback_id, HELD_OUT, leaks[one.feedback_id]))
            continue
        try:
            talk = run_again(one, one.better or (), index)
        except BadLine as problem:
            left.append(Left(one.feedback_id, NO_REPLAY, str(problem)))
            continue
        made.append(replace(talk, profile_id=_shopper(one.feedback_id, reserved_share), side="train"))
    for row in left:
        log.warning("feedback %s is left out: %s: %s", row.feedback_id[:8], row.reason, row.detail)
    return EnteredFeedback(tuple(made), tuple(left))


def run_again(one: Feedback, turn: Chat, index: CatalogIndex) -> Conversation:
    """The conversation that ends with a turn, its calls run. BadLine where it does not replay."""
    return replayed(read_chat(chat_of(one, turn)), index, {})


def conversation_id(one: Feedback) -> str:
    """The id that its conversation has in a run."""
    return str(chat_of(one, ())["id"])


def _shopper(name: str, reserved_share: float) -> str:
    """The id of a shopper who nobody knows, on the train side and not kept for the pairs: what somebody took
    the trouble to correct is there to be learnt, and other people's words measure it."""
    ids = (f"feedback-{name}-{number}" for number in count())
    return next(one for one in ids if side_of(one) == "train" and not is_reserved(one, reserved_share))
