"""products, profiles → conversations: simulated dialogues, or the user's own, whose calls replay.

Conversation i belongs to profile i modulo their number. Work is cut into shards of fixed size, each
with its own generator, so that the number of workers cannot change a byte. A share of them happens in
other shops (docs/decisions.md#many-shops). Shards come back as Arrow tables, in order, a few at a time. Every
conversation is replayed before anything is published; one result that differs is an error.

With `conversations.file` (`muse run --conversations FILE`) nothing is simulated: the chats of the file
are replayed on the catalogue and enter here, so that `augment` and all behind it read one kind of table
under one contract, and the file's content is part of this stage's key. A line that cannot be used is
left out; the log names it with its number and reason, the manifest keeps them all (`about.rejected`).
ConfigError when no line can be used. The shape of a line: `conversation_files/chat_line.py`.

With `conversations.utterances` (`muse run --utterances FILE`) requests of a log are added, and shoppers
speak in its wordings: `utterances/enter.py`.
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
from muse_core.catalog.other_shops import visited
from muse_core.config.run_config import RunConfig
from muse_core.context import StageContext
from muse_core.conversation_files.read import SHOWN, Rejected, read_chats, refuse
from muse_core.dialogue.families import families_with
from muse_core.dialogue.llm.paraphrase import Paraphraser
from muse_core.dialogue.simulate import simulate
from muse_core.errors import MuseError
from muse_core.evaluation.score.data_quality import measure
from muse_core.reading.attached import read_conversation
from muse_core.reading.shop_words import words_of
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
from muse_core.utterances.enter import Entered, enter
from muse_core.wordings.book import Book
from muse_core.world.replay import replay
from muse_core.world.shop import Shop, other_index, read_profiles

READS = ("conversations", "prompt", "reply", "llm.share", "llm.replies", "llm.model", "pairs.reserved_share")
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
    wordings: Book


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
    typed, logged = _logged(config, catalog, ctx) if config.conversations.utterances else (None, [])
    if given is not None:
        made = list(_read(given, config, catalog, shoppers, ctx))
    else:
        made = list(_simulated(config, catalog, shoppers, ctx, typed.book if typed else {}))
    broken = [conversation_id for part in (*made, *logged) for conversation_id in part.broken]
    if broken:
        raise MuseError(
            f"conversations: {len(broken)} do not replay to their stored results, "
            f"first {broken[0]}; a tool is not deterministic. "
            "Find what differs with muse_core.world.replay.replay."
        )
    metrics = _metrics([*made, *logged])
    metrics |= (given.metrics() if given else {}) | (typed.metrics() if typed else {})
    table = pa.concat_tables([part.table for part in made])
    if ctx.text_service is not None and given is None:
        table, counts = _reworded(table, config, catalog, shoppers, ctx)
        metrics |= counts
    table = pa.concat_tables([table, *(part.table for part in logged)])
    metrics |= measure(table, ctx.seed)
    ctx.metrics.log(metrics)
    about = (given.about() if given else {}) | ({"utterances": typed.about()} if typed else {})
    return ctx.store.write_table(KIND, table, ctx.fingerprint, metrics=metrics, about=about or None)


# ---- simulated ------------------------------------------------------------------------------------


def _simulated(
    config: RunConfig, catalog: ArtifactRef, shoppers: Mapping[str, Profile], ctx: StageContext, words: Book
) -> Iterator[Made]:
    count, done = config.conversations.count, 0
    ctx.progress.update(0, count, "conversations")
    for part in ctx.stream(make_shard, _shards(config, catalog, shoppers, ctx, words)):
        done += part.table.num_rows
        ctx.progress.update(done, count, "conversations")
        yield part


def _shards(
    config: RunConfig, catalog: ArtifactRef, shoppers: Mapping[str, Profile], ctx: StageContext, words: Book
) -> Iterator[Shard]:
    count, everybody = config.conversations.count, list(shoppers.values())
    for number, first in enumerate(range(0, count, SHARD)):
        rows = range(first, min(first + SHARD, count))
        people = tuple(everybody[row % len(everybody)] for row in rows)
        yield Shard(ctx.store.root, catalog, ctx.work, people, config, ctx.seed, number, first, words)


def make_shard(shard: Shard) -> Made:
    """Runs in a worker: simulates the shard's conversations and replays each."""
    own = _shop(shard.root, shard.catalog, shard.work)
    rng = np.random.default_rng([shard.seed, STAGE_NUMBER, shard.number])
    families = families_with(shard.wordings)
    settings, sides = shard.config.conversations, [profile.side for profile in shard.profiles]
    names = visited(sides, shard.seed, shard.number, settings.other_shops, settings.other_shops_count)
    made, broken, reads = [], [], shard.config.prompt.readings
    for row, (profile, name) in enumerate(zip(shard.profiles, names, strict=True)):
        index = own.index if name is None else other_index(name)
        talk = simulate(profile, index, rng, shard.config, families, f"c{shard.first + row:06d}", name)
        made.append(read_conversation(talk, words_of(index.catalog)) if reads else talk)
        if not replay(talk, index, profile):
            broken.append(talk.conversation_id)
    return Made(to_table(KIND, made), _counts(made), tuple(broken))


