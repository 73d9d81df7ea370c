"""GRPO against TRL's GRPOTrainer: tokens that are sampled and learnt, a CPU second.

    pip install -e '.[bench]'
    OMP_NUM_THREADS=2 python -m tests.benchmarks.grpo_vs_trl --home .muse [--steps 4 --repeats 3]

Both start from the SFT model of a finished run and train it on the same requests in one process, one after
the other, again and again, so that a busy machine is busy for both: as many contexts a step and samples a
context, the same temperature and longest turn, loss type dapo with the same clips, no KL, AdamW at one
rate, fp32, without gradient checkpointing. Ours runs each turn to its end on the real tools and pays it;
TRL samples up to the first `<|end|>` and pays by length, so that it neither waits for a tool nor for a
reward. Timed is `train()` alone, and of ours no measuring on held-out requests.

Prints one JSON object: `cpu_ratio` and `wall_ratio` (median of the paired ratios of tokens a second; above
1: ours is faster), the medians behind them, tokens a turn of each, and `conditions`.
"""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any

import torch

from muse_core.artifacts import ArtifactStore
from muse_core.config.load import load_config
from muse_core.config.post_sections import GrpoConfig
from muse_core.context import StageContext
from muse_core.models.loading import load_model
from muse_core.models.tokenizer import encode
from muse_core.preferences.contexts import Context, Environment
from muse_core.preferences.groups import Group, Pool, contexts_to_ask
from muse_core.preferences.on_policy import GroupDraw
from muse_core.records import from_table
from muse_core.training.batches import StepPlan
from muse_core.training.grpo_loss import GrpoLoss
from muse_core.training.loop import train
from muse_core.training.on_policy_recorder import OnPolicyRecorder
from muse_core.training.stepping import how_to_step
from muse_core.types import ArtifactRef
from muse_core.world.shop import Shop

SEED, RATE = 17, 1e-5
NAMES = ("ours", "trl")


@dataclass(frozen=True)
class Task:
    folder: Path
    pool: Pool
    environment: Environment
    config: GrpoConfig


@dataclass(frozen=True)
class Timing:
    """Seconds of `train()`, and what was sampled and learnt in them."""

    cpu_s: float
    wall_s: float
    tokens: int
    turns: int


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--contexts", type=int, default=8)
    parser.add_argument("--samples", type=int, default=8)
    asked = parser.parse_args()
    task, found = make_task(asked), {name: list[Timing]() for name in NAMES}
    for turn in range(asked.repeats + 1):  # the first one warms up
        for name, measured in (("ours", ours), ("trl", theirs)):
            with tempfile.TemporaryDirectory() as folder:
                timing = measured(task, Path(folder))
            if turn:
                found[name].append(timing)
    print(json.dumps(summary(found) | {"conditions": conditions(task)}, indent=2))


def make_task(asked: argparse.Namespace) -> Task:
    """Of the last run in the home."""
    store = ArtifactStore(asked.home / "artifacts")
    refs = {
        name: ArtifactRef(**store.latest(kind, stage)["ref"])  # type: ignore[index]
        for name, kind, stage in (
            ("catalog", "products", "catalog"), ("profiles", "profiles", "profiles"),
            ("conversations", "conversations", "conversations"), ("sft", "model", "sft"),
        )
    }  # fmt: skip
    config = load_config("quickstart")[0]
    pool = contexts_to_ask(
        from_table("conversations", store.read_table(refs["conversations"])), config.pairs.reserved_share,
        (config.sft.profile_dropout, config.sft.language_dropout), 1, SEED, "grpo",
    )  # fmt: skip
    shop = Shop.read(store, refs["catalog"], refs["profiles"])
    settings = GrpoConfig(
        steps=asked.steps, contexts_per_step=asked.contexts, samples_per_context=asked.samples,
        learning_rate=RATE, measure_every_steps=asked.steps, save_every_steps=10**6,
    )  # fmt: skip
    return Task(store.folder(refs["sft"]), pool, Environment(shop, config.reply.style), settings)


