"""catalog, profiles, conversations, sft → preference pairs: turns sampled from the SFT model, executed,
rewarded, and paired where one is clearly better.

Assumes a model folder with the chat format of this version. Reads the train side only. Fails when no
pair is strong enough, or when length or wording alone gives the chosen side away. Not covered: test
pairs (evaluate samples and freezes its own).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.product import Catalog
from muse_core.config.run_config import RunConfig
from muse_core.context import StageContext
from muse_core.models.loading import load_model
from muse_core.preferences.lint import lint
from muse_core.preferences.sampling import mine_pairs, need_pairs
from muse_core.records import from_table, to_table
from muse_core.types import ArtifactRef, PreferencePair

READS = ("pairs", "reply")
INPUTS = ("catalog", "profiles", "conversations", "sft")
KIND = "preference_pairs"

logger = logging.getLogger(__name__)


def run(
    config: RunConfig,
    *,
    catalog: ArtifactRef,
    profiles: ArtifactRef,
    conversations: ArtifactRef,
    sft: ArtifactRef,
    ctx: StageContext,
) -> ArtifactRef:
    """The pairs of the train side, linted."""
    index = CatalogIndex(Catalog(tuple(from_table("products", ctx.store.read_table(catalog)))))
    people = {one.profile_id: one for one in from_table("profiles", ctx.store.read_table(profiles))}
    dialogues = from_table("conversations", ctx.store.read_table(conversations))
    loaded = load_model(ctx.store.folder(sft), ctx.device)
    mined = mine_pairs(
        loaded, dialogues, people, index, config.pairs, config.reply.style, ctx.seed, ctx.progress, "train"
    )
    need_pairs(mined, config.pairs)
    report = lint(mined.pairs, np.random.default_rng([ctx.seed, 7]))
    for warning in report.warnings:
        logger.warning("pairs: %s", warning)
    numbers = mined.counters | report.numbers | _kept(report.pairs)
    ctx.metrics.log(numbers)
    about = {"warnings": list(report.warnings)}
    table = to_table(KIND, report.pairs)
    return ctx.store.write_table(KIND, table, ctx.fingerprint, metrics=numbers, about=about)


def _kept(pairs: Sequence[PreferencePair]) -> dict[str, float]:
    """What is left after the lint."""
    return {"kept": len(pairs), "kept_on_policy": sum(pair.kind == "on_policy" for pair in pairs)}
