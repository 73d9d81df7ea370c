"""catalog, profiles → the expert's conversations with simulated shoppers: the ceiling of the closed loop, and
how many turns each conversation needs. Empty without `evaluation.closed_loop_goals`, or without a test-side
shopper whose wish this shop can meet."""

from __future__ import annotations

from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.product import Catalog
from muse_core.config.run_config import RunConfig
from muse_core.context import StageContext
from muse_core.evaluation.closed_loop.play import open_market, play_expert
from muse_core.evaluation.closed_loop.record import expert_records, talk_rows
from muse_core.evaluation.closed_loop.rows import EXPERT
from muse_core.records import from_table, to_table
from muse_core.types import ArtifactRef

READS = ("evaluation.closed_loop_goals", "conversations.noise", "reply.style")
KIND = "talks"


def run(config: RunConfig, *, catalog: ArtifactRef, profiles: ArtifactRef, ctx: StageContext) -> ArtifactRef:
    """Four conversations about every goal."""
    products, people = (from_table(ref.kind, ctx.store.read_table(ref)) for ref in (catalog, profiles))
    goals, noise = config.evaluation.closed_loop_goals, config.conversations.noise
    market = open_market(CatalogIndex(Catalog(tuple(products))), people, goals, noise, ctx.seed)
    played = play_expert(market, config.reply.style, ctx.progress) if market.goals else []
    table = to_table(KIND, talk_rows(EXPERT, expert_records(played)))
    return ctx.store.write_table(KIND, table, ctx.fingerprint)
