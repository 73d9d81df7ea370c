"""catalog, profiles, conversations, sft → the preference pairs that preference accuracy is measured on.

Sampled once from the SFT model on test turns whose words occur on no other side, and cleaned: every later
DPO model is measured on the same ones. Empty, with a warning, where no two samples pair.
"""

from __future__ import annotations

import logging

from muse_core.config.run_config import RunConfig
from muse_core.context import StageContext
from muse_core.evaluation.score.frozen_pairs import freeze, frozen_pairs_config, without_overlap
from muse_core.generation.crew import crew_of
from muse_core.models.loading import load_model
from muse_core.preferences.contexts import Environment
from muse_core.preferences.sampling import mine_pairs
from muse_core.records import from_table, to_table
from muse_core.types import ArtifactRef
from muse_core.world.shop import Shop, own_talks

READS = (
    "evaluation.pair_contexts",
    "evaluation.pair_samples",
    "pairs.temperatures",
    "pairs.top_p",
    "pairs.max_new_tokens",
    "reply.style",
)
KIND = "preference_pairs"

log = logging.getLogger(__name__)


def run(
    config: RunConfig,
    *,
    catalog: ArtifactRef,
    profiles: ArtifactRef,
    conversations: ArtifactRef,
    sft: ArtifactRef,
    ctx: StageContext,
) -> ArtifactRef:
    """The frozen pairs of the test side."""
    environment = Environment(Shop.read(ctx.store, catalog, profiles), config.reply.style)
    talks = own_talks(from_table(conversations.kind, ctx.store.read_table(conversations)))
    loaded = load_model(ctx.store.folder(sft), ctx.device)
    rules = frozen_pairs_config(
        config.evaluation.pair_contexts,
        config.evaluation.pair_samples,
        config.pairs.temperatures,
        config.pairs.top_p,
        config.pairs.max_new_tokens,
    )
    with crew_of(ctx.workers, loaded):
        mined = mine_pairs(loaded, without_overlap(talks), environment, rules, ctx.seed, ctx.progress, "test")
    pairs, metrics = freeze(mined)
    if not pairs:
        log.warning(
            "preference accuracy is not measured: no two samples of %d test turns differ by strength %s. "
            "Raise evaluation.pair_contexts (now %d) or evaluation.pair_samples (now %d)",
            len(mined.contexts), rules.preference_strength_threshold,
            rules.contexts, rules.samples_per_context,
        )  # fmt: skip
    table = to_table(KIND, pairs)
    return ctx.store.write_table(KIND, table, ctx.fingerprint, metrics=metrics, about={"side": "test"})
