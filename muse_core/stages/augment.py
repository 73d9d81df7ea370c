"""catalog, profiles, conversations, base → augmented texts: which gold calls help the answer (Toolformer's
loss filter), as rows of one user utterance and one act with calls.

Assumes conversations that replay on the catalogue. Reads the train and dev sides only, of train what SFT
reads, and of these what happens in the own shop: SFT takes other shops' conversations whole. Fails when the
scorer cannot tell right calls from wrong ones on dev, or when a tool keeps too few of its calls. Calls that
the base proposes itself (`sampled_calls`) are scored and counted, and never become rows. Not covered:
requests in whose turn nobody made a call.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from muse_core.augmentation.anchor import Annotator
from muse_core.augmentation.candidates import acts
from muse_core.augmentation.filter import PreparedAct, ScoredAct, decide, measure, prepare
from muse_core.augmentation.ngram import NgramModel
from muse_core.augmentation.plain_text import training_words
from muse_core.augmentation.sampled_calls import CallSampler, Sampled, asked, prompts
from muse_core.augmentation.utility import LanguageModelScorer, NgramScorer
from muse_core.augmentation.verdict import check, metrics
from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.product import Catalog
from muse_core.config.run_config import AugmentationConfig, RunConfig
from muse_core.context import StageContext
from muse_core.errors import MuseError
from muse_core.profiles.reserved import taught
from muse_core.progress import Phases
from muse_core.records import from_table, to_table
from muse_core.types import ArtifactRef, Conversation, Profile, ToolCall
from muse_core.world.replay import world_for
from muse_core.world.shop import own_talks, read_profiles

if TYPE_CHECKING:
    from muse_core.models.loading import LoadedModel

READS = ("augmentation", "pairs.reserved_share")
KIND = "augmented"

logger = logging.getLogger(__name__)
LM_ACTS = 64  # acts whose trials go to the language model together


def run(
    config: RunConfig,
    *,
    catalog: ArtifactRef,
    profiles: ArtifactRef,
    conversations: ArtifactRef,
    base: ArtifactRef,
    ctx: StageContext,
) -> ArtifactRef:
    """The augmented texts of the train and dev sides, each with its verdict."""
    settings = config.augmentation
    products, people = Catalog.read(ctx.store, catalog), read_profiles(ctx.store, profiles)
    every = from_table("conversations", ctx.store.read_table(conversations))
    train = {talk.conversation_id for talk in taught(every, config.pairs.reserved_share)}
    seen = [talk for talk in own_talks(every) if talk.side == "dev" or talk.conversation_id in train]
    chosen = choose(seen, settings.samples, np.random.default_rng([ctx.seed, 5]))
    if not chosen:
        raise MuseError(
            "augment: found no call on the train and dev sides; expected conversations with tool calls. "
            "Raise conversations.count, or check the file given as --conversations."
        )
    is_ngram, is_sampled = settings.scorer == "ngram", settings.sampled_calls > 0
    work = {"n-gram model": 1.0, "calls of the base": 40.0 * is_sampled,
            "trials of calls": 4.0, "scores": 20.0 * (not is_ngram)}  # fmt: skip
    phases = Phases(ctx.progress, work)
    phases.begin("n-gram model")
    model = NgramModel.train(training_words([talk for talk in seen if talk.side == "train"]))
    loaded = None if is_ngram and not is_sampled else _load(base, ctx)
    own = _sampled(chosen, loaded, settings, phases, ctx)
    phases.begin("trials of calls")
    shards = [
        Shard(part, {talk.profile_id: people[talk.profile_id] for talk in part if talk.profile_id in people},
              products, model, settings.perturbations, ctx.seed, own.calls)
        for part in _stripes(chosen, ctx.workers)
    ]  # fmt: skip
    if is_ngram or loaded is None:
        scored = [act for part in ctx.map(score_shard, shards) for act in part]
    else:
        prepared = [act for part in ctx.map(prepare_shard, shards) for act in part]
        phases.begin("scores")
        scored = _score_with_base(prepared, loaded, ctx)
    return _publish(config, scored, len(seen) - len(chosen), own, ctx)


def choose(conversations: Sequence[Conversation], cap: int, rng: np.random.Generator) -> list[Conversation]:
    """Whole conversations with calls, at random until `cap` acts are reached (0 = all); order kept."""
    sizes = [sum(1 for _ in acts(talk)) for talk in conversations]
    if cap == 0:
        return [talk for talk, size in zip(conversations, sizes, strict=True) if size]
    taken, total = [], 0
    for place in rng.permutation(len(conversations)).tolist():
        if sizes[place] and total < cap:
            taken.append(place)
            total += sizes[place]
    return [conversations[place] for place in sorted(taken)]


def _stripes(conversations: Sequence[Conversation], workers: int) -> Iterator[list[Conversation]]:
    """Contiguous parts, one per worker: the order of the rows does not depend on how many."""
    parts = max(1, min(workers, len(conversations) // 50))
    for part in range(parts):
        start, end = (len(conversations) * k // parts for k in (part, part + 1))
        yield list(conversations[start:end])


@dataclass(frozen=True)
class Shard:
    """What a worker process needs."""

    conversations: Sequence[Conversation]
    profiles: dict[str, Profile]
    catalog: Catalog
    model: NgramModel
    perturbations: int
    seed: int
    own: Mapping[str, tuple[ToolCall, ...]]


def prepare_shard(shard: Shard) -> list[PreparedAct]:
    """All acts of the shard's conversations, in order, for the base model to score."""
    return [act for prepared in _prepared(shard) for act in prepared]


