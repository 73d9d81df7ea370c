"""products, profiles → conversations: simulated dialogues, or the user's own, whose calls replay.

Conversation i belongs to profile i modulo their number (with a log of what customers type, a share of
them to another of the train side: `dialogue/demand.py`). Work is cut into shards of fixed size, each
with its own generator, so that the number of workers cannot change a byte. A share of them happens in
other shops (docs/decisions.md#many-shops). Shards come back as Arrow tables, in order, a few at a time. Every
conversation is replayed before anything is published; one result that differs is an error.

With `conversations.file` (`muse run --conversations FILE`) nothing is simulated: the chats of the file
are replayed on the catalogue and enter here, so that `augment` and all behind it read one kind of table
under one contract, and the file's content is part of this stage's key. A line that cannot be used is
left out; the log names it with its number and reason, the manifest keeps them all (`about.rejected`).
ConfigError when no line can be used. The shape of a line: `conversation_files/chat_line.py`.

With `conversations.utterances` (`muse run --utterances FILE`) requests of a log are added, shoppers speak
in its wordings and ask for what its people ask for: `utterances/enter.py`.

With `conversations.feedback` (`muse run --feedback`) what a person accepted of served turns is added to the
train side, but for what says something that this run holds out: `feedback/enter.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from muse_core.artifacts import ArtifactStore
from muse_core.catalog.other_shops import visited
from muse_core.config.run_config import LlmConfig, RunConfig
from muse_core.context import StageContext
from muse_core.conversation_files.given import Given
from muse_core.dialogue.demand import Demand, people_of
from muse_core.dialogue.families import families_with
from muse_core.dialogue.llm.lesson_store import publish, teacher_of
from muse_core.dialogue.made import Made, made_of, metrics_of
from muse_core.dialogue.simulate import simulate
from muse_core.errors import MuseError
from muse_core.evaluation.score.data_quality import measure
from muse_core.feedback.enter import EnteredFeedback, enter_feedback
from muse_core.feedback.queue import read_accepted
from muse_core.reading.attached import read_conversation
from muse_core.reading.shop_words import words_of
from muse_core.records import from_table, to_table
from muse_core.scoring.overlap import user_turns
from muse_core.types import (
    SIDES,
    ArtifactRef,
    JsonValue,
    Profile,
)
from muse_core.utterances.enter import Entered, Form, enter
from muse_core.wordings.book import Book
from muse_core.world.replay import replay
from muse_core.world.shop import Shop, other_index, read_profiles

READS = (
    "conversations", "prompt", "reply", "pairs.reserved_share", "llm.share", "llm.replies", "llm.model",
    "llm.wordings", "llm.max_requests", "llm.max_tokens", "llm.price_per_million",
)  # fmt: skip
KIND = "conversations"
STAGE_NUMBER = 3
PEOPLE = 1  # the generator of whose conversations a shard has, beside that of what is said
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
    demand: Demand | None


def run(config: RunConfig, *, catalog: ArtifactRef, profiles: ArtifactRef, ctx: StageContext) -> ArtifactRef:
    """The dialogues of all shoppers, or those of the user's file."""
    shoppers = read_profiles(ctx.store, profiles)
    given = Given(Path(config.conversations.file)) if config.conversations.file is not None else None
    typed, logged = _logged(config, catalog, ctx)
    if given is not None:
        made = list(_read(given, config, catalog, shoppers, ctx))
    else:
        made = list(_simulated(config, catalog, shoppers, ctx, typed))
    broken = [conversation_id for part in (*made, *logged) for conversation_id in part.broken]
    if broken:
        raise MuseError(
            f"conversations: {len(broken)} do not replay to their stored results, "
            f"first {broken[0]}; a tool is not deterministic. "
            "Find what differs with muse_core.world.replay.replay."
        )
    table, taught = pa.concat_tables([part.table for part in made]), dict[str, float]()
    if ctx.text_service is not None and given is None:
        table, taught = _taught(table, config, catalog, shoppers, ctx)
    table = pa.concat_tables([table, *(part.table for part in logged)])
    returned, accepted = _accepted(table, config, catalog, ctx)
    table = pa.concat_tables([table, *(part.table for part in accepted)])
    metrics = metrics_of([*made, *logged, *accepted]) | taught
    metrics |= (given.metrics() if given else {}) | (typed.metrics() if typed else {})
    metrics |= returned.metrics() if returned else {}
    metrics |= measure(table, ctx.seed)
    ctx.metrics.log(metrics)
    about: dict[str, JsonValue] = given.about() if given else {}
    about |= {"utterances": typed.about()} if typed else {}
    about |= {"feedback": returned.about()} if returned else {}
    return ctx.store.write_table(KIND, table, ctx.fingerprint, metrics=metrics, about=about or None)


# ---- simulated ------------------------------------------------------------------------------------


