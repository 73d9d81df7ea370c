"""Preference training against TRL's DPOTrainer with precomputed references: "DPO pairs/s" of MEASURES.

    pip install -e '.[bench]'
    OMP_NUM_THREADS=2 python -m tests.benchmarks.dpo_vs_trl [--pairs 160 --repeats 5]

Both train the same small Llama from the same weights, in one process, on the same pairs as token ids in the
same order, with the same beta, batches, optimizer, learning-rate schedule and clipping, in fp32 without
gradient checkpointing; one after the other, again and again, so that a busy machine is busy for both. Every
token of a turn counts (TRL cannot mask tool results). Timed is the training alone (`train()`); the reference
log-probs are computed before it and timed apart. Ours saves its final checkpoint within the time. TRL pads to
the longest of a batch: its `padding_free` is switched off in 1.16. Its defaults that slow a CPU down (bf16,
gradient checkpointing) are off.

Prints one JSON object: `cpu_ratio` and `wall_ratio` (median of the paired ratios; above 1: ours is faster) of
`training`, of `references` and of both `together`, the medians behind them, each one's median DPO loss on
held-out pairs (same references, same code), and `conditions`.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

from muse_core.artifacts import ArtifactStore
from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.synthetic import make_catalog
from muse_core.config.run_config import BaseConfig, DpoConfig, RunConfig
from muse_core.context import StageContext
from muse_core.dialogue.families import all_families
from muse_core.dialogue.simulate import simulate
from muse_core.examples.example import FLUENCY_PART, Example
from muse_core.examples.pairs import example_of
from muse_core.models.chat_format import render
from muse_core.models.loading import LoadedModel, from_scratch
from muse_core.models.tokenizer import train_tokenizer
from muse_core.profiles.make import make_profiles
from muse_core.training.batches import StepPlan, plan_steps
from muse_core.training.flight_recorder import measure
from muse_core.training.loop import Optimization, rate_at, train
from muse_core.training.optimizer import optimizer_of
from muse_core.training.preference_loss import PreferenceLoss
from muse_core.training.references import compute
from muse_core.types import Conversation
from muse_core.world.replay import context_before, turn_messages
from tests import builders

LEARNING_RATE, WARMUP, PER_STEP, LONGEST = 1e-4, 0.1, 8, 1024
NAMES = ("ours", "trl")


@dataclass(frozen=True)
class Task:
    """What both train: pairs with the references of the untrained model, and held-out ones."""

    pairs: list[Example]
    held_out: list[Example]
    model: Callable[[], LoadedModel]
    epochs: int
    config: DpoConfig

    @property
    def how(self) -> Optimization:
        limit = self.config.micro_batch_tokens
        return Optimization(LEARNING_RATE, WARMUP, save_every_steps=10**6, micro_batch_tokens=limit)

    def plan(self, seed: int) -> StepPlan:
        lengths = [len(pair) for pair in self.pairs]
        return plan_steps(lengths, PER_STEP, self.epochs, np.random.default_rng(seed))


@dataclass(frozen=True)
class Timing:
    """Seconds of the training, of the references before it, and the held-out DPO loss after it."""

    cpu_s: float
    wall_s: float
    references_cpu_s: float
    references_wall_s: float
    dev_loss: float


def make_task(asked: argparse.Namespace) -> Task:
    """Turns of simulated conversations against turns of others, and a model from scratch."""
    index = CatalogIndex(make_catalog(np.random.default_rng(5), 500))
    count = asked.pairs * 7 // 6 + 2 * PER_STEP
    people = make_profiles(index.catalog, count, {"en": 0.35, "hi": 0.25}, np.random.default_rng(6))
    rng, config, book = np.random.default_rng(7), RunConfig(), all_families()
    talks = [simulate(one, index, rng, config, book, one.profile_id) for one in people]
    tokenizer = train_tokenizer([render(talk.messages) for talk in talks], 4096)
    shape = BaseConfig(
        hidden_size=asked.hidden_size,
        num_layers=asked.layers,
        intermediate_size=(asked.hidden_size * 8 // 3 + 31) // 32 * 32,
    )
    loaded = from_scratch(shape, tokenizer, 1)
    found = [pair_of(loaded, talk, other) for talk, other in pairwise(talks)]
    dpo = DpoConfig(micro_batch_tokens=asked.micro_batch_tokens)
    pairs = with_references([pair for pair in found if pair], loaded, dpo)
    cut = len(pairs) - asked.pairs // PER_STEP * PER_STEP
    return Task(pairs[cut:], pairs[:cut], lambda: from_scratch(shape, tokenizer, 1), asked.epochs, dpo)


def pair_of(loaded: LoadedModel, talk: Conversation, other: Conversation) -> Example | None:
    """The last turn against the last turn of another conversation; every token of both counts."""
    label, stranger = talk.labels[-1], other.labels[-1]
    chosen, rejected = turn_messages(talk, label.turn), turn_messages(other, stranger.turn)
    if chosen == rejected:
        return None
    pair = builders.pair(prompt=context_before(talk, label.turn), chosen=chosen, rejected=rejected)
    example = example_of(loaded, pair, LONGEST, "turn")
    if example is None or example.fork is None:
        return None
    first = example.fork[0]
    return replace(example, parts=[0] * first + [FLUENCY_PART] * (len(example) - first))


def with_references(pairs: list[Example], loaded: LoadedModel, config: DpoConfig) -> list[Example]:
    module = PreferenceLoss(loaded.model, config)
    with tempfile.TemporaryDirectory() as folder:
        values, _ = compute(module, {str(n): pair for n, pair in enumerate(pairs)}, context(Path(folder)))
    return [replace(pair, references=tuple(row)) for pair, row in zip(pairs, values.tolist(), strict=True)]


def context(folder: Path) -> StageContext:
    return StageContext(ArtifactStore(folder / "store"), "bench", folder)


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """CPU and wall seconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


