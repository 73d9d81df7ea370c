"""What do the rejected turns teach? SFT, SFT trained further on the chosen turns alone, and SFT + DPO.

    muse run --preset quickstart
    python -m tests.benchmarks.dpo_gain .muse/artifacts [--steps 0] [--per-rate 400]

Reads a finished run's artifacts and changes none of them. The third arm starts from the run's SFT model
and is trained with the run's own loop on the chosen side of the pairs that trained its DPO model: same
pairs, same held-out pairs, as many steps, batch, learning rate and warm-up; the loss is SFT's (negative
log-likelihood, parts weighted as in that run; no reference model, no rejected turn; the heads are
frozen, as in DPO) and the best epoch by held-out loss is kept, as in DPO.

All three answer the same test turns (the run's own sample and the further turns of `evaluation/rates.py`)
and are asked about the run's frozen test pairs. Prints one JSON object: `markdown` (a table with paired
intervals), `metrics` (rows as in the `metrics` table) and `conditions`. `--steps` cuts the training short,
for a try.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from muse_core.artifacts import ArtifactStore
from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.product import Catalog
from muse_core.config.run_config import RunConfig
from muse_core.context import StageContext
from muse_core.evaluation.fluency import FluencyJudge, learn_judge
from muse_core.evaluation.frozen_pairs import clusters_of, pair_log_probs
from muse_core.evaluation.open_loop import Case, lexicalised_reply, open_loop_cases
from muse_core.evaluation.predictions import Shop, predict
from muse_core.evaluation.preference_accuracy import implicit_reward_statistics, likelihood_statistics
from muse_core.evaluation.rates import (
    CONDITION_OF,
    RateCases,
    further_conversations,
    rate_cases,
    rate_statistics,
)
from muse_core.evaluation.scorecard import ModelRows, Scorecard
from muse_core.evaluation.statistics import resampler, slices_of
from muse_core.evaluation.table import comparison
from muse_core.examples.example import Example
from muse_core.examples.pairs import PairSet, pair_set
from muse_core.models.chat_format import TOOL
from muse_core.models.loading import LoadedModel, load_model
from muse_core.records import Row, from_table
from muse_core.stages import dpo as dpo_stage
from muse_core.training import sft
from muse_core.training.batches import StepPlan, plan_steps
from muse_core.training.loop import Optimization, train
from muse_core.training.losses import LanguageLoss, Weights
from muse_core.types import ArtifactRef, Conversation, PreferencePair

ARMS = {"sft": "SFT", "chosen": "SFT + chosen sides", "dpo": "SFT + DPO"}
PAIRS = (("dpo", "sft"), ("chosen", "sft"), ("dpo", "chosen"))
SHOWN = (
    "call_rate", "slot_rate", "relevance_rate", "completion_rate", "planning", "exact_plan", "tool_accuracy",
    "exact_call", "argument_quality", "called_without_need", "preference_accuracy", "likelihood_accuracy",
    "likelihood_accuracy_per_token", "chosen_drift",
)  # fmt: skip
MAX_DEV_REPLIES = 4000


@dataclass(frozen=True)
class Finished:
    """A finished run: its evaluation's manifest, the receipts behind it, and its configuration."""

    store: ArtifactStore
    about: Mapping[str, Any]
    refs: Mapping[str, ArtifactRef]
    config: RunConfig
    seed: int

    @classmethod
    def at(cls, root: Path) -> Finished:
        """The last evaluation below an artifact root."""
        store = ArtifactStore(root)
        manifest = store.latest("metrics", "evaluate")
        if manifest is None:
            raise SystemExit(
                f"{root} holds no evaluation; `muse run` makes one, `muse artifacts ls` shows them"
            )
        by_digest = {ref.digest: ref for ref in store.list()}
        refs = {name: by_digest[digest] for name, digest in manifest["about"]["inputs"].items()}
        trained = store.manifest(refs["dpo"])["about"]
        refs["pairs"] = by_digest[trained["inputs"]["pairs"]]
        behind = [store.manifest(ref)["about"] for ref in (refs["sft"], refs["dpo"])]
        parts = {k: v for about in (*behind, manifest["about"]) for k, v in about["key_parts"].items()}
        return cls(store, manifest["about"], refs, _config(parts), int(parts["seed"]))

    def rows(self, name: str) -> list[Any]:
        found: list[Any] = from_table(self.refs[name].kind, self.store.read_table(self.refs[name]))
        return found

    def model(self, name: str) -> LoadedModel:
        return load_model(self.store.folder(self.refs[name]), "cpu")


