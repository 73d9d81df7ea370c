"""base, sft, dpo + the test side → metrics: the only stage that reads the test side.

Open loop: each test turn is answered in its gold context by the three models, greedy, with the tools
running. Preference accuracy is measured on pairs that the SFT model sampled once on test turns; they
are frozen under its digest. Writes: one `predictions` table per model, the test `preference_pairs`,
and `metrics`, whose manifest (`about`) names them all. Reads dev replies for the fluency judge and
train turns for the linear baseline. Closed loop: simulated shoppers with hidden goals talk to every
model that can call and to the expert (`evaluation.closed_loop_goals`). Test turns whose words also occur
on the train side are counted, and left out with `evaluation.exclude_leaks`. Fails when the test side is
empty. Not covered: human ratings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.product import Catalog
from muse_core.config.run_config import RunConfig
from muse_core.context import StageContext
from muse_core.errors import MuseError
from muse_core.evaluation import leaks
from muse_core.evaluation.baselines import baseline_decisions, turns_of
from muse_core.evaluation.closed_loop import Played, open_market, play_expert, play_model
from muse_core.evaluation.closed_loop_rows import EXPERT, about_loop, conversation_quality, loop_rows
from muse_core.evaluation.examples import examples
from muse_core.evaluation.fluency import FluencyJudge, learn_judge
from muse_core.evaluation.frozen_pairs import (
    clusters_of,
    frozen_pairs_config,
    pair_counts,
    pair_log_probs,
    pairs_key,
    preference_rows,
    without_overlap,
)
from muse_core.evaluation.metrics import confusion, facts_of
from muse_core.evaluation.open_loop import Case, CaseSet, lexicalised_reply, open_loop_cases
from muse_core.evaluation.predictions import Shop, expert_rows, predict, predictions_key
from muse_core.evaluation.scorecard import ModelRows, Scorecard, flat_metrics, only_metrics
from muse_core.evaluation.slot_detector import detector_quality
from muse_core.models.loading import LoadedModel, load_model
from muse_core.preferences.sampling import mine_pairs
from muse_core.records import Row, from_table, to_table
from muse_core.types import ArtifactRef, Conversation, PreferencePair

READS = ("evaluation", "pairs", "dpo.beta", "reply.style", "conversations.noise")
INPUTS = ("catalog", "profiles", "conversations", "augment", "base", "sft", "dpo")
KIND = "metrics"

MODELS = ("base", "sft", "dpo")
MAX_DEV_REPLIES = 4000


def run(
    config: RunConfig,
    *,
    catalog: ArtifactRef,
    profiles: ArtifactRef,
    conversations: ArtifactRef,
    augment: ArtifactRef,
    base: ArtifactRef,
    sft: ArtifactRef,
    dpo: ArtifactRef,
    ctx: StageContext,
) -> ArtifactRef:
    """The metrics of the three models, with everything needed to look behind them in `about`."""
    test = _Test.read(config, ctx, (catalog, profiles, conversations))
    models = _Models(ctx, {"base": base, "sft": sft, "dpo": dpo})
    tables = {name: _predictions(test, models, name) for name in MODELS}
    rows: dict[str, list[Row]] = {
        name: from_table("predictions", ctx.store.read_table(ref)) for name, ref in tables.items()
    }
    card = _scorecard(test, models, rows)
    pairs_ref = _test_pairs(test, models)
    pairs: list[PreferencePair] = from_table("preference_pairs", ctx.store.read_table(pairs_ref))
    talks = _closed_loop(test, models)
    settings = config.evaluation
    measured = [*card.table, *_preferences(test, models, pairs), *test.leak_rows()]
    if talks:
        measured += loop_rows(talks, card.judge, settings.bootstrap_resamples, ctx.seed)
        measured += conversation_quality(measured)
    table = only_metrics(measured, settings.metrics)
    about = _about(test, models, rows) | {
        "leaks": leaks.leak_report(len(test.every_case), test.leaks),
        "closed_loop": about_loop(talks) if talks else None,
        "predictions": {name: asdict(ref) for name, ref in tables.items()},
        "test_pairs": asdict(pairs_ref),
        "test_pair_counts": pair_counts(pairs),
        "fluency_judge": card.judge.digest,
    }
    metrics = flat_metrics(table)
    ctx.metrics.log(metrics)
    return ctx.store.write_table(KIND, to_table(KIND, table), ctx.fingerprint, metrics=metrics, about=about)


@dataclass(frozen=True)
class _Test:
    """The test cases and the shop they play in."""

    config: RunConfig
    ctx: StageContext
    conversations: list[Conversation]
    found: CaseSet
    every_case: tuple[Case, ...]
    leaks: list[leaks.Leak]
    shop: Shop
    digests: tuple[str, ...]

    @classmethod
    def read(cls, config: RunConfig, ctx: StageContext, refs: Sequence[ArtifactRef]) -> _Test:
        products, profiles, conversations = (from_table(ref.kind, ctx.store.read_table(ref)) for ref in refs)
        found = open_loop_cases(conversations, config.evaluation.max_cases)
        if not found.cases:
            raise MuseError(
                "evaluate: the test side holds no user turn; raise profiles.count and conversations.count"
            )
        shop = Shop(
            CatalogIndex(Catalog(tuple(products))), {profile.profile_id: profile for profile in profiles}
        )
        leaking = leaks.case_set_leaks(found.cases, conversations)
        every, digests = found.cases, tuple(ref.digest for ref in refs)
        if config.evaluation.exclude_leaks:
            found = leaks.without_leaks(found, leaking)
        if not found.cases:
            raise MuseError(f"evaluate: all {len(every)} test turns leak; set evaluation.exclude_leaks=false")
        return cls(config, ctx, conversations, found, every, leaking, shop, digests)

    def leak_rows(self) -> list[Row]:
        resamples = self.config.evaluation.bootstrap_resamples
        return leaks.leak_rows(self.every_case, self.leaks, resamples, self.ctx.seed)

    @property
    def cases(self) -> tuple[Case, ...]:
        return self.found.cases


@dataclass
class _Models:
    """The three models, loaded when first needed."""

    ctx: StageContext
    refs: Mapping[str, ArtifactRef]
    loaded: dict[str, LoadedModel] = field(default_factory=dict)

    def __getitem__(self, name: str) -> LoadedModel:
        if name not in self.loaded:
            self.loaded[name] = load_model(self.ctx.store.folder(self.refs[name]), self.ctx.device)
        return self.loaded[name]

    def can_call(self, name: str) -> bool:
        return bool(self[name].about.get("can_call", True))


def _predictions(test: _Test, models: _Models, name: str) -> ArtifactRef:
    """The model's judged turns, from the store when nothing they depend on has changed."""
    store, limit = test.ctx.store, test.config.evaluation.max_new_tokens
    digest = models.refs[name].digest
    key = predictions_key(f"{name}:{digest}", test.cases, test.digests, limit)
    known = store.find("predictions", key)
    if known is not None:
        return known
    rows = predict(models[name], test.cases, test.shop, name, digest, limit, test.ctx.progress)
    return store.write_table("predictions", to_table("predictions", rows), key, about={"model": name})