def dev_loss(task: Task, loaded: LoadedModel, folder: Path) -> float:
    module = PreferenceLoss(loaded.model, task.config)
    return measure(module, task.held_out, context(folder))["dev_dpo_loss"]


def ours(task: Task, folder: Path, seed: int) -> Timing:
    loaded = task.model()
    module, ctx = PreferenceLoss(loaded.model, task.config), context(folder)
    named = {str(number): pair for number, pair in enumerate(task.pairs)}
    before = timed(lambda: compute(module, named, ctx))
    spent = timed(lambda: train(module, task.pairs, task.plan(seed), task.how, ctx))
    return Timing(*spent, *before, dev_loss(task, loaded, folder))


def theirs(task: Task, folder: Path, seed: int) -> Timing:
    loaded, plan = task.model(), task.plan(seed)
    optimizer = optimizer_of(loaded.model, LEARNING_RATE, task.how.weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: rate_at(min(step, len(plan) - 1), len(plan), task.how) / LEARNING_RATE
    )
    order = [index for step in plan.order for index in step]
    trainer = trl_trainer(
        loaded, task.pairs, folder, PER_STEP, len(plan), order, (optimizer, schedule), beta=task.config.beta
    )
    spent = timed(trainer.train)
    return Timing(*spent, *trainer.reference_seconds, dev_loss(task, loaded, folder))


def trl_trainer(
    loaded: LoadedModel,
    pairs: Sequence[Example],
    folder: Path,
    per_step: int,
    steps: int,
    order: Sequence[int] | None = None,
    optimizers: tuple[Any, Any] = (None, None),
    **settings: Any,
) -> Any:
    """TRL's trainer over token ids, in a given order, which says how long its references took."""
    from datasets import Dataset
    from trl import DPOConfig, DPOTrainer

    class Trainer(DPOTrainer):
        reference_seconds = (0.0, 0.0)

        def _prepare_dataset(self, dataset: Any, *_: Any) -> Any:
            return dataset  # token ids already

        def _precompute_ref_logps(self, *what: Any) -> Any:
            found: list[Any] = []
            self.reference_seconds = timed(
                lambda: found.append(super(Trainer, self)._precompute_ref_logps(*what))
            )
            return found[0]

        def _get_train_sampler(self, *_: Any) -> Any:
            return order or range(len(pairs))

    config = DPOConfig(
        output_dir=str(folder), per_device_train_batch_size=per_step, max_steps=steps, max_grad_norm=1.0,
        precompute_ref_log_probs=True, max_length=LONGEST, bf16=False, fp16=False,
        gradient_checkpointing=False, use_cpu=True, dataloader_pin_memory=False, report_to=[],
        save_strategy="no", logging_strategy="no", disable_tqdm=True, **settings,
    )  # fmt: skip
    rows = [
        dict(zip(("prompt_ids", "chosen_ids", "rejected_ids"), runs(pair), strict=True)) for pair in pairs
    ]
    return Trainer(
        model=loaded.model, args=config, train_dataset=Dataset.from_list(rows),
        processing_class=loaded.tokenizer, optimizers=optimizers,
    )  # fmt: skip


