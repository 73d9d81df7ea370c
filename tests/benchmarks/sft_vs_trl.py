"""Supervised fine-tuning against TRL's SFTTrainer: "SFT useful tokens/s" of docs/metrics.md#speed.

    pip install -e '.[bench]'
    OMP_NUM_THREADS=2 python -m tests.benchmarks.sft_vs_trl [--conversations 240 --repeats 5]

All train the same small Llama from the same weights, in one process, on the same token ids with the same
supervised tokens, for the same epochs, in fp32 without gradient checkpointing; one after the other, again
and again, so that a busy machine is busy for all. Optimizer, learning-rate schedule and clipping are ours in
all of them; every repeat draws another order of the samples. Timed is the training alone (`train()`), CPU
time beside wall time. TRL runs packed (`bfd`, its strongest: rows of `--packed-length` tokens) and unpacked
(padded to the longest of a batch). Both of its defaults that slow a CPU down (bf16, gradient
checkpointing) are off. Ours saves its final checkpoint within the time.

Prints one JSON object: `cpu_ratio` and `wall_ratio` (median of the paired ratios; above 1: ours is
faster) against `packed` and `unpacked`, the medians behind them, each one's median final loss on held-out
conversations (same tokens, same code), and `conditions`.
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
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

from muse_core.artifacts import ArtifactStore
from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.synthetic import make_catalog
from muse_core.config.run_config import BaseConfig, RunConfig
from muse_core.context import StageContext
from muse_core.dialogue.families import all_families
from muse_core.dialogue.simulate import simulate
from muse_core.examples.conversations import examples_of
from muse_core.examples.example import FLUENCY_PART, Example
from muse_core.models.chat_format import render
from muse_core.models.loading import LoadedModel, from_scratch
from muse_core.models.log_probs import Document, document_log_probs
from muse_core.models.tokenizer import train_tokenizer
from muse_core.profiles.make import make_profiles
from muse_core.training.batches import plan_steps
from muse_core.training.loop import Optimization, rate_at, train
from muse_core.training.losses import LanguageLoss, Weights
from muse_core.training.optimizer import optimizer_of

LEARNING_RATE, WARMUP, PER_STEP, LONGEST = 1e-3, 0.1, 8, 1024
TRL = ("packed", "unpacked")


@dataclass(frozen=True)
class Task:
    """What all of them train: documents whose supervised tokens count alike, and held-out ones."""

    documents: list[Example]
    held_out: list[Example]
    model: Callable[[], LoadedModel]
    epochs: int
    micro_batch_tokens: int
    packed_length: int

    @property
    def how(self) -> Optimization:
        return Optimization(
            LEARNING_RATE, WARMUP, save_every_steps=10**6, micro_batch_tokens=self.micro_batch_tokens
        )


@dataclass(frozen=True)
class Timing:
    cpu_s: float
    wall_s: float
    dev_loss: float


def make_task(asked: argparse.Namespace) -> Task:
    """Simulated conversations over the synthetic shop and a model from scratch."""
    index = CatalogIndex(make_catalog(np.random.default_rng(5), 500))
    people = make_profiles(
        index.catalog, asked.conversations, {"en": 0.35, "hi": 0.25}, np.random.default_rng(6)
    )
    rng, config, book = np.random.default_rng(7), RunConfig(), all_families()
    talks = [simulate(one, index, rng, config, book, one.profile_id) for one in people]
    tokenizer = train_tokenizer([render(talk.messages) for talk in talks], 4096)
    found, _ = examples_of(tokenizer, talks, (), "all", LONGEST)
    plain = [
        Example(example.ids, [FLUENCY_PART if part else 0 for part in example.parts]) for example in found
    ]
    shape = BaseConfig(
        hidden_size=asked.hidden_size,
        num_layers=asked.layers,
        intermediate_size=(asked.hidden_size * 8 // 3 + 31) // 32 * 32,
    )
    cut = len(plain) // 6
    return Task(
        plain[cut:], plain[:cut], lambda: from_scratch(shape, tokenizer, 1), asked.epochs,
        asked.micro_batch_tokens, asked.packed_length,
    )  # fmt: skip


def timed(task: Task, loaded: LoadedModel, work: Callable[[], object]) -> Timing:
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return Timing(cpu, wall, dev_loss(loaded, task.held_out))


def dev_loss(loaded: LoadedModel, held_out: Sequence[Example]) -> float:
    """Nats per supervised token."""
    documents = [Document(e.ids, [at for at, p in enumerate(e.parts) if p and at]) for e in held_out]
    values = [value for found in document_log_probs(loaded, documents) for value in found]
    return -sum(values) / len(values)


def ours(task: Task, folder: Path, seed: int) -> Timing:
    loaded = task.model()
    module = LanguageLoss(loaded, Weights())
    lengths = [len(example) for example in task.documents]
    plan = plan_steps(lengths, PER_STEP, task.epochs, np.random.default_rng(seed))
    ctx = StageContext(ArtifactStore(folder / "store"), "bench", folder)
    return timed(task, loaded, lambda: train(module, task.documents, plan, task.how, ctx))


def theirs(task: Task, folder: Path, is_packed: bool, seed: int) -> Timing:
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    class Trainer(SFTTrainer):
        """TRL's, with our optimizer and schedule."""

        def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
            self.optimizer = optimizer_of(model or self.model, LEARNING_RATE, task.how.weight_decay)
            return self.optimizer

        def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
            self.lr_scheduler = torch.optim.lr_scheduler.LambdaLR(
                optimizer or self.optimizer,
                lambda step: (
                    rate_at(min(step, num_training_steps - 1), num_training_steps, task.how) / LEARNING_RATE
                ),
            )
            return self.lr_scheduler

    loaded = task.model()
    rows = [
        {"input_ids": e.ids, "labels": [i if p else -100 for i, p in zip(e.ids, e.parts, strict=True)]}
        for e in task.documents
    ]
    mean = sum(len(example) for example in task.documents) / len(task.documents)
    per_step = max(1, round(PER_STEP * mean / task.packed_length)) if is_packed else PER_STEP
    config = SFTConfig(
        output_dir=str(folder), per_device_train_batch_size=1 if is_packed else PER_STEP,
        gradient_accumulation_steps=per_step if is_packed else 1, num_train_epochs=task.epochs,
        max_grad_norm=1.0, packing=is_packed,
        packing_strategy="bfd", max_length=task.packed_length if is_packed else LONGEST,
        bf16=False, fp16=False, gradient_checkpointing=False, use_cpu=True, dataloader_pin_memory=False,
        report_to=[], save_strategy="no", logging_strategy="no", disable_tqdm=True, seed=seed,
    )  # fmt: skip
    trainer = Trainer(
        model=loaded.model, args=config, train_dataset=Dataset.from_list(rows),
        processing_class=loaded.tokenizer,
    )  # fmt: skip
    return timed(task, loaded, trainer.train)


