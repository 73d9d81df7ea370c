"""What do the rejected turns teach? SFT, SFT trained further on the chosen turns alone, and SFT + DPO.

    muse run --preset quickstart
    python -m tests.benchmarks.dpo_gain .muse/artifacts [MORE] [--steps 0] [--per-rate 400]

Reads a finished run's artifacts and changes none of them; of several runs (the same preset with other
seeds) it measures each and all of them together. The third arm starts from the run's SFT model
and is trained with the run's own loop on the chosen side of the pairs that trained its DPO model: same
pairs, same held-out pairs, as many steps, batch, learning rate and warm-up; the loss is SFT's (negative
log-likelihood, parts weighted as in that run; no reference model, no rejected turn; the heads are
frozen, as in DPO) and the best epoch by held-out loss is kept, as in DPO.

All three answer the same test turns (the run's own sample and the further turns of `evaluation/rates.py`)
and are asked about the run's frozen test pairs. Several runs together: their turns are pooled, a shopper of
one run is no shopper of another, a template family is the same in all. The intervals are those of the
evaluation (clusters by shopper and by family); how much the trainings differ is seen run by run. Prints one
JSON object: `markdown` (a table with paired intervals), `metrics` (rows as in the `metrics` table) and
`runs`, each with its own two and its `conditions`. `--steps` cuts the training short, for a try.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from muse_core.artifacts import ArtifactStore
from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.product import Catalog
from muse_core.config.run_config import RunConfig
from muse_core.context import StageContext
from muse_core.evaluation.fluency import FluencyJudge, learn_judge
from muse_core.evaluation.frozen_pairs import PairCluster, clusters_of, pair_log_probs
from muse_core.evaluation.open_loop import Case, lexicalised_reply, open_loop_cases
from muse_core.evaluation.predictions import predict
from muse_core.evaluation.preference_accuracy import (
    PairLogProbs,
    implicit_reward_statistics,
    likelihood_statistics,
)
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
from muse_core.world.shop import Shop

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
    talks: Sequence[Conversation]


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


@dataclass(frozen=True)
class Taken:
    """What the arms answered. `rows`: judged rows per arm, the sample's first; `drawn_for`: of each, "" in
    the sample; `probs`: per arm of the frozen on-policy pairs."""

    rows: Mapping[str, Sequence[Row]]
    drawn_for: Sequence[str]
    languages: Sequence[str]
    clusters: Sequence[PairCluster]
    probs: Mapping[str, Sequence[PairLogProbs]]
    judge: FluencyJudge

    @classmethod
    def of(cls, run: Finished, exam: Exam, arms: Mapping[str, LoadedModel]) -> Taken:
        cases, limit = [*exam.sample, *exam.further.cases], run.config.evaluation.max_new_tokens
        rows = {name: predict(arm, cases, exam.shop, name, "", limit) for name, arm in arms.items()}
        pairs = [pair for pair in _frozen(run) if pair.kind == "on_policy"]
        return cls(
            {name: [_of_run(row, run) for row in found] for name, found in rows.items()},
            [""] * len(exam.sample) + list(exam.further.drawn_for),
            [pair.language for pair in pairs],
            [
                replace(one, profile_id=f"{run.seed} {one.profile_id}")
                for one in clusters_of(pairs, exam.talks)
            ],
            {name: pair_log_probs(arm, pairs) for name, arm in arms.items()},
            exam.judge,
        )

    @classmethod
    def joined(cls, several: Sequence[Taken]) -> Taken:
        """The turns and pairs of several runs as those of one; fluency is judged as in the first."""
        return cls(
            {name: [row for one in several for row in one.rows[name]] for name in ARMS},
            [kind for one in several for kind in one.drawn_for],
            [language for one in several for language in one.languages],
            [cluster for one in several for cluster in one.clusters],
            {name: [probs for one in several for probs in one.probs[name]] for name in ARMS},
            several[0].judge,
        )


def _of_run(row: Row, run: Finished) -> Row:
    return row | {"profile_id": f"{run.seed} {row['profile_id']}"}


def _frozen(run: Finished) -> list[PreferencePair]:
    if run.about["test_pairs"] is None:
        return []
    ref = ArtifactRef(**run.about["test_pairs"])
    found: list[PreferencePair] = from_table(ref.kind, run.store.read_table(ref))
    return found


# ---- figures --------------------------------------------------------------------------------------


def metrics_of(taken: Taken, run: Finished) -> list[Row]:
    """Metric rows with the paired differences; `run` gives the bootstrap's size and seed, and beta."""
    return [*answers(taken, run), *preferences(taken, run)]


