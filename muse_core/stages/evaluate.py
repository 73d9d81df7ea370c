"""What the models answered, and to whom they talked → metrics: every figure, with its interval.

The last part of the evaluation: the turns (`test_cases`), the answers (`predict_…`), the test pairs and the
conversations (`talk_…`) are nodes of their own, so that a changed model is asked again and the others are
not. Here the models and the baselines answer requests of people, with which the report begins, and the
models say how likely the test pairs are to them. Reads dev replies for the fluency judge and train turns for
the linear baseline. Writes `metrics`, whose manifest (`about`) names what it stands on. Not covered: human
ratings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from muse_core.config.run_config import RunConfig
from muse_core.context import StageContext
from muse_core.evaluation.closed_loop.record import Record, read_talks
from muse_core.evaluation.closed_loop.rows import EXPERT, about_loop, conversation_quality, loop_rows
from muse_core.evaluation.people.measure import measure_people
from muse_core.evaluation.people.sets import people_sets
from muse_core.evaluation.predict.contamination import leak_report, leak_rows
from muse_core.evaluation.predict.exam import TEST, Exam, read_exam
from muse_core.evaluation.score.baselines import learn_baselines, turns_of
from muse_core.evaluation.score.examples import examples
from muse_core.evaluation.score.frozen_pairs import clusters_of, pair_counts, pair_log_probs, preference_rows
from muse_core.evaluation.score.measure import (
    Answered,
    rates,
    scorecard,
    significance,
    unknown_shoppers,
    unseen_shops,
)
from muse_core.evaluation.score.metrics import confusion, facts_of
from muse_core.evaluation.score.scorecard import flat_metrics
from muse_core.evaluation.score.slot_detector import detector_quality
from muse_core.models.loading import LoadedModel, load_model
from muse_core.progress import Phases
from muse_core.records import Row, from_table, to_table
from muse_core.tools.shop_schema import schema_of
from muse_core.types import ArtifactRef, Conversation, PreferencePair
from muse_core.world.shop import Shop

READS = ("evaluation.bootstrap_resamples", "evaluation.cases", "dpo.beta")
KIND = "metrics"

Refs = Mapping[str, ArtifactRef]
PEOPLE, FIGURES = "requests of people", "intervals"
CANNOT_CALL = "cannot call: it has not learnt to"


def run(
    config: RunConfig,
    *,
    catalog: ArtifactRef,
    conversations: ArtifactRef,
    test_cases: ArtifactRef,
    predict_base: ArtifactRef,
    predict_sft: ArtifactRef,
    predict_dpo: ArtifactRef,
    test_pairs: ArtifactRef,
    talk_expert: ArtifactRef,
    talk_base: ArtifactRef,
    talk_sft: ArtifactRef,
    talk_dpo: ArtifactRef,
    base: ArtifactRef,
    sft: ArtifactRef,
    dpo: ArtifactRef,
    ctx: StageContext,
) -> ArtifactRef:
    """The metrics of the three models, with everything needed to look behind them in `about`."""
    made = {
        "catalog": catalog,
        "conversations": conversations,
        "test_cases": test_cases,
        "test_pairs": test_pairs,
        EXPERT: talk_expert,
    }
    models = {"base": base, "sft": sft, "dpo": dpo}
    answers = {"base": predict_base, "sft": predict_sft, "dpo": predict_dpo}
    talks = {"base": talk_base, "sft": talk_sft, "dpo": talk_dpo}
    return _evaluate(config, made, models, answers, talks, ctx)


def _evaluate(
    config: RunConfig, made: Refs, models: Refs, answers: Refs, talks: Refs, ctx: StageContext
) -> ArtifactRef:
    """`made`: what stands behind all models; the others: model -> its folder, answers and conversations."""
    loaded = {name: load_model(ctx.store.folder(ref), ctx.device) for name, ref in models.items()}
    rows = {name: _rows(ref, ctx) for name, ref in answers.items()}
    can_call, resamples = (
        {name: one.can_call for name, one in loaded.items()},
        config.evaluation.bootstrap_resamples,
    )
    index = Shop.read(ctx.store, made["catalog"]).index
    schema = schema_of(index.catalog.facets)
    exam = read_exam(_rows(made["test_cases"], ctx))
    dialogues: list[Conversation] = _rows(made["conversations"], ctx)
    train = [item for item in dialogues if item.side == "train"]
    baselines = learn_baselines(turns_of(train), ctx.seed)
    answered = Answered(exam, rows, can_call, resamples, ctx.seed, schema, baselines)
    phases = Phases(ctx.progress, {PEOPLE: 2.0, FIGURES: 1.0})
    phases.begin(PEOPLE)
    sets = people_sets(schema, config.evaluation.cases, dialogues)
    people = measure_people(loaded, baselines, sets, train, index, resamples, ctx.seed)
    phases.begin(FIGURES)
    pairs: list[PreferencePair] = _rows(made["test_pairs"], ctx)
    others = [*people.table, *_preferences(config, loaded, pairs, dialogues, ctx)]
    table, about = _measured(answered, dialogues, _talks(made[EXPERT], talks, answered, ctx), others)
    about |= _about(answered, made["test_cases"], ctx) | {
        "models": {name: ref.digest for name, ref in models.items()},
        "predictions": {name: asdict(ref) for name, ref in answers.items()},
        "test_pairs": asdict(made["test_pairs"]) if pairs else None,
        "test_pair_counts": pair_counts(pairs),
        "people": people.about,
    }
    metrics = flat_metrics(table)
    ctx.metrics.log(metrics)
    return ctx.store.write_table(KIND, to_table(KIND, table), ctx.fingerprint, metrics=metrics, about=about)


def _rows(ref: ArtifactRef, ctx: StageContext) -> list[Any]:
    return from_table(ref.kind, ctx.store.read_table(ref))


def _talks(
    expert: ArtifactRef, models: Refs, answered: Answered, ctx: StageContext
) -> dict[str, list[Record]]:
    """The conversations of the expert and of every model that can call; none when there are no goals."""
    found = {EXPERT: read_talks(_rows(expert, ctx))}
    if not found[EXPERT]:
        return {}
    return found | {name: read_talks(_rows(models[name], ctx)) for name in answered.callers}


def _preferences(
    config: RunConfig,
    models: Mapping[str, LoadedModel],
    pairs: Sequence[PreferencePair],
    conversations: Sequence[Conversation],
    ctx: StageContext,
) -> list[Row]:
    if not pairs:
        return []
    known = {name: pair_log_probs(loaded, pairs) for name, loaded in models.items()}
    clusters = clusters_of(pairs, conversations)
    resamples, beta = config.evaluation.bootstrap_resamples, config.dpo.beta
    return preference_rows(pairs, clusters, known, beta, resamples, ctx.seed)


def _measured(
    answered: Answered,
    conversations: Sequence[Conversation],
    talks: Mapping[str, Sequence[Record]],
    others: Sequence[Row],
) -> tuple[list[Row], dict[str, Any]]:
    """All rows, and what `about` says of how they came about. `others`: rows that are measured already."""
    exam, resamples, seed = answered.exam, answered.resamples, answered.seed
    card = scorecard(answered, conversations)
    of_rates = rates(answered, card.judge)
    table = [*card.table, *of_rates.table, *others]
    table += leak_rows(exam.every, exam.leaks, resamples, seed)
    table += unknown_shoppers(answered, card.judge) + unseen_shops(answered, card.judge)
    if talks:
        table += loop_rows(talks, card.judge, resamples, seed)
        table += conversation_quality(table)
    left_out = {name: CANNOT_CALL for name, can in answered.can_call.items() if not can}
    return table, {
        "closed_loop": about_loop(talks, left_out) if talks else None,
        "significance": significance(len(exam.test), card, of_rates),
        "fluency_judge": card.judge.digest,
    }


# ---- about ----------------------------------------------------------------------------------------


def _about(answered: Answered, test_cases: ArtifactRef, ctx: StageContext) -> dict[str, Any]:
    exam: Exam = answered.exam
    rows = {name: answered.part(name, TEST) for name in answered.rows}
    known = ctx.store.manifest(test_cases)["about"]
    return {
        "cases": len(exam.test),
        "profiles": len({case.conversation.profile_id for case in exam.test}),
        "overlapping_turns": known["overlapping_turns"],
        "further_turns": known["further_turns"],
        "mix": _shares([case.label.decision for case in exam.test]),
        "languages": _shares([case.conversation.language for case in exam.test]),
        "leaks": leak_report(len(exam.every), exam.leaks),
        "can_call": dict(answered.can_call),
        "confusion": {name: confusion(found, facts_of(found)) for name, found in rows.items()},
        "examples": examples(exam.test, rows),
        "slot_detector": asdict(detector_quality()),
        "not_measured": ["human ratings"],
    }


def _shares(values: Sequence[str]) -> dict[str, float]:
    return {value: round(values.count(value) / len(values), 4) for value in sorted(set(values))}