def _config(parts: Mapping[str, str]) -> RunConfig:
    """The configuration as the manifests' keys have it; what they do not name is the default."""
    tree: dict[str, dict[str, Any]] = {}
    for name, value in parts.items():
        section, dot, key = name.removeprefix("config ").partition(".")
        if name.startswith("config ") and dot:
            tree.setdefault(section, {})[key] = json.loads(value)
    return RunConfig.model_validate(tree)


# ---- the third arm --------------------------------------------------------------------------------


def chosen_side(pair: Example) -> Example:
    """The prompt and the chosen turn of a forked pair as one plain document."""
    assert pair.fork is not None
    end = pair.fork[1]
    return Example(pair.ids[:end], pair.parts[:end])


def train_chosen(run: Finished, work: Path, most: int) -> tuple[LoadedModel, dict[str, float]]:
    """The SFT model trained further on the chosen turns; and steps, pairs and losses."""
    loaded, config = run.model("sft"), run.config.dpo
    limit = min(config.max_sequence_length, loaded.model.config.max_position_embeddings)
    pairs = [pair for pair in run.rows("pairs") if pair.side != "test"]
    found: PairSet = pair_set(loaded, pairs, limit, "turn")
    pairs_in_turn = [found.train[name] for name in found.in_turn(config.max_repeats)]
    examples, held_out = (
        [chosen_side(one) for one in side] for side in (pairs_in_turn, found.held_out.values())
    )
    weights = run.config.sft
    module = LanguageLoss(
        loaded,
        Weights(weights.tool_prediction_weight, weights.argument_prediction_weight, weights.fluency_weight),
    )
    tool_id = int(loaded.tokenizer.convert_tokens_to_ids(TOOL))

    def measure(_: int) -> dict[str, float]:
        return sft.measure(module, held_out or examples, tool_id, "cpu", config.micro_batch_tokens)

    per_step = config.batch_size * config.gradient_accumulation_steps
    rng = np.random.default_rng([run.seed, dpo_stage.STAGE_NUMBER])
    plan = plan_steps([len(one) for one in pairs_in_turn], per_step, config.num_epochs, rng)
    plan = _cut(plan, most)
    how = Optimization(
        config.learning_rate, config.warmup_ratio, config.weight_decay, config.max_grad_norm,
        config.save_every_steps, config.micro_batch_tokens, note="chosen", patience=config.patience,
        muon_learning_rate=config.muon_learning_rate,
    )  # fmt: skip
    before = measure(0)["dev_loss"]
    ctx = StageContext(run.store, "chosen sides", work, seed=run.seed)
    state = train(module, examples, plan, how, ctx, measure)
    numbers = {"pairs": len(examples), "held_out_pairs": len(held_out), "steps": state.step}
    return loaded, {**numbers, "held_out_loss_before": before, "held_out_loss": measure(0)["dev_loss"]}


def _cut(plan: StepPlan, most: int) -> StepPlan:
    """The first `most` steps of a plan; all of it for 0."""
    if not most or most >= len(plan):
        return plan
    ends = (*(end for end in plan.epoch_ends if end < most), most)
    return StepPlan(plan.order[:most], ends)


# ---- the same cases for all -----------------------------------------------------------------------


@dataclass(frozen=True)
class Exam:
    """What all arms are asked."""

    shop: Shop
    sample: tuple[Case, ...]
    further: RateCases
    judge: FluencyJudge
    conversations: Sequence[Conversation]


def exam_of(run: Finished, per_rate: int) -> Exam:
    """The run's own test sample, and further turns for the rates."""
    talks: list[Conversation] = run.rows("conversations")
    people = {one.profile_id: one for one in run.rows("profiles")}
    shop = Shop(CatalogIndex(Catalog(tuple(run.rows("catalog")))), people)
    sample = open_loop_cases(talks, run.config.evaluation.max_cases).cases
    talk, style = run.config.conversations, run.config.reply.style
    more = further_conversations(tuple(people.values()), shop.index, talk, style, run.seed)
    dev = [Case(one, label) for one in talks if one.side == "dev" for label in one.labels][:MAX_DEV_REPLIES]
    judge = learn_judge((case.conversation.language, lexicalised_reply(case, case.gold)[0]) for case in dev)
    return Exam(shop, sample, rate_cases(talks, sample, more, per_rate), judge, talks)


