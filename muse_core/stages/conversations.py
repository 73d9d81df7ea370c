"""products, profiles → conversations: simulated dialogues, or the user's own, whose calls replay.

Conversation i belongs to profile i modulo their number. Work is cut into shards of fixed size, each
with its own generator, so that the number of workers cannot change a byte. Shards come back as Arrow
tables, in order, a few at a time. Every conversation is replayed before anything is published; one
result that differs is an error.

With `conversations.file` (`muse run --conversations FILE`) nothing is simulated: the chats of the file
are replayed on the catalogue and enter here, so that `augment` and all behind it read one kind of table
under one contract, and the file's content is part of this stage's key. A line that cannot be used is
left out; the log names it with its number and reason, the manifest keeps them all (`about.rejected`).
ConfigError when no line can be used. The shape of a line: `conversation_files/chat_line.py`.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa

from muse_core.artifacts import ArtifactStore
from muse_core.config.run_config import LlmConfig, RunConfig
from muse_core.context import StageContext
from muse_core.conversation_files.read import SHOWN, Rejected, read_chats, refuse
from muse_core.dialogue.families import all_families
from muse_core.dialogue.llm.lesson_store import publish, teacher_of
from muse_core.dialogue.simulate import simulate
from muse_core.errors import MuseError
from muse_core.evaluation.score.data_quality import measure
from muse_core.reading.attached import read_conversation
from muse_core.reading.shop_words import ShopWords, words_of
from muse_core.records import from_table, to_table
from muse_core.tools.toolbox import DECISIONS
from muse_core.types import (
    LANGUAGES,
    SIDES,
    TURN_TYPES,
    ArtifactRef,
    Conversation,
    JsonValue,
    Profile,
)
from muse_core.world.replay import replay
from muse_core.world.shop import Shop, read_profiles

READS = (
    "conversations", "prompt", "reply", "pairs.reserved_share", "llm.share", "llm.replies", "llm.model",
    "llm.wordings", "llm.max_requests", "llm.max_tokens", "llm.price_per_million",
)  # fmt: skip
KIND = "conversations"
STAGE_NUMBER = 3
SHARD = 250  # conversations; a change of this number changes the conversations

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Shard:
    """What a worker needs: where the catalogue lies, a scratch folder that the workers share, and the
    numbers of the conversations to make."""

    root: Path
    catalog: ArtifactRef
    work: Path
    profiles: tuple[Profile, ...]
    config: RunConfig
    seed: int
    number: int
    first: int


@dataclass(frozen=True)
class Made:
    """Some rows with their counts, and the ids of those that do not replay."""

    table: pa.Table
    counts: Counter[str]
    broken: tuple[str, ...] = ()


def run(config: RunConfig, *, catalog: ArtifactRef, profiles: ArtifactRef, ctx: StageContext) -> ArtifactRef:
    """The dialogues of all shoppers, or those of the user's file."""
    shoppers = read_profiles(ctx.store, profiles)
    given = Given(Path(config.conversations.file)) if config.conversations.file is not None else None
    if given is not None:
        made = list(_read(given, config, catalog, shoppers, ctx))
    else:
        made = list(_simulated(config, catalog, shoppers, ctx))
    broken = [conversation_id for part in made for conversation_id in part.broken]
    if broken:
        raise MuseError(
            f"conversations: {len(broken)} do not replay to their stored results, "
            f"first {broken[0]}; a tool is not deterministic. "
            "Find what differs with muse_core.world.replay.replay."
        )
    metrics = _metrics(made) | (given.metrics() if given else {})
    table = pa.concat_tables([part.table for part in made])
    if ctx.text_service is not None and given is None:
        table, counts = _taught(table, config, catalog, shoppers, ctx)
        metrics |= counts
    metrics |= measure(table, ctx.seed)
    ctx.metrics.log(metrics)
    about = given.about() if given else None
    return ctx.store.write_table(KIND, table, ctx.fingerprint, metrics=metrics, about=about)


# ---- simulated ------------------------------------------------------------------------------------


def _simulated(
    config: RunConfig, catalog: ArtifactRef, shoppers: Mapping[str, Profile], ctx: StageContext
) -> Iterator[Made]:
    count, done = config.conversations.count, 0
    ctx.progress.update(0, count, "conversations")
    for part in ctx.stream(make_shard, _shards(config, catalog, shoppers, ctx)):
        done += part.table.num_rows
        ctx.progress.update(done, count, "conversations")
        yield part


def _shards(
    config: RunConfig, catalog: ArtifactRef, shoppers: Mapping[str, Profile], ctx: StageContext
) -> Iterator[Shard]:
    count, everybody = config.conversations.count, list(shoppers.values())
    for number, first in enumerate(range(0, count, SHARD)):
        rows = range(first, min(first + SHARD, count))
        people = tuple(everybody[row % len(everybody)] for row in rows)
        yield Shard(ctx.store.root, catalog, ctx.work, people, config, ctx.seed, number, first)


def make_shard(shard: Shard) -> Made:
    """Runs in a worker: simulates the shard's conversations and replays each."""
    index = _shop(shard.root, shard.catalog, shard.work).index
    rng = np.random.default_rng([shard.seed, STAGE_NUMBER, shard.number])
    families = all_families()
    made = [
        simulate(profile, index, rng, shard.config, families, f"c{shard.first + row:06d}")
        for row, profile in enumerate(shard.profiles)
    ]
    if shard.config.prompt.readings:
        made = [read_conversation(talk, words_of(index.catalog)) for talk in made]
    people = zip(made, shard.profiles, strict=True)
    broken = tuple(talk.conversation_id for talk, profile in people if not replay(talk, index, profile))
    return Made(to_table(KIND, made), _counts(made), broken)


