"""What a log adds to a run: conversations of one turn, wordings, and what was not read.

The conversations are drawn in proportion to how often they were typed, up to a share of the run's own; of the
held-out ones up to `MOST_HELD_OUT`. Their calls are executed as they are made, so they replay.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from muse_core.config.run_config import ConversationsConfig
from muse_core.conversation_files.chat_turns import BadLine
from muse_core.dialogue.demand import Demand
from muse_core.reading.attached import read_conversation
from muse_core.reading.shop_words import words_of
from muse_core.types import LANGUAGES, Conversation, JsonValue
from muse_core.utterances.conversation import conversation_of, order_of
from muse_core.utterances.decide import CALL_FAILS
from muse_core.utterances.described import terms_of
from muse_core.utterances.log_demand import demand_of, told
from muse_core.utterances.log_wordings import wordings_of
from muse_core.utterances.read_log import Log, Request, read_log, refused
from muse_core.utterances.to_label import write_to_label
from muse_core.utterances.tongues import LANGUAGE
from muse_core.wordings.book import Book
from muse_core.world.replay import replay

if TYPE_CHECKING:
    from muse_core.catalog.index import CatalogIndex

MOST_HELD_OUT = 500

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Form:
    """How conversations are written: the style of replies, and whether the rules' readings stand in them."""

    style: str
    readings: bool


@dataclass(frozen=True)
class Entered:
    """`book`: the log's wordings; `demand`: what weighs the simulator's goals; `to_label`: where what was
    not read stands."""

    conversations: tuple[Conversation, ...]
    book: Book
    demand: Demand
    read: Log
    files: tuple[str, ...]
    to_label: Path

    def replayed(
        self, index: CatalogIndex, size: int
    ) -> Iterator[tuple[Sequence[Conversation], tuple[str, ...]]]:
        """The conversations, so many at a time, and the ids of those that do not replay."""
        for start in range(0, len(self.conversations), size):
            rows = self.conversations[start : start + size]
            yield rows, tuple(one.conversation_id for one in rows if not replay(one, index, None))

    def metrics(self) -> dict[str, float]:
        """Lines, forms, yield, languages and reasons; shares are of what was typed."""
        made = self.conversations
        counts: dict[str, float] = {
            "lines": self.read.lines,
            "forms": self.read.forms,
            "beyond_limit": self.read.left_out,
            "read": len(self.read.read),
            "not_read": len(self.read.unread),
            "wordings": sum(map(len, self.book.values())),
            "conversations": len(made),
            "held_out": sum(one.side == "test" for one in made),
            "labelled": sum(one.by == "people" for one in self.read.read),
            "personal": sum(self.read.personal.values()),
        }
        counts |= {f"language_{name}": _of_language(self.read, name) for name in (*LANGUAGES, "other")}
        shares = {"yield": sum(one.count for one in self.read.read) / max(1, _typed(self.read))}
        shares["goals"] = self.demand.share
        named: dict[str, float] = {
            f"reason_{_slug(reason)}": count for reason, count in sorted(_grouped(self.read).items())
        }
        return {f"utterances_{name}": float(value) for name, value in (counts | shares | named).items()}

    def about(self) -> dict[str, JsonValue]:
        """What the manifest keeps."""
        return {
            "files": list(self.files),
            "to_label": str(self.to_label),
            "reasons": dict(sorted(_grouped(self.read).items())),
            "personal": dict(sorted(self.read.personal.items())),
            "tongues": dict(sorted(self.read.tongues.items())),
            "demand": told(self.demand),
        }


def enter(turns: ConversationsConfig, how: Form, index: CatalogIndex, folder: Path, seed: int) -> Entered:
    """The logs of `conversations.utterances`. ConfigError where one is no log."""
    files = [Path(name) for name in turns.utterances]
    words = words_of(index.catalog)
    found = read_log(files, words, terms_of(index.catalog))
    made = _conversations(found, turns, how.style, index, seed)
    book = wordings_of(found.read, words, files[0].name)
    demand = demand_of(found, index, turns.utterance_goals)
    to_label = folder / f"{files[0].stem}-to-label.csv"
    write_to_label(to_label, found.unread)
    if how.readings:
        made = [read_conversation(one, words) for one in made]
    entered = Entered(tuple(made), book, demand, found, tuple(map(str, files)), to_label)
    _tell(entered)
    return entered


def _conversations(
    found: Log, turns: ConversationsConfig, style: str, index: CatalogIndex, seed: int
) -> list[Conversation]:
    """Those that are drawn, in the order of their names; a request that the shop's tools refuse is none."""
    most = max(1, round(turns.utterance_share * turns.count))
    held_out = [one for one in found.read if one.side == "test"]
    others = [one for one in found.read if one.side != "test"]
    drawn = [*_drawn(others, most, seed), *_drawn(held_out, MOST_HELD_OUT, seed)]
    made: list[Conversation] = []
    for one in sorted(drawn, key=lambda one: one.name):
        try:
            made.append(conversation_of(one, index, style))
        except BadLine as problem:
            log.info("utterance %r: %s", one.text[:80], problem)
            refused(found, one, f"label: {problem}" if one.by == "people" else CALL_FAILS)
    return made


def _drawn(requests: Sequence[Request], most: int, seed: int) -> list[Request]:
    return sorted(requests, key=lambda one: order_of(one, seed), reverse=True)[:most]


def _tell(entered: Entered) -> None:
    numbers = entered.metrics()
    log.info(
        "%s: %d lines, %d different requests, %d read (%.0f %% of what was typed), %d conversations, "
        "%d wordings; %d were not read and wait for labels in %s",
        ", ".join(Path(name).name for name in entered.files), numbers["utterances_lines"],
        numbers["utterances_forms"], numbers["utterances_read"], 100 * numbers["utterances_yield"],
        len(entered.conversations), numbers["utterances_wordings"], len(entered.read.unread),
        entered.to_label,
    )  # fmt: skip


def _typed(found: Log) -> int:
    return sum(one.count for one in (*found.read, *found.unread))


def _grouped(found: Log) -> Counter[str]:
    """Reasons; those of labels, which name the label, as one."""
    grouped: Counter[str] = Counter()
    for reason, count in found.reasons.items():
        grouped["label that cannot be read" if reason.startswith("label:") else reason] += count
    return grouped


def _of_language(found: Log, language: str) -> int:
    languages = {str(tongue): str(name) for tongue, name in LANGUAGE.items()}
    return sum(count for tongue, count in found.tongues.items() if languages.get(tongue, tongue) == language)


def _slug(reason: str) -> str:
    return "_".join(reason.replace(",", "").split())