def timed(work: Any) -> tuple[float, float]:
    """CPU and wall seconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


class CountedDraw(GroupDraw):
    """Knows how much was drawn."""

    tokens = turns = 0

    def _groups(self, contexts: Sequence[Context], step: int) -> list[Group]:
        groups = super()._groups(contexts, step)
        self.turns += sum(len(group.drawn) for group in groups)
        self.tokens += sum(drawn.tokens for group in groups for drawn in group.drawn)
        return groups


def ours(task: Task, folder: Path) -> Timing:
    loaded, reference = (load_model(task.folder) for _ in range(2))
    ctx = StageContext(ArtifactStore(folder / "store"), "bench", folder, SEED)
    draw = CountedDraw(
        loaded, reference, task.pool, task.environment, task.config, ctx, OnPolicyRecorder(ctx)
    )
    plan = StepPlan(((),) * task.config.steps, (task.config.steps,))
    how = how_to_step(task.config, "grpo")
    spent = timed(lambda: train(GrpoLoss(loaded.model, task.config), [], plan, how, ctx, None, draw))
    return Timing(*spent, draw.tokens, draw.turns)


def theirs(task: Task, folder: Path) -> Timing:
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer

    config, loaded = task.config, load_model(task.folder)
    seen: list[int] = []

    def reward(completion_ids: Sequence[Sequence[int]], **_: Any) -> list[float]:
        seen.extend(len(one) for one in completion_ids)
        return [float(len(one)) for one in completion_ids]

    contexts = task.pool.part(0, config.steps * config.contexts_per_step)
    prompts = [
        loaded.tokenizer.decode(encode(loaded.tokenizer, one.prompt, open_turn=True).ids) for one in contexts
    ]
    per_step = config.contexts_per_step * config.samples_per_context
    asked = GRPOConfig(
        output_dir=str(folder), per_device_train_batch_size=per_step, max_steps=config.steps, use_cpu=True,
        num_generations=config.samples_per_context, max_completion_length=config.max_new_tokens, bf16=False,
        temperature=config.temperature, epsilon=config.epsilon, epsilon_high=config.epsilon_high, fp16=False,
        loss_type=config.loss_type, scale_rewards=config.scale_rewards, beta=0.0, learning_rate=RATE,
        gradient_checkpointing=False, report_to=[], dataloader_pin_memory=False, save_strategy="no",
        logging_strategy="no", disable_tqdm=True, shuffle_dataset=False, seed=SEED,
    )  # fmt: skip
    trainer = GRPOTrainer(
        model=loaded.model, args=asked, reward_funcs=reward, processing_class=loaded.tokenizer,
        train_dataset=Dataset.from_list([{"prompt": text} for text in prompts]),
    )  # fmt: skip
    spent = timed(trainer.train)
    return Timing(*spent, sum(seen), len(seen))


def summary(found: dict[str, list[Timing]]) -> dict[str, Any]:
    mine, other = (found[name] for name in NAMES)

    def ratio(clock: str) -> float:
        rates = [
            (a.tokens / getattr(a, clock)) / (b.tokens / getattr(b, clock))
            for a, b in zip(mine, other, strict=True)
        ]
        return round(median(rates), 2)

    return {
        "cpu_ratio": ratio("cpu_s"),
        "wall_ratio": ratio("wall_s"),
        **{
            name: {
                "tokens_per_cpu_s": round(median(one.tokens / one.cpu_s for one in rows), 1),
                "tokens_per_s": round(median(one.tokens / one.wall_s for one in rows), 1),
                "turns_per_cpu_s": round(median(one.turns / one.cpu_s for one in rows), 2),
                "tokens_per_turn": round(median(one.tokens / one.turns for one in rows), 1),
            }
            for name, rows in found.items()
        },
    }


def conditions(task: Task) -> dict[str, Any]:
    return {
        "steps": task.config.steps,
        "contexts_per_step": task.config.contexts_per_step,
        "samples_per_context": task.config.samples_per_context,
        "max_new_tokens": task.config.max_new_tokens,
        "threads": torch.get_num_threads(),
        "machine": platform.processor() or platform.machine(),
        **{name: metadata.version(name) for name in ("torch", "transformers", "trl")},
    }


if __name__ == "__main__":
    main()