def _scorecard(test: _Test, models: _Models, rows: Mapping[str, Sequence[Row]]) -> Scorecard:
    seed, resamples = test.ctx.seed, test.config.evaluation.bootstrap_resamples
    card = Scorecard.over(rows["sft"], _fluency_judge(test.conversations), resamples, seed)
    for name in MODELS:
        card.add(ModelRows(name, rows[name], models.can_call(name)))
    card.add(ModelRows("expert", expert_rows(test.cases)))
    train = [item for item in test.conversations if item.side == "train"]
    turns = [turn for case in test.cases for turn in _turn_of(case)]
    for baseline, decided in baseline_decisions(turns_of(train), turns, seed).items():
        card.add_decisions(baseline, decided, rows["sft"])
    card.add_differences()
    return card


def _turn_of(case: Case) -> list[Any]:
    return turns_of([replace(case.conversation, labels=(case.label,))])


def _fluency_judge(conversations: Sequence[Conversation]) -> FluencyJudge:
    """Learnt on the dev side's gold replies, as the shopper sees them."""
    dev = [Case(item, label) for item in conversations if item.side == "dev" for label in item.labels]
    replies = (
        (case.conversation.language, lexicalised_reply(case, case.gold)[0]) for case in dev[:MAX_DEV_REPLIES]
    )
    return learn_judge(replies)


def _preferences(test: _Test, models: _Models, pairs: Sequence[PreferencePair]) -> list[Row]:
    known = {name: pair_log_probs(models[name], pairs) for name in MODELS}
    clusters = clusters_of(pairs, test.conversations)
    resamples, beta = test.config.evaluation.bootstrap_resamples, test.config.dpo.beta
    return preference_rows(pairs, clusters, known, beta, resamples, test.ctx.seed)


def _closed_loop(test: _Test, models: _Models) -> dict[str, list[Played]]:
    """The conversations of the expert and of every model that can call; none when there are no goals."""
    settings, config = test.config.evaluation, test.config
    people = list(test.shop.profiles.values())
    noise, goals = config.conversations.noise, settings.closed_loop_goals
    market = open_market(test.shop.index, people, goals, noise, test.ctx.seed)
    if not market.goals:
        return {}
    talks = {EXPERT: play_expert(market, config.reply.style)}
    for name in MODELS:
        if models.can_call(name):
            talks[name] = play_model(models[name], market, settings.max_new_tokens, test.ctx.progress)
    return talks


def _test_pairs(test: _Test, models: _Models) -> ArtifactRef:
    """Sampled once from the SFT model on test turns, then frozen."""
    store, style, seed = test.ctx.store, test.config.reply.style, test.ctx.seed
    config = frozen_pairs_config(test.config.pairs, test.config.evaluation)
    key = pairs_key(models.refs["sft"].digest, test.digests, config, style, seed)
    known = store.find("preference_pairs", key)
    if known is not None:
        return known
    usable, shop = without_overlap(test.conversations), test.shop
    mined = mine_pairs(
        models["sft"], usable, shop.profiles, shop.index, config, style, seed, test.ctx.progress, "test"
    )
    table = to_table("preference_pairs", mined.pairs)
    return store.write_table("preference_pairs", table, key, metrics=mined.counters, about={"side": "test"})


# ---- about ----------------------------------------------------------------------------------------


def _about(test: _Test, models: _Models, rows: Mapping[str, Sequence[Row]]) -> dict[str, Any]:
    cases = test.cases
    names = {name: models.refs[name].digest for name in MODELS}
    return {
        "cases": len(cases),
        "profiles": len({case.conversation.profile_id for case in cases}),
        "overlapping_turns": test.found.overlapping,
        "mix": _shares([case.label.decision for case in cases]),
        "languages": _shares([case.conversation.language for case in cases]),
        "models": dict(names),
        "can_call": {name: models.can_call(name) for name in MODELS},
        "confusion": {name: confusion(rows[name], facts_of(rows[name])) for name in MODELS},
        "examples": examples(cases, rows),
        "slot_detector": asdict(detector_quality()),
        "not_measured": ["human ratings"],
    }


def _shares(values: Sequence[str]) -> dict[str, float]:
    return {value: round(values.count(value) / len(values), 4) for value in sorted(set(values))}