def answers(run: Finished, exam: Exam, arms: Mapping[str, LoadedModel]) -> list[Row]:
    """Metric rows of the open loop, with the paired differences."""
    cases, limit = [*exam.sample, *exam.further.cases], run.config.evaluation.max_new_tokens
    rows = {name: predict(arm, cases, exam.shop, name, "", limit) for name, arm in arms.items()}
    resamples, size = run.config.evaluation.bootstrap_resamples, len(exam.sample)
    card = Scorecard.over(rows["sft"][:size], exam.judge, resamples, run.seed)
    rates = Scorecard.over(rows["sft"], exam.judge, resamples, run.seed)
    drawn_for = [""] * size + list(exam.further.drawn_for)
    for name, found in rows.items():
        card.add(ModelRows(name, found[:size]), without=CONDITION_OF)
        for statistic in rate_statistics(found, drawn_for):
            rates.put(name, statistic)
    for one in (card, rates):
        one.add_differences(PAIRS)
    return [*card.table, *rates.table]


def preferences(run: Finished, exam: Exam, arms: Mapping[str, LoadedModel]) -> list[Row]:
    """Metric rows on the run's frozen on-policy test pairs, with the paired differences."""
    if run.about["test_pairs"] is None:
        return []
    ref = ArtifactRef(**run.about["test_pairs"])
    known: list[PreferencePair] = from_table(ref.kind, run.store.read_table(ref))
    pairs = [pair for pair in known if pair.kind == "on_policy"]
    clusters = clusters_of(pairs, exam.conversations)
    groups = [[one.profile_id for one in clusters], [one.family for one in clusters]]
    rng = np.random.default_rng([run.seed, 2])
    sampler = resampler(groups, run.config.evaluation.bootstrap_resamples, rng)
    card = Scorecard(
        sampler, slices_of({"language": [pair.language for pair in pairs]}), exam.judge, run.seed
    )
    probs = {name: pair_log_probs(arm, pairs) for name, arm in arms.items()}
    for name, found in probs.items():
        statistics = likelihood_statistics(found)
        if name != "sft":
            statistics += implicit_reward_statistics(found, probs["sft"], run.config.dpo.beta)
        for statistic in statistics:
            card.put(name, statistic)
    card.add_differences(PAIRS)
    return card.table


def markdown(lines: Sequence[Sequence[str]]) -> str:
    """A table as text."""
    rows = ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join([rows[0], "|" + " --- |" * len(lines[0]), *rows[1:]])


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("store", type=Path, help="the artifact root of a finished run")
    parser.add_argument("--steps", type=int, default=0, help="stop the third arm after so many steps")
    parser.add_argument("--per-rate", type=int, default=400, help="turns that each rate should stand on")
    asked = parser.parse_args(arguments)
    run = Finished.at(asked.store)
    began = time.process_time()
    with tempfile.TemporaryDirectory() as work:
        chosen, trained = train_chosen(run, Path(work), asked.steps)
    arms = {"sft": run.model("sft"), "chosen": chosen, "dpo": run.model("dpo")}
    exam = exam_of(run, asked.per_rate)
    rows = [*answers(run, exam, arms), *preferences(run, exam, arms)]
    conditions = {
        **trained,
        "learning_rate": run.config.dpo.learning_rate,
        "epochs": run.config.dpo.num_epochs,
        "sample_turns": len(exam.sample),
        "further_turns": exam.further.about(),
        "models": {name: run.refs[name].digest for name in ("sft", "dpo")},
        "cpu_seconds": round(time.process_time() - began, 1),
    }
    shown = markdown(comparison(rows, ARMS, PAIRS, SHOWN))
    return {"markdown": shown, "conditions": conditions, "metrics": rows}


if __name__ == "__main__":
    outcome = main()
    print(outcome["markdown"], file=sys.stderr)
    print(json.dumps(outcome, ensure_ascii=False))
