"""Served turns and training turns in the same terms: language, decision, whether nothing was found, whether
it was declined, whether a call failed.

Served: the lines of `<home>/serving/turns.jsonl`. Training: the train side of a table of conversations, each
turn counted once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from muse_core.json_files import JsonFile
from muse_core.profiles.system_line import language_of
from muse_core.scoring.declines import declines
from muse_core.tools.references import items_of
from muse_core.types import Conversation
from muse_core.world.replay import context_before, turn_messages
from muse_core.world.turns import Turn

FIGURES = ("language", "decision", "empty", "declined", "errors")


class ServedTurn(BaseModel):
    """A line of the turn log."""

    time: str
    model: str
    language: str
    decision: str
    errors: int
    empty: bool
    declined: bool
    seconds: float
    repaired: str | None = None

    def category(self, figure: str) -> str:
        return _category(vars(self), figure)


@dataclass(frozen=True)
class ServedTurns:
    """The last turns of a log, the oldest first, and how many lines of it are none."""

    turns: tuple[ServedTurn, ...]
    bad: int = 0

    def counts(self, figure: str) -> Counter[str]:
        return Counter(one.category(figure) for one in self.turns)

    def seconds(self, share: float) -> float:
        """The seconds within which a share of the turns was answered (nearest rank)."""
        ordered = sorted(one.seconds for one in self.turns)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def read_turns(path: Path, last: int) -> ServedTurns:
    """The last so many lines. ConfigError for a file that cannot be opened or holds no JSON."""
    turns: list[ServedTurn] = []
    bad = 0
    for entry in JsonFile(path, "served turn", lambda value: isinstance(value, dict)).entries():
        try:
            turns.append(ServedTurn.model_validate(entry.value))
        except ValidationError:
            bad += 1
    return ServedTurns(tuple(turns[-last:]), bad)


def training_counts(conversations: Iterable[Conversation]) -> dict[str, Counter[str]]:
    """Figure -> counts over the turns of the train side."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in FIGURES}
    for talk in conversations:
        if talk.side == "train":
            for number in range(len(talk.labels)):
                facts = _facts(talk, number)
                for name in FIGURES:
                    counts[name][_category(facts, name)] += 1
    return counts


def _facts(talk: Conversation, number: int) -> dict[str, Any]:
    turn = Turn(turn_messages(talk, number))
    found: Sequence[Any] = turn.values
    return {
        "language": language_of(context_before(talk, number)),
        "decision": turn.calls[0].name if turn.calls else "none",
        "empty": bool(found) and not items_of(found[-1]),
        "declined": not turn.calls and declines(turn.reply),
        "errors": int(turn.has_error),
    }


def _category(facts: Mapping[str, Any], figure: str) -> str:
    found = facts[figure]
    return found if isinstance(found, str) else "yes" if found else "no"
