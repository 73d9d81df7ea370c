"""catalog, profiles, conversations, sft → preference pairs: turns sampled from the SFT model, executed,
rewarded, and paired where one is clearly better; contrast pairs added up to `pairs.contrast_share`; with
`pairs.human` also the pairs that people judged, with `conversations.feedback` those of what was served.

Assumes a model folder with the chat format of this version. Mines from the train side only, from the shoppers
that SFT has not heard where some are reserved (`profiles/reserved.py`); of the other sides it knows the
requests, to keep them out. Fails when no pair is strong enough, when a pair does
not replay to the same verdict, or when the lint finds that something other than quality gives the
chosen side away. Not covered: test pairs (evaluate samples and freezes its own).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from muse_core.config.run_config import RunConfig
from muse_core.context import StageContext
from muse_core.feedback.pairs import pairs_of_feedback
from muse_core.feedback.queue import read_accepted
from muse_core.generation.crew import crew_of
from muse_core.models.loading import load_model
from muse_core.preferences.cleaning import held_out_requests
from muse_core.preferences.contexts import Environment
from muse_core.preferences.lint import lint
from muse_core.preferences.people import SUFFIX, pairs_of_people, with_people
from muse_core.preferences.sampling import mine_pairs, need_pairs
from muse_core.profiles.reserved import for_pairs
from muse_core.profiles.system_line import partly_told
from muse_core.progress import Phases
from muse_core.records import from_table, to_table
from muse_core.types import ArtifactRef, PreferencePair
from muse_core.world.shop import Shop

READS = ("pairs", "reply", "conversations.feedback", "sft.profile_dropout", "sft.language_dropout")
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
    shop = Shop.read(ctx.store, catalog, profiles)
    dialogues = from_table("conversations", ctx.store.read_table(conversations))
    loaded = load_model(ctx.store.folder(sft), ctx.device)
    told = config.sft.profile_dropout, config.sft.language_dropout
    talks = partly_told(for_pairs(dialogues, config.pairs.reserved_share), *told, ctx.seed)
    phases = Phases(ctx.progress, {"samples of the model": 9.0, "lint": 1.0})
    phases.begin("samples of the model")
    with crew_of(ctx.workers, loaded):
        mined = mine_pairs(
            loaded,
            talks,
            Environment(shop, config.reply.style),
            config.pairs,
            ctx.seed,
            ctx.progress,
            "train",
        )
    need_pairs(mined, config.pairs)
    pairs = mined.pairs
    if config.pairs.human:
        pairs = with_people(pairs, pairs_of_people(ctx.store, config.pairs.human, dialogues))
    if config.conversations.feedback is not None:
        rows = read_accepted(ctx.store, config.conversations.feedback)
        accepted, dropped = pairs_of_feedback(rows, dialogues, shop.index)
        pairs = with_people(pairs, accepted)
        logger.info("pairs: %d of accepted feedback; left out: %s", len(accepted), dropped or "none")
    phases.begin("lint")
    report = lint(pairs, np.random.default_rng([ctx.seed, 7]), held_out_requests(dialogues))
    for warning in report.warnings:
        logger.warning("pairs: %s", warning)
    numbers = mined.counters | report.numbers | _kept(report.pairs)
    ctx.metrics.log(numbers)
    about = {"warnings": list(report.warnings)}
    table = to_table(KIND, report.pairs)
    return ctx.store.write_table(KIND, table, ctx.fingerprint, metrics=numbers, about=about)


def _kept(pairs: Sequence[PreferencePair]) -> dict[str, float]:
    """What is left after the lint."""
    kinds = [pair.kind for pair in pairs]
    people = sum(pair.pair_id.endswith(SUFFIX) for pair in pairs)
    return {"kept": len(kinds), "kept_on_policy": kinds.count("on_policy"), "kept_human": people}
