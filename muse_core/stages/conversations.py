"""products, profiles → conversations: simulated dialogues with gold calls that replay.

Conversation i belongs to profile i modulo their number. Work is cut into shards of fixed size, each
with its own generator, so that the number of workers cannot change a byte. A sample is replayed before
anything is published; one result that differs is an error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa

from muse_core.artifacts import ArtifactStore
from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.product import Catalog
from muse_core.config.run_config import RunConfig
from muse_core.context import StageContext
from muse_core.dialogue.families import all_families
from muse_core.dialogue.simulate import simulate
from muse_core.dialogue.world import replay
from muse_core.errors import MuseError
from muse_core.records import from_table, to_table
from muse_core.types import DECISIONS, LANGUAGES, SIDES, TURN_TYPES, ArtifactRef, Conversation, Profile

READS = ("conversations", "reply")
INPUTS = ("catalog", "profiles")
KIND = "conversations"
STAGE_NUMBER = 3
SHARD = 250  # conversations; a change of this number changes the conversations
SHARDS_AT_ONCE = 16  # per worker between two reports of progress
REPLAYED = 200


@dataclass(frozen=True)
class Shard:
    """What a worker needs: where the catalogue lies, and the numbers of the conversations to make."""

    root: Path
    catalog: ArtifactRef
    profiles: tuple[Profile, ...]
    config: RunConfig
    seed: int
    number: int
    first: int


@dataclass(frozen=True)
class Made:
    """One shard's rows and counts."""

    table: pa.Table
    counts: Counter[str]
    replayed: int
    broken: tuple[str, ...]


def run(config: RunConfig, *, catalog: ArtifactRef, profiles: ArtifactRef, ctx: StageContext) -> ArtifactRef:
    """The dialogues of all shoppers."""
    shoppers: list[Profile] = from_table("profiles", ctx.store.read_table(profiles))
    shards = list(_shards(config, catalog, shoppers, ctx))
    count = config.conversations.count
    made: list[Made] = []
    step = SHARDS_AT_ONCE * max(ctx.workers, 1)
    ctx.progress.update(0, count, "conversations")
    for start in range(0, len(shards), step):
        made += ctx.map(make_shard, shards[start : start + step])
        ctx.progress.update(sum(one.table.num_rows for one in made), count, "conversations")
    broken = [conversation_id for one in made for conversation_id in one.broken]
    if broken:
        raise MuseError(
            f"conversations: {len(broken)} of a sample do not replay to their stored results, "
            f"first {broken[0]}; a tool is not deterministic. "
            "Find what differs with muse_core.dialogue.world.replay."
        )
    metrics = _metrics(made)
    ctx.metrics.log(metrics)
    table = pa.concat_tables([one.table for one in made])
    return ctx.store.write_table(KIND, table, ctx.fingerprint, metrics=metrics)


def _shards(
    config: RunConfig, catalog: ArtifactRef, shoppers: Sequence[Profile], ctx: StageContext
) -> Iterator[Shard]:
    count = config.conversations.count
    for number, first in enumerate(range(0, count, SHARD)):
        rows = range(first, min(first + SHARD, count))
        people = tuple(shoppers[row % len(shoppers)] for row in rows)
        yield Shard(ctx.store.root, catalog, people, config, ctx.seed, number, first)


def make_shard(shard: Shard) -> Made:
    """Runs in a worker: simulates the shard's conversations and replays its part of the sample."""
    index = _index(shard.root, shard.catalog)
    rng = np.random.default_rng([shard.seed, STAGE_NUMBER, shard.number])
    families = all_families()
    made = [
        simulate(profile, index, rng, shard.config, families, f"c{shard.first + row:06d}")
        for row, profile in enumerate(shard.profiles)
    ]
    size = _sample_size(shard)
    rows = [len(made) * k // size for k in range(size)]
    sample = [(made[row], shard.profiles[row]) for row in rows]
    broken = tuple(one.conversation_id for one, profile in sample if not replay(one, index, profile))
    return Made(to_table(KIND, made), _counts(made), len(sample), broken)


def _sample_size(shard: Shard) -> int:
    """How many of a shard's conversations are replayed: its part of `REPLAYED`, at least one."""
    part = -(-REPLAYED * len(shard.profiles) // shard.config.conversations.count)
    return min(max(part, 1), len(shard.profiles))


@lru_cache(maxsize=1)
def _index(root: Path, catalog: ArtifactRef) -> CatalogIndex:
    """The searchable shop, built once per process."""
    products = from_table("products", ArtifactStore(root).read_table(catalog))
    return CatalogIndex(Catalog(tuple(products)))


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
    counts = sum((one.counts for one in made), Counter[str]())
    conversations = sum(one.table.num_rows for one in made)
    turns = sum(counts[f"decision_{name}"] for name in DECISIONS)
    replayed = sum(one.replayed for one in made)
    broken = sum(len(one.broken) for one in made)
    metrics = {"conversations": float(conversations), "user_turns": float(turns), "replayed": float(replayed)}
    metrics["replay_rate"] = 1 - broken / replayed
    metrics |= {f"share_{name}": counts[f"language_{name}"] / conversations for name in LANGUAGES}
    metrics |= {f"share_{name}": counts[f"side_{name}"] / conversations for name in SIDES}
    metrics |= {f"decision_{name}": counts[f"decision_{name}"] / turns for name in DECISIONS}
    return metrics | {f"turn_{name}": counts[f"turn_{name}"] / turns for name in TURN_TYPES}