def one_round(task: Task, seed: int = 1) -> dict[str, Timing]:
    found = {}
    for name in ("ours", *TRL):
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            found[name] = (
                ours(task, place, seed) if name == "ours" else theirs(task, place, name == "packed", seed)
            )
        print(f"{name:9} {found[name]}", file=sys.stderr, flush=True)
    return found


def summary(task: Task, rounds: Sequence[dict[str, Timing]], asked: argparse.Namespace) -> dict[str, Any]:
    def ratio(field: str, name: str) -> float:
        return median(getattr(found[name], field) / getattr(found["ours"], field) for found in rounds)

    tokens = task.epochs * sum(len(example) for example in task.documents)
    supervised = task.epochs * sum(sum(p > 0 for p in e.parts) for e in task.documents)
    medians = {
        name: {
            "cpu_s": median(found[name].cpu_s for found in rounds),
            "wall_s": median(found[name].wall_s for found in rounds),
            "tokens_per_cpu_s": tokens / median(found[name].cpu_s for found in rounds),
            "dev_loss": median(found[name].dev_loss for found in rounds),
        }
        for name in ("ours", *TRL)
    }
    conditions = vars(asked) | {
        "tokens": tokens, "supervised_tokens": supervised, "documents": len(task.documents),
        "mean_tokens": tokens / task.epochs / len(task.documents), "threads": torch.get_num_threads(),
        "parameters": sum(p.numel() for p in task.model().model.parameters()),
        "machine": platform.machine(), "python": platform.python_version(),
        "versions": {name: metadata.version(name) for name in ("torch", "transformers", "trl", "accelerate")},
    }  # fmt: skip
    return {
        "cpu_ratio": {name: ratio("cpu_s", name) for name in TRL},
        "wall_ratio": {name: ratio("wall_s", name) for name in TRL},
        "medians": medians,
        "conditions": conditions,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--conversations", type=int, default=240)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--hidden-size", type=int, default=320)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--micro-batch-tokens", type=int, default=1100)
    parser.add_argument("--packed-length", type=int, default=LONGEST)
    parser.add_argument("--json", action="store_true", help="the only format there is")
    asked = parser.parse_args()
    if importlib.util.find_spec("trl") is None:
        sys.exit("sft_vs_trl: TRL is not installed; expected the extra `bench`: pip install -e '.[bench]'")
    with redirect_stdout(sys.stderr):  # TRL prints lines of its own
        task = make_task(asked)
        one_round(replace(task, documents=task.documents[:PER_STEP], epochs=1))  # imports and first calls
        rounds = [one_round(task, 1 + k) for k in range(asked.repeats)]
    print(json.dumps(summary(task, rounds, asked)))


if __name__ == "__main__":
    main()