@lru_cache(maxsize=1)
def _shop(root: Path, catalog: ArtifactRef, work: Path) -> Shop:
    """The shop without its shoppers, built once per process; the pictures' features once per stage."""
    return Shop.read(ArtifactStore(root), catalog, shared=work)


def _taught(
    table: pa.Table,
    config: RunConfig,
    catalog: ArtifactRef,
    shoppers: Mapping[str, Profile],
    ctx: StageContext,
) -> tuple[pa.Table, dict[str, float]]:
    """Some conversations in a teacher's words, and what was asked and turned down; the rows of it are an
    artifact of their own."""
    index = _shop(ctx.store.root, catalog, ctx.work).index
    settings = LlmConfig(
        share=config.llm.share, wordings=config.llm.wordings, replies=config.llm.replies,
        max_requests=config.llm.max_requests, max_tokens=config.llm.max_tokens,
        price_per_million=config.llm.price_per_million,
    )  # fmt: skip
    with teacher_of(ctx, index, shoppers, settings) as teacher:
        taught = teacher.teach(table, ctx.progress)
        if config.prompt.readings:
            taught = _read_again(taught, words_of(index.catalog))
        publish(teacher, ctx)
        return taught, teacher.metrics()


def _read_again(table: pa.Table, words: ShopWords) -> pa.Table:
    """The conversations with the readings of the words that are new in them."""
    parts = (table.slice(start, SHARD) for start in range(0, table.num_rows, SHARD))
    rows = ([read_conversation(one, words) for one in from_table(KIND, part)] for part in parts)
    return pa.concat_tables([to_table(KIND, part) for part in rows])


# ---- given ----------------------------------------------------------------------------------------


@dataclass
class Given:
    """The user's file, the entries of it that were left out so far, and what was changed in the others."""

    file: Path
    rejected: list[Rejected] = field(default_factory=list)
    changes: Counter[str] = field(default_factory=Counter)

    def metrics(self) -> dict[str, float]:
        """How many entries were left out, and how often kept ones were merged, cut or filled in."""
        return {"rejected": float(len(self.rejected))} | {
            name: float(count) for name, count in sorted(self.changes.items())
        }

    def about(self) -> dict[str, JsonValue]:
        """What the manifest keeps."""
        return {"source": str(self.file), "rejected": [str(line) for line in self.rejected]}


def _read(
    given: Given,
    config: RunConfig,
    catalog: ArtifactRef,
    shoppers: Mapping[str, Profile],
    ctx: StageContext,
) -> Iterator[Made]:
    """The file's conversations, some at a time; their calls have just been run, so they replay."""
    index = _shop(ctx.store.root, catalog, ctx.work).index
    waiting: list[Conversation] = []
    kept = 0
    for number, chat in enumerate(read_chats(given.file, index, shoppers, given.changes), start=1):
        if isinstance(chat, Rejected):
            given.rejected.append(chat)
            if len(given.rejected) <= SHOWN:
                log.warning("%s, %s", given.file.name, chat)
        else:
            waiting.append(
                read_conversation(chat, words_of(index.catalog)) if config.prompt.readings else chat
            )
        if len(waiting) == SHARD:
            yield Made(to_table(KIND, waiting), _counts(waiting))
            kept, waiting = kept + len(waiting), []
            ctx.progress.update(number, number, "lines of the file")
    if waiting:
        yield Made(to_table(KIND, waiting), _counts(waiting))
    if not kept + len(waiting):
        raise refuse(given.file, given.rejected)
    _say_rest(given, kept + len(waiting))


def _say_rest(given: Given, kept: int) -> None:
    left = len(given.rejected)
    more = f"; {left - SHOWN} more reasons are in the manifest" if left > SHOWN else ""
    log.info("%s: %d conversations kept, %d lines rejected%s", given.file.name, kept, left, more)
    if given.changes:
        said = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in sorted(given.changes.items()))
        log.info("%s: in the kept ones: %s", given.file.name, said)


# ---- counts ---------------------------------------------------------------------------------------


def _counts(conversations: Sequence[Conversation]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for conversation in conversations:
        counts[f"language_{conversation.language}"] += 1
        counts[f"side_{conversation.side}"] += 1
        for label in conversation.labels:
            counts[f"decision_{label.decision}"] += 1
            counts[f"turn_{label.turn_type}"] += 1
    return counts


def _metrics(made: Sequence[Made]) -> dict[str, float]:
    counts = sum((part.counts for part in made), Counter[str]())
    conversations = sum(part.table.num_rows for part in made)
    turns = sum(counts[f"decision_{name}"] for name in DECISIONS)
    broken = sum(len(part.broken) for part in made)
    metrics = {"conversations": float(conversations), "user_turns": float(turns)}
    metrics |= {"replayed": float(conversations), "replay_rate": 1 - broken / conversations}
    metrics |= {f"share_{name}": counts[f"language_{name}"] / conversations for name in LANGUAGES}
    metrics |= {f"share_{name}": counts[f"side_{name}"] / conversations for name in SIDES}
    metrics |= {f"decision_{name}": counts[f"decision_{name}"] / turns for name in DECISIONS}
    return metrics | {f"turn_{name}": counts[f"turn_{name}"] / turns for name in TURN_TYPES}