def _simulated(
    config: RunConfig,
    catalog: ArtifactRef,
    shoppers: Mapping[str, Profile],
    ctx: StageContext,
    typed: Entered | None,
) -> Iterator[Made]:
    count, done = config.conversations.count, 0
    ctx.progress.update(0, count, "conversations")
    for part in ctx.stream(make_shard, _shards(config, catalog, shoppers, ctx, typed)):
        done += part.table.num_rows
        ctx.progress.update(done, count, "conversations")
        yield part


def _shards(
    config: RunConfig,
    catalog: ArtifactRef,
    shoppers: Mapping[str, Profile],
    ctx: StageContext,
    typed: Entered | None,
) -> Iterator[Shard]:
    count, everybody = config.conversations.count, list(shoppers.values())
    words, demand = (typed.book, typed.demand) if typed else ({}, None)
    for number, first in enumerate(range(0, count, SHARD)):
        rows = range(first, min(first + SHARD, count))
        rng = np.random.default_rng([ctx.seed, STAGE_NUMBER, number, PEOPLE])
        people = tuple(people_of(everybody, rows, demand, rng))
        yield Shard(ctx.store.root, catalog, ctx.work, people, config, ctx.seed, number, first, words, demand)


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
        asked = shard.demand if name is None and profile.side == "train" else None
        number = f"c{shard.first + row:06d}"
        talk = simulate(profile, index, rng, shard.config, families, number, name, asked)
        made.append(read_conversation(talk, words_of(index.catalog)) if reads else talk)
        if not replay(talk, index, profile):
            broken.append(talk.conversation_id)
    return made_of(made, tuple(broken))


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
    with teacher_of(ctx, index, shoppers, _lessons(config)) as teacher:
        taught = teacher.teach(table, ctx.progress)
        if config.prompt.readings:
            taught = _read_again(taught, Shop(index))
        publish(teacher, ctx)
        return taught, teacher.metrics()


def _lessons(config: RunConfig) -> LlmConfig:
    """What of the teacher's settings a result depends on; not how patiently it is asked."""
    return LlmConfig(
        share=config.llm.share,
        wordings=config.llm.wordings,
        replies=config.llm.replies,
        max_requests=config.llm.max_requests,
        max_tokens=config.llm.max_tokens,
        price_per_million=config.llm.price_per_million,
    )


def _read_again(table: pa.Table, shop: Shop) -> pa.Table:
    """The conversations with the readings of the words that are new in them."""
    parts = (table.slice(start, SHARD) for start in range(0, table.num_rows, SHARD))
    rows = (
        [read_conversation(one, words_of(shop.index_of(one).catalog)) for one in from_table(KIND, part)]
        for part in parts
    )
    return pa.concat_tables([to_table(KIND, part) for part in rows])


# ---- given ----------------------------------------------------------------------------------------


def _read(
    given: Given,
    config: RunConfig,
    catalog: ArtifactRef,
    shoppers: Mapping[str, Profile],
    ctx: StageContext,
) -> Iterator[Made]:
    """The file's conversations, some at a time; their calls have just been run, so they replay."""
    shop = _shop(ctx.store.root, catalog, ctx.work)
    for chats in given.read(shop.index, shoppers, SHARD, ctx.progress):
        if config.prompt.readings:
            chats = [read_conversation(chat, words_of(shop.index_of(chat).catalog)) for chat in chats]
        yield made_of(chats)


# ---- logged ---------------------------------------------------------------------------------------


def _logged(config: RunConfig, catalog: ArtifactRef, ctx: StageContext) -> tuple[Entered | None, list[Made]]:
    """What the logs hold, and their conversations, replayed; nothing without a log."""
    if not config.conversations.utterances:
        return None, []
    index = _shop(ctx.store.root, catalog, ctx.work).index
    how = Form(config.reply.style, config.prompt.readings)
    typed = enter(config.conversations, how, index, ctx.store.root.parent / "utterances", ctx.seed)
    return typed, [made_of(rows, broken) for rows, broken in typed.replayed(index, SHARD)]


# ---- accepted feedback ----------------------------------------------------------------------------


def _accepted(
    table: pa.Table, config: RunConfig, catalog: ArtifactRef, ctx: StageContext
) -> tuple[EnteredFeedback | None, list[Made]]:
    """What enters of the feedback, held against what `table` holds out; nothing where none is named."""
    if config.conversations.feedback is None:
        return None, []
    index = _shop(ctx.store.root, catalog, ctx.work).index
    rows = read_accepted(ctx.store, config.conversations.feedback)
    others = from_table(KIND, table.filter(pc.field("side") != "train"))
    held_out = [turn for side in SIDES if side != "train" for turn in user_turns(others, side)]
    entered = enter_feedback(rows, index, held_out, config.pairs.reserved_share)
    talks = entered.conversations
    if config.prompt.readings:
        talks = tuple(read_conversation(one, words_of(index.catalog)) for one in talks)
    return entered, [made_of(talks)] if talks else []