@lru_cache(maxsize=1)
def _shop(root: Path, catalog: ArtifactRef, work: Path) -> Shop:
    """The shop without its shoppers, built once per process; the pictures' features once per stage."""
    return Shop.read(ArtifactStore(root), catalog, shared=work)


def _reworded(
    table: pa.Table,
    config: RunConfig,
    catalog: ArtifactRef,
    shoppers: Mapping[str, Profile],
    ctx: StageContext,
) -> tuple[pa.Table, dict[str, float]]:
    """Some conversations in a language model's words, and what was asked and turned down. The answers lie
    outside the stage's scratch folder, so that a rerun asks nothing twice."""
    index = _shop(ctx.store.root, catalog, ctx.work).index
    answers = ctx.store.work("language model answers")
    paraphraser = Paraphraser(
        ctx.text_service, answers, index, shoppers, config.llm.share, config.llm.replies, ctx.seed
    )
    try:
        reworded = paraphraser.rewrite(table, ctx.progress)
        if config.prompt.readings:
            reworded = _read_again(reworded, Shop(index))
        return reworded, paraphraser.metrics()
    finally:
        paraphraser.close()


def _read_again(table: pa.Table, shop: Shop) -> pa.Table:
    """The conversations with the readings of the words that are new in them."""
    parts = (table.slice(start, SHARD) for start in range(0, table.num_rows, SHARD))
    rows = (
        [read_conversation(one, words_of(shop.index_of(one).catalog)) for one in from_table(KIND, part)]
        for part in parts
    )
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


# ---- logged ---------------------------------------------------------------------------------------


def _logged(config: RunConfig, catalog: ArtifactRef, ctx: StageContext) -> tuple[Entered, list[Made]]:
    """What the logs hold, and their conversations, replayed."""
    index = _shop(ctx.store.root, catalog, ctx.work).index
    typed = enter(config, index, ctx.store.root.parent / "utterances", ctx.seed)
    return typed, [
        Made(to_table(KIND, rows), _counts(rows), broken) for rows, broken in typed.replayed(index, SHARD)
    ]


# ---- counts ---------------------------------------------------------------------------------------


def _counts(conversations: Sequence[Conversation]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for conversation in conversations:
        counts[f"language_{conversation.language}"] += 1
        counts[f"side_{conversation.side}"] += 1
        counts["other_shops"] += conversation.shop is not None
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
    metrics["share_other_shops"] = counts["other_shops"] / conversations
    metrics |= {f"share_{name}": counts[f"language_{name}"] / conversations for name in LANGUAGES}
    metrics |= {f"share_{name}": counts[f"side_{name}"] / conversations for name in SIDES}
    metrics |= {f"decision_{name}": counts[f"decision_{name}"] / turns for name in DECISIONS}
    return metrics | {f"turn_{name}": counts[f"turn_{name}"] / turns for name in TURN_TYPES}
