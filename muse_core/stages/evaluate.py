"""base, sft, dpo + the test side → metrics: the only stage that reads the test side.

Open loop: each test turn is answered in its gold context by the three models, greedy, with the tools
running. Preference accuracy is measured on pairs that the SFT model sampled once on test turns; they are
frozen under its digest. Writes: one `predictions` table per model, the test `preference_pairs`, and
`metrics`, whose manifest (`about`) names them all. Reads dev replies for the fluency judge and train turns
for the linear baseline. The hand-written cases give every headline a second row. Rates of one kind of turn
stand on more turns of that kind (`evaluation/rates.py`). Closed loop: simulated shoppers with hidden goals
talk to every model that can call and to the expert (`evaluation.closed_loop_goals`). Predictions and
conversations are kept under the model's digest, so that a changed DPO model leaves those of base and SFT
alone. A model that can call is also measured as it is served: what cannot be shown is repaired, and
`evaluation.anonymous_cases` turns are asked once more without profile. Test turns whose words also occur on
the train side are counted, and left out with `evaluation.exclude_leaks`. Fails when the test side is empty.
Not covered: human ratings.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.product import Catalog
from muse_core.config.run_config import ConversationsConfig, RunConfig
from muse_core.context import StageContext
from muse_core.errors import MuseError
from muse_core.evaluation import leaks
from muse_core.evaluation.baselines import baseline_decisions, turns_of
from muse_core.evaluation.closed_loop import Market, open_market, play_expert, play_model
from muse_core.evaluation.closed_loop_record import Kept, Record, expert_records, records_of
from muse_core.evaluation.closed_loop_record import turns_of as turns_needed
from muse_core.evaluation.closed_loop_rows import EXPERT, about_loop, conversation_quality, loop_rows
from muse_core.evaluation.examples import examples
from muse_core.evaluation.fluency import FluencyJudge, learn_judge
from muse_core.evaluation.frozen_pairs import (
    clusters_of,
    freeze,
    frozen_pairs_config,
    pair_counts,
    pair_log_probs,
    pairs_key,
    preference_rows,
    without_overlap,
)
from muse_core.evaluation.handwritten.rows import handwritten_rows
from muse_core.evaluation.metrics import confusion, facts_of
from muse_core.evaluation.open_loop import Case, CaseSet, lexicalised_reply, open_loop_cases
from muse_core.evaluation.phases import (
    FURTHER_TURNS,
    HANDWRITTEN,
    SHOPPERS,
    TEST_PAIRS,
    TEST_TURNS,
    UNKNOWN_SHOPPERS,
    answers_by_phase,
    phase,
)
from muse_core.evaluation.predictions import Shop, expert_rows, predict, predictions_key
from muse_core.evaluation.rates import (
    CONDITION_OF,
    RateCases,
    further_conversations,
    rate_cases,
    rate_statistics,
)
from muse_core.evaluation.scorecard import ModelRows, Scorecard, flat_metrics, only_metrics
from muse_core.evaluation.significance import DISCORDANT, POWER, holm, minimum_detectable_difference
from muse_core.evaluation.slot_detector import detector_quality
from muse_core.evaluation.unknown_shoppers import anonymous_cases, anonymous_statistics
from muse_core.generation.crew import crew_of
from muse_core.models.loading import LoadedModel, load_model
from muse_core.preferences.contexts import Environment
from muse_core.preferences.sampling import mine_pairs
from muse_core.progress import Phases
from muse_core.records import Row, from_table, to_table
from muse_core.types import ArtifactRef, Conversation, JsonValue, PreferencePair

READS = (
    "evaluation",
    "pairs",
    "dpo.beta",
    "reply.style",
    "conversations.noise",
    "conversations.min_user_turns",
    "conversations.max_user_turns",
)
INPUTS = ("catalog", "profiles", "conversations", "augment", "base", "sft", "dpo")
KIND = "metrics"

log = logging.getLogger(__name__)
Begin = Callable[[str], None]
MODELS = ("base", "sft", "dpo")
MAX_DEV_REPLIES = 4000
HEADLINE = (
    "tool_accuracy",
    "exact_call",
    "argument_quality",
    "groundedness",
    "fluency",
    "call_rate",
    "slot_rate",
    "relevance_rate",
    "completion_rate",
    "planning",
)
CANNOT_CALL = "cannot call: it was trained on plain text alone"


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
    log.info("%s", test.detectable())
    models = _Models(ctx, {"base": base, "sft": sft, "dpo": dpo})
    with crew_of(ctx.workers, models["sft"]):
        return _measure(test, models)


def _measure(test: _Test, models: _Models) -> ArtifactRef:
    config, ctx = test.config, test.ctx
    begin = _phases(test, models).begin
    tables = {
        name: _predictions(test, models, name, test.cases, begin, TEST_TURNS, repairs=True) for name in MODELS
    }
    rows: dict[str, list[Row]] = {
        name: from_table("predictions", ctx.store.read_table(ref)) for name, ref in tables.items()
    }
    card = _scorecard(test, models, rows)
    rates = _rates(test, models, rows, card, begin)
    resamples, shop = config.evaluation.bootstrap_resamples, test.shop
    begin(HANDWRITTEN)
    second = handwritten_rows({name: models[name] for name in MODELS}, shop.index, resamples, ctx.seed)
    begin(TEST_PAIRS)
    pairs_ref = _test_pairs(test, models)
    pairs: list[PreferencePair] = (
        from_table("preference_pairs", ctx.store.read_table(pairs_ref)) if pairs_ref else []
    )
    talks = _closed_loop(test, models, begin)
    measured = [*card.table, *rates.table, *second, *_preferences(test, models, pairs), *test.leak_rows()]
    measured += _unknown_shoppers(test, models, card, begin)
    if talks:
        measured += loop_rows(talks, card.judge, resamples, ctx.seed)
        measured += conversation_quality(measured)
    table = only_metrics(measured, config.evaluation.metrics)
    about = _about(test, models, rows) | {
        "leaks": leaks.leak_report(len(test.every_case), test.leaks),
        "closed_loop": about_loop(talks, _left_out(models)) if talks else None,
        "predictions": {name: asdict(ref) for name, ref in tables.items()},
        "test_pairs": asdict(pairs_ref) if pairs_ref else None,
        "test_pair_counts": pair_counts(pairs),
        "significance": _significance(test, card, rates),
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
    further: RateCases

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
        further = _further(config, ctx, refs[2], conversations, found, shop)
        return cls(config, ctx, conversations, found, every, leaking, shop, digests, further)

    def leak_rows(self) -> list[Row]:
        resamples = self.config.evaluation.bootstrap_resamples
        return leaks.leak_rows(self.every_case, self.leaks, resamples, self.ctx.seed)

    @property
    def cases(self) -> tuple[Case, ...]:
        return self.found.cases

    def detectable(self) -> str:
        """What the run can find, said before it starts (per-shopper clusters: Kish's effect is not in it)."""
        points = 100 * minimum_detectable_difference(len(self.cases))
        return (
            f"{len(self.cases)} test turns show a paired difference of {points:.1f} points or more "
            f"(power {100 * POWER:.0f} %, models that disagree on {100 * DISCORDANT:.0f} % of the turns)"
        )


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
        """Whether a model (or the expert) has ever learnt to call."""
        return name not in self.refs or bool(self[name].about.get("can_call", True))


def _further(
    config: RunConfig,
    ctx: StageContext,
    table: ArtifactRef,
    conversations: Sequence[Conversation],
    sample: CaseSet,
    shop: Shop,
) -> RateCases:
    """Turns that the rates lack. A user's own file is not topped up with simulated shoppers."""
    is_given = "source" in ctx.store.manifest(table)["about"]
    people = () if is_given else tuple(shop.profiles.values())
    talk = ConversationsConfig(
        noise=config.conversations.noise,
        min_user_turns=config.conversations.min_user_turns,
        max_user_turns=config.conversations.max_user_turns,
    )
    more = further_conversations(people, shop.index, talk, config.reply.style, ctx.seed)
    wanted = min(config.evaluation.cases_per_rate, config.evaluation.max_cases)
    found = rate_cases(conversations, sample.cases, more, wanted)
    if not config.evaluation.exclude_leaks:
        return found
    return found.without({leak.text_id for leak in leaks.case_set_leaks(found.cases, conversations)})


def _phases(test: _Test, models: _Models) -> Phases:
    callers = [name for name in MODELS if models.can_call(name)]
    counts = len(test.cases), len(test.further.cases)
    work = answers_by_phase(test.config.evaluation, MODELS, callers, *counts)
    return Phases(test.ctx.progress, work)


def _predictions(
    test: _Test,
    models: _Models,
    name: str,
    cases: Sequence[Case],
    begin: Begin,
    part: str,
    repairs: bool = False,
    shop: Shop | None = None,
) -> ArtifactRef:
    """The model's judged turns, from the store when nothing they depend on has changed. `repairs`: also what
    is served, where the model can call; `shop`: another one than the test's."""
    store, limit = test.ctx.store, test.config.evaluation.max_new_tokens
    digest, repairs = models.refs[name].digest, repairs and models.can_call(name)
    key = predictions_key(f"{name}:{digest}", cases, test.digests, limit, repairs)
    known = store.find("predictions", key)
    if known is not None:
        return known
    begin(phase(name, part))
    place, progress = shop or test.shop, test.ctx.progress
    rows = predict(models[name], cases, place, name, digest, limit, progress, repairs)
    return store.write_table("predictions", to_table("predictions", rows), key, about={"model": name})


def _rates(
    test: _Test, models: _Models, sample: Mapping[str, Sequence[Row]], card: Scorecard, begin: Begin
) -> Scorecard:
    """The rates of the models that can call, over the sample and the further turns."""
    cases, store = test.further.cases, test.ctx.store
    further: dict[str, list[Row]] = {"expert": expert_rows(cases)}
    for name in MODELS if cases else ():
        if models.can_call(name):
            ref = _predictions(test, models, name, cases, begin, FURTHER_TURNS)
            further[name] = from_table("predictions", store.read_table(ref))
    known = {**sample, "expert": expert_rows(test.cases)}
    rows = {name: [*known[name], *further.get(name, [])] for name in known if models.can_call(name)}
    drawn_for = [""] * len(test.cases) + list(test.further.drawn_for)
    resamples = test.config.evaluation.bootstrap_resamples
    rates = Scorecard.over(rows["expert"], card.judge, resamples, test.ctx.seed)
    for name, found in rows.items():
        for statistic in rate_statistics(found, drawn_for):
            rates.put(name, statistic)
    rates.add_differences()
    return rates


def _unknown_shoppers(test: _Test, models: _Models, card: Scorecard, begin: Begin) -> list[Row]:
    """Rows of the models that can call, over turns whose shoppers they are not told about."""
    cases = anonymous_cases(test.cases, test.config.evaluation.anonymous_cases)
    nobody = Shop(test.shop.index, {})
    callers = [name for name in MODELS if models.can_call(name)]
    if not cases or not callers:
        return []
    refs = {
        name: _predictions(test, models, name, cases, begin, UNKNOWN_SHOPPERS, True, nobody)
        for name in callers
    }
    rows = {name: from_table("predictions", test.ctx.store.read_table(ref)) for name, ref in refs.items()}
    resamples = test.config.evaluation.bootstrap_resamples
    unknown = Scorecard.over(rows[callers[0]], card.judge, resamples, test.ctx.seed)
    for name in callers:
        for statistic in anonymous_statistics(rows[name]):
            unknown.put(name, statistic)
    unknown.add_differences()
    return unknown.table


def _scorecard(test: _Test, models: _Models, rows: Mapping[str, Sequence[Row]]) -> Scorecard:
    seed, resamples = test.ctx.seed, test.config.evaluation.bootstrap_resamples
    card = Scorecard.over(rows["sft"], _fluency_judge(test.conversations), resamples, seed)
    for name in MODELS:
        card.add(ModelRows(name, rows[name], models.can_call(name)), without=CONDITION_OF)
    card.add(ModelRows("expert", expert_rows(test.cases)), without=CONDITION_OF)
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
    if not pairs:
        return []
    known = {name: pair_log_probs(models[name], pairs) for name in MODELS}
    clusters = clusters_of(pairs, test.conversations)
    resamples, beta = test.config.evaluation.bootstrap_resamples, test.config.dpo.beta
    return preference_rows(pairs, clusters, known, beta, resamples, test.ctx.seed)


def _closed_loop(test: _Test, models: _Models, begin: Begin) -> dict[str, list[Record]]:
    """The conversations of the expert and of every model that can call; none when there are no goals."""
    settings, config, ctx = test.config.evaluation, test.config, test.ctx
    people, noise = list(test.shop.profiles.values()), config.conversations.noise
    market = open_market(test.shop.index, people, settings.closed_loop_goals, noise, ctx.seed)
    if not market.goals:
        return {}
    keep = Kept(ctx.store.work("closed loop"), _loop_parts(test))
    style = config.reply.style
    talks = {EXPERT: keep(EXPERT, lambda: expert_records(play_expert(market, style)))}
    for name in MODELS:
        if models.can_call(name):
            begin(phase(name, SHOPPERS))
            play = partial(_played, test, models[name], market, turns_needed(talks[EXPERT]))
            talks[name] = keep(models.refs[name].digest, play)
    return talks


def _played(test: _Test, loaded: LoadedModel, market: Market, needed: Mapping[str, int]) -> list[Record]:
    limit = test.config.evaluation.max_new_tokens
    return records_of(play_model(loaded, market, limit, test.ctx.progress), needed)


def _loop_parts(test: _Test) -> dict[str, JsonValue]:
    """What the conversations of the closed loop depend on, beside the model and the code."""
    config = test.config
    return {
        "goals": config.evaluation.closed_loop_goals,
        "max_new_tokens": config.evaluation.max_new_tokens,
        "noise": config.conversations.noise,
        "style": config.reply.style,
        "seed": test.ctx.seed,
        "data": list(test.digests[:2]),
    }


def _left_out(models: _Models) -> dict[str, str]:
    """Models that did not play the closed loop, and why."""
    return {name: CANNOT_CALL for name in MODELS if not models.can_call(name)}


def _test_pairs(test: _Test, models: _Models) -> ArtifactRef | None:
    """Sampled once from the SFT model on test turns, then frozen; None where no two samples pair."""
    store, style, seed = test.ctx.store, test.config.reply.style, test.ctx.seed
    config = frozen_pairs_config(test.config.pairs, test.config.evaluation)
    key = pairs_key(models.refs["sft"].digest, test.digests, config, style, seed)
    known = store.find("preference_pairs", key)
    if known is not None:
        return known
    usable, environment = without_overlap(test.conversations), Environment(test.shop, style)
    mined = mine_pairs(models["sft"], usable, environment, config, seed, test.ctx.progress, "test")
    pairs, metrics = freeze(mined)
    if not pairs:
        log.warning(
            "preference accuracy is not measured: no two samples of %d test turns differ by strength %s. "
            "Raise evaluation.pair_contexts (now %d) or evaluation.pair_samples (now %d)",
            len(mined.contexts), config.preference_strength_threshold,
            config.contexts, config.samples_per_context,
        )  # fmt: skip
        return None
    table = to_table("preference_pairs", pairs)
    return store.write_table("preference_pairs", table, key, metrics=metrics, about={"side": "test"})


def _significance(test: _Test, card: Scorecard, rates: Scorecard) -> dict[str, Any]:
    """What could be found, and the p of DPO against SFT in each headline figure, with Holm's correction."""
    found = card.p_values("dpo", "sft", HEADLINE) | rates.p_values("dpo", "sft", HEADLINE)
    return {"detectable": test.detectable(), "p": found, "holm": holm(found)}


# ---- about ----------------------------------------------------------------------------------------


def _about(test: _Test, models: _Models, rows: Mapping[str, Sequence[Row]]) -> dict[str, Any]:
    cases = test.cases
    names = {name: models.refs[name].digest for name in MODELS}
    return {
        "cases": len(cases),
        "profiles": len({case.conversation.profile_id for case in cases}),
        "overlapping_turns": test.found.overlapping,
        "further_turns": test.further.about(),
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