def answers(taken: Taken, run: Finished) -> list[Row]:
    """Of the open loop."""
    sample = [at for at, kind in enumerate(taken.drawn_for) if not kind]
    of_sample = {name: [rows[at] for at in sample] for name, rows in taken.rows.items()}
    resamples = run.config.evaluation.bootstrap_resamples
    card = Scorecard.over(of_sample["sft"], taken.judge, resamples, run.seed)
    rates = Scorecard.over(taken.rows["sft"], taken.judge, resamples, run.seed)
    for name, rows in taken.rows.items():
        card.add(ModelRows(name, of_sample[name]), without=CONDITION_OF)
        for statistic in rate_statistics(rows, taken.drawn_for):
            rates.put(name, statistic)
    for one in (card, rates):
        one.add_differences(PAIRS)
    return [*card.table, *rates.table]


def preferences(taken: Taken, run: Finished) -> list[Row]:
    """On the frozen on-policy test pairs; nothing where there are none."""
    if not taken.clusters:
        return []
    groups = [[one.profile_id for one in taken.clusters], [one.family for one in taken.clusters]]
    rng = np.random.default_rng([run.seed, 2])
    sampler = resampler(groups, run.config.evaluation.bootstrap_resamples, rng)
    card = Scorecard(sampler, slices_of({"language": list(taken.languages)}), taken.judge, run.seed)
    for name, found in taken.probs.items():
        statistics = likelihood_statistics(found)
        if name != "sft":
            statistics += implicit_reward_statistics(found, taken.probs["sft"], run.config.dpo.beta)
        for statistic in statistics:
            card.put(name, statistic)
    card.add_differences(PAIRS)
    return card.table


def markdown(lines: Sequence[Sequence[str]]) -> str:
    """A table as text."""
    rows = ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join([rows[0], "|" + " --- |" * len(lines[0]), *rows[1:]])


def examined(run: Finished, steps: int, per_rate: int) -> tuple[Taken, dict[str, Any]]:
    """What one run's arms answered, and its own figures."""
    began = time.process_time()
    with tempfile.TemporaryDirectory() as work:
        chosen, trained = train_chosen(run, Path(work), steps)
    exam = exam_of(run, per_rate)
    taken = Taken.of(run, exam, {"sft": run.model("sft"), "chosen": chosen, "dpo": run.model("dpo")})
    rows = metrics_of(taken, run)
    conditions = {
        **trained,
        "seed": run.seed,
        "learning_rate": run.config.dpo.learning_rate,
        "epochs": run.config.dpo.num_epochs,
        "sample_turns": len(exam.sample),
        "further_turns": exam.further.about(),
        "models": {name: run.refs[name].digest for name in ("sft", "dpo")},
        "cpu_seconds": round(time.process_time() - began, 1),
    }
    return taken, {"markdown": shown(rows), "metrics": rows, "conditions": conditions}


def shown(rows: Sequence[Row]) -> str:
    return markdown(comparison(rows, ARMS, PAIRS, SHOWN))


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("stores", type=Path, nargs="+", help="the artifact roots of finished runs")
    parser.add_argument("--steps", type=int, default=0, help="stop the third arm after so many steps")
    parser.add_argument("--per-rate", type=int, default=400, help="turns that each rate should stand on")
    asked = parser.parse_args(arguments)
    runs = [Finished.at(store) for store in asked.stores]
    found = [examined(run, asked.steps, asked.per_rate) for run in runs]
    rows = metrics_of(Taken.joined([taken for taken, _ in found]), runs[0])
    return {"markdown": shown(rows), "metrics": rows, "runs": [own for _, own in found]}


if __name__ == "__main__":
    outcome = main()
    tables = [run["markdown"] for run in outcome["runs"]] if len(outcome["runs"]) > 1 else []
    print("\n\n".join([*tables, outcome["markdown"]]), file=sys.stderr)
    print(json.dumps(outcome, ensure_ascii=False))
