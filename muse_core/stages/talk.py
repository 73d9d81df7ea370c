"""catalog, profiles, talk_expert, one model → its conversations with simulated shoppers.

Played as `evaluation/closed_loop/play.py` says.
Empty for a model that cannot call, and where the expert has none.
"""

from __future__ import annotations

from muse_core.config.run_config import RunConfig
from muse_core.context import StageContext
from muse_core.evaluation.closed_loop.play import open_market, play_model
from muse_core.evaluation.closed_loop.record import read_talks, records_of, talk_rows, turns_of
from muse_core.generation.crew import crew_of
from muse_core.models.loading import load_model
from muse_core.records import from_table, to_table
from muse_core.types import ArtifactRef
from muse_core.world.shop import Shop

READS = ("evaluation.closed_loop_goals", "evaluation.max_new_tokens", "conversations.noise")
KIND = "talks"


def run(
    config: RunConfig,
    *,
    catalog: ArtifactRef,
    profiles: ArtifactRef,
    talk_expert: ArtifactRef,
    model: ArtifactRef,
    name: str,
    ctx: StageContext,
) -> ArtifactRef:
    """The conversations of the model called `name`, judged by the turns that the expert needed."""
    shop = Shop.read(ctx.store, catalog, profiles)
    rows = from_table(talk_expert.kind, ctx.store.read_table(talk_expert))
    goals, noise = config.evaluation.closed_loop_goals, config.conversations.noise
    market = open_market(shop, goals, noise, ctx.seed)
    loaded = load_model(ctx.store.folder(model), ctx.device, is_only_asked=True)
    limit = config.evaluation.max_new_tokens
    if market.goals and loaded.can_call:
        with crew_of(ctx.workers, loaded):
            played = play_model(loaded, market, limit, ctx.progress)
    else:
        played = []
    records = records_of(played, turns_of(read_talks(rows)))
    about = {"model": name, "can_call": loaded.can_call}
    return ctx.store.write_table(KIND, to_table(KIND, talk_rows(name, records)), ctx.fingerprint, about=about)