def runs(pair: Example) -> tuple[list[int], list[int], list[int]]:
    """Prompt, chosen and rejected turn."""
    first, second = pair.fork or (0, 0)
    return pair.ids[:first], pair.ids[first:second], pair.ids[second:]


def one_round(task: Task, seed: int = 1) -> dict[str, Timing]:
    found = {}
    for name, work in zip(NAMES, (ours, theirs), strict=True):
        with tempfile.TemporaryDirectory() as folder:
            found[name] = work(task, Path(folder), seed)
        print(f"{name:5} {found[name]}", file=sys.stderr, flush=True)
    return found


def summary(task: Task, rounds: Sequence[dict[str, Timing]], asked: argparse.Namespace) -> dict[str, Any]:
    pairs = task.epochs * len(task.pairs)
    medians = {
        name: {
            field: median(getattr(found[name], field) for found in rounds) for field in Timing.__annotations__
        }
        for name in NAMES
    }
    for name in NAMES:
        medians[name]["pairs_per_cpu_s"] = pairs / medians[name]["cpu_s"]
    prompts, chosen, rejected = zip(*(map(len, runs(pair)) for pair in task.pairs), strict=True)
    conditions = vars(asked) | {
        "pairs_trained": pairs, "held_out": len(task.held_out), "threads": torch.get_num_threads(),
        "mean_prompt_tokens": sum(prompts) / len(prompts), "mean_chosen_tokens": sum(chosen) / len(chosen),
        "mean_rejected_tokens": sum(rejected) / len(rejected), "beta": task.config.beta,
        "parameters": sum(p.numel() for p in task.model().model.parameters()),
        "machine": platform.machine(), "python": platform.python_version(),
        "versions": {name: metadata.version(name) for name in ("torch", "transformers", "trl", "accelerate")},
    }  # fmt: skip
    return {
        "cpu_ratio": ratios(rounds, "cpu_s"),
        "wall_ratio": ratios(rounds, "wall_s"),
        "medians": medians,
        "conditions": conditions,
    }


def ratios(rounds: Sequence[dict[str, Timing]], unit: str) -> dict[str, float]:
    def ratio(*fields: str) -> float:
        spent = [[sum(getattr(found[name], f) for f in fields) for name in NAMES] for found in rounds]
        return median(trl / ours for ours, trl in spent)

    references = f"references_{unit}"
    return {"training": ratio(unit), "references": ratio(references), "together": ratio(unit, references)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pairs", type=int, default=160)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--hidden-size", type=int, default=320)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--micro-batch-tokens", type=int, default=1100)
    parser.add_argument("--json", action="store_true", help="the only format there is")
    asked = parser.parse_args()
    if importlib.util.find_spec("trl") is None:
        sys.exit("dpo_vs_trl: TRL is not installed; expected the extra `bench`: pip install -e '.[bench]'")
    with redirect_stdout(sys.stderr):  # transformers prints its logs
        task = make_task(asked)
        one_round(replace(task, pairs=task.pairs[:PER_STEP], epochs=1))  # imports and first calls
        rounds = [one_round(task, 1 + k) for k in range(asked.repeats)]
    print(json.dumps(summary(task, rounds, asked)))


if __name__ == "__main__":
    main()