def score_shard(shard: Shard) -> list[ScoredAct]:
    """The same, scored by the n-gram model."""
    scorer = NgramScorer(shard.model)
    return [act for prepared in _prepared(shard) for act in measure(prepared, scorer)]


def _prepared(shard: Shard) -> Iterator[list[PreparedAct]]:
    index = CatalogIndex(shard.catalog)
    annotator = Annotator(shard.catalog.products)
    for talk in shard.conversations:
        world = world_for(shard.profiles.get(talk.profile_id), index, talk.attachments)
        yield prepare(talk, world, annotator, shard.perturbations, shard.seed, shard.own)


def _load(base: ArtifactRef, ctx: StageContext) -> LoadedModel:
    from muse_core.models.loading import load_model

    return load_model(ctx.store.folder(base), ctx.device)


def _sampled(
    talks: Sequence[Conversation],
    loaded: LoadedModel | None,
    settings: AugmentationConfig,
    phases: Phases,
    ctx: StageContext,
) -> Sampled:
    """Calls that the base proposes for the requests of these conversations, where it is asked; it is shown
    train's."""
    if loaded is None or not settings.sampled_calls:
        return Sampled()
    phases.begin("calls of the base")
    shown = prompts([talk for talk in talks if talk.side == "train"], ctx.seed)
    found = CallSampler(loaded, shown, settings, ctx.seed, ctx.progress).sample(asked(talks))
    said = (found.drawn, found.places, found.readable, len(found.calls))
    logger.info("augment: the base wrote %d calls at %d places, %d readable, for %d requests", *said)
    return found


def _score_with_base(
    prepared: Sequence[PreparedAct], loaded: LoadedModel, ctx: StageContext
) -> list[ScoredAct]:
    scorer = LanguageModelScorer(loaded)
    scored: list[ScoredAct] = []
    for start in range(0, len(prepared), LM_ACTS):
        scored += measure(prepared[start : start + LM_ACTS], scorer)
        ctx.progress.update(len(scored), len(prepared), "calls scored")
    return scored


def _publish(
    config: RunConfig, scored: Sequence[ScoredAct], left_out: int, own: Sampled, ctx: StageContext
) -> ArtifactRef:
    settings = config.augmentation
    rows = [decide(act, settings.threshold, settings.filter == "gold") for act in scored]
    numbers = metrics(scored, rows, settings) | {"conversations_left_out": left_out} | own.numbers()
    judged = check(scored, rows, settings)
    said = (numbers["kept"], len(rows), numbers["auc"], judged)
    logger.info("augment: kept %d of %d calls, AUC %.3f, judged on %s", *said)
    ctx.metrics.log(numbers)
    about = {
        "judged_on": judged,
        "scorer": settings.scorer,
        "filter": settings.filter,
        "anchor": "weights start at the anchor; in Toolformer, and in from_call/*, they start at the call",
    }
    return ctx.store.write_table(KIND, to_table(KIND, rows), ctx.fingerprint, metrics=numbers, about=about)
