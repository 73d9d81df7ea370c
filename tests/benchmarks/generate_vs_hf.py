"""Batched decoding against `generate` of transformers: "generation tokens/s" of docs/metrics.md#speed.

    OMP_NUM_THREADS=2 python -m tests.benchmarks.generate_vs_hf --json [--conversations 256 --repeats 5]

Both decode the same prompts (one user turn of each simulated conversation, as token ids) with the same
weights in one process, greedy, up to the same stop tokens or `--max-new-tokens`; one after the other,
again and again, so that a busy machine is busy for both. No tool is run. Ours: batches of
`--batch-size` (64). Theirs: `generate` with its default cache, prompts sorted by length, padded on the
left, batches of 32, each until its last row stops; with `--batch-one` one prompt at a time as well.

The model is a Llama from scratch of about 10M parameters (`--model FOLDER` takes another: a model that
MUSE trained, or any transformers folder). Its weights are random, drawn wide enough that it does not
repeat itself, and `--stop-share` of its vocabulary are stop tokens (1/24: acts of 24 tokens on average,
about what a trained model writes; 0: every row goes on to the limit). A model of MUSE stops where it does
in use.

Prints one JSON object: `cpu_ratio` and `wall_ratio` (median of the paired ratios; above 1: ours is
faster) against `batch_32` and `batch_1`, the medians and tokens per second behind them, `same_rows` (the
share of rows with exactly the same tokens; under 0.99 the benchmark fails, and a model with random weights
may lose one row in some hundreds to rounding), and `conditions`.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.synthetic import make_catalog
from muse_core.config.run_config import BaseConfig, RunConfig
from muse_core.dialogue.families import all_families
from muse_core.dialogue.simulate import simulate
from muse_core.generation.decode import Decoder
from muse_core.generation.prefill import Row, prefill_in_turn
from muse_core.generation.sampling import Sampling
from muse_core.models.chat_format import END, RESULT, render
from muse_core.models.loading import ABOUT, LoadedModel, from_scratch, load_model
from muse_core.models.pretrained import from_pretrained
from muse_core.models.tokenizer import encode, train_tokenizer
from muse_core.profiles.make import make_profiles
from muse_core.types import Conversation, Message
from muse_core.world.replay import context_before

Ids = list[list[int]]
HF_BATCH = 32
LEAST_SAME = 0.99


@dataclass(frozen=True)
class Task:
    """What both decode."""

    model: LoadedModel
    prompts: Ids
    stop: tuple[int, ...]
    max_new_tokens: int
    batch_size: int


@dataclass(frozen=True)
class Timing:
    cpu_s: float
    wall_s: float
    written: Ids


def make_task(asked: argparse.Namespace) -> Task:
    talks = conversations(asked.conversations)
    rng = np.random.default_rng(8)
    contexts = [context_before(talk, int(rng.integers(len(talk.labels)))) for talk in talks]
    loaded, stop = model_of(asked, talks)
    loaded.model.eval()
    return Task(
        loaded, [prompt_of(loaded, context) for context in contexts], stop, asked.max_new_tokens,
        asked.batch_size,
    )  # fmt: skip


def conversations(count: int) -> list[Conversation]:
    """Simulated conversations over the synthetic shop."""
    index = CatalogIndex(make_catalog(np.random.default_rng(5), 500))
    people = make_profiles(index.catalog, count, {"en": 0.35, "hi": 0.25}, np.random.default_rng(6))
    rng, config, book = np.random.default_rng(7), RunConfig(), all_families()
    return [simulate(one, index, rng, config, book, one.profile_id) for one in people]


def prompt_of(loaded: LoadedModel, context: Sequence[Message]) -> list[int]:
    return encode(loaded.tokenizer, context, open_turn=True).ids


def model_of(asked: argparse.Namespace, talks: Sequence[Conversation]) -> tuple[LoadedModel, tuple[int, ...]]:
    """The model and its stop tokens."""
    if asked.model is None:
        loaded = random_model(asked, talks)
        rng, size = np.random.default_rng(9), len(loaded.tokenizer)
        drawn = rng.choice(size, max(1, round(asked.stop_share * size)), replace=False)
        return loaded, tuple(sorted(drawn.tolist())) if asked.stop_share else ()
    if (Path(asked.model) / ABOUT).exists():
        loaded = load_model(asked.model)
        return loaded, tuple(loaded.tokenizer.convert_tokens_to_ids([END, RESULT]))
    loaded = from_pretrained(BaseConfig(source="pretrained", model=asked.model))
    return loaded, (loaded.tokenizer.eos_token_id,)


def random_model(asked: argparse.Namespace, talks: Sequence[Conversation]) -> LoadedModel:
    """From scratch; the layers outweigh the embedding of the last token, which would only be repeated."""
    tokenizer = train_tokenizer([render(talk.messages) for talk in talks], 4096)
    width = (asked.hidden_size * 8 // 3 + 31) // 32 * 32
    shape = BaseConfig(hidden_size=asked.hidden_size, num_layers=asked.layers, intermediate_size=width)
    loaded = from_scratch(shape, tokenizer, seed=1)
    with torch.no_grad():
        for weight in loaded.model.base_model.layers.parameters():
            if weight.dim() > 1:
                weight.mul_(5)
    return loaded


def ours(task: Task) -> Ids:
    sampling, written = Sampling(max_new_tokens=task.max_new_tokens), [[] for _ in task.prompts]

    def fresh() -> Any:
        for rows in prefill_in_turn(task.model.model, task.prompts):
            for row in rows:
                row.sampling = sampling
            yield rows

    def note(row: Row) -> None:
        written[row.number] = row.new

    Decoder(task.model.model, fresh(), task.stop, note, task.batch_size).run()
    return written


@torch.no_grad()
def theirs(task: Task, batch_size: int) -> Ids:
    order = sorted(range(len(task.prompts)), key=lambda number: len(task.prompts[number]))
    written: Ids = [[] for _ in order]
    for start in range(0, len(order), batch_size):
        numbers = order[start : start + batch_size]
        ids, mask = left_padded([task.prompts[number] for number in numbers])
        made = task.model.model.generate(
            input_ids=ids, attention_mask=mask, max_new_tokens=task.max_new_tokens, do_sample=False,
            eos_token_id=list(task.stop) or None, pad_token_id=0,
        )  # fmt: skip
        for number, row in zip(numbers, made[:, ids.shape[1] :].tolist(), strict=True):
            written[number] = until_stop(row, task.stop)
    return written


def left_padded(prompts: Ids) -> tuple[torch.Tensor, torch.Tensor]:
    width = max(map(len, prompts))
    ids = torch.tensor([[0] * (width - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    return ids, mask


def until_stop(row: list[int], stop: Collection[int]) -> list[int]:
    return row[: next((at + 1 for at, token in enumerate(row) if token in stop), len(row))]


def timed(work: Callable[[], Ids]) -> Timing:
    cpu, wall = time.process_time(), time.perf_counter()
    written = work()
    return Timing(time.process_time() - cpu, time.perf_counter() - wall, written)


def one_round(task: Task, batches: Sequence[int]) -> dict[str, Timing]:
    found = {"ours": timed(lambda: ours(task))}
    for size in batches:
        found[f"batch_{size}"] = timed(lambda size=size: theirs(task, size))
    for name, one in found.items():
        print(f"{name:9} {one.cpu_s:.2f} s CPU, {one.wall_s:.2f} s wall", file=sys.stderr, flush=True)
    return found


def same_rows(found: dict[str, Timing], name: str) -> float:
    pairs = zip(found["ours"].written, found[name].written, strict=True)
    return float(np.mean([one == other for one, other in pairs]))


def summary(task: Task, rounds: Sequence[dict[str, Timing]], asked: argparse.Namespace) -> dict[str, Any]:
    names = [name for name in rounds[0] if name != "ours"]

    def ratio(field: str, name: str) -> float:
        return median(getattr(found[name], field) / getattr(found["ours"], field) for found in rounds)

    def middle(name: str) -> dict[str, float]:
        tokens = sum(map(len, rounds[0][name].written))
        cpu = median(found[name].cpu_s for found in rounds)
        wall = median(found[name].wall_s for found in rounds)
        speeds = {"tokens_per_cpu_s": tokens / cpu, "tokens_per_wall_s": tokens / wall}
        return {"cpu_s": cpu, "wall_s": wall} | speeds

    written = [len(row) for row in rounds[0]["ours"].written]
    conditions = vars(asked) | {
        "prompts": len(task.prompts), "mean_prompt_tokens": float(np.mean([*map(len, task.prompts)])),
        "longest_prompt": max(map(len, task.prompts)), "mean_new_tokens": float(np.mean(written)),
        "threads": torch.get_num_threads(),
        "parameters": sum(p.numel() for p in task.model.model.parameters()),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(), "machine": platform.machine(),
        "python": platform.python_version(),
        "versions": {name: metadata.version(name) for name in ("torch", "transformers")},
    }  # fmt: skip
    return {
        "cpu_ratio": {name: ratio("cpu_s", name) for name in names},
        "wall_ratio": {name: ratio("wall_s", name) for name in names},
        "same_rows": {name: min(same_rows(found, name) for found in rounds) for name in names},
        "medians": {name: middle(name) for name in ("ours", *names)},
        "conditions": conditions,
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--conversations", type=int, default=256)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--max-new-tokens", type=int, default=96)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--batch-one", action="store_true", help="time generate at batch 1 as well")
    parser.add_argument("--model", help="a model folder in place of the random model")
    parser.add_argument("--hidden-size", type=int, default=320)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--stop-share", type=float, default=1 / 24)
    parser.add_argument("--json", action="store_true", help="one line")
    return parser.parse_args()


def main() -> None:
    asked = arguments()
    task = make_task(asked)
    batches = [HF_BATCH, 1] if asked.batch_one else [HF_BATCH]
    few = Task(task.model, task.prompts[:8], task.stop, 4, task.batch_size)
    one_round(few, batches)  # imports and first calls
    found = summary(task, [one_round(task, batches) for _ in range(asked.repeats)], asked)
    print(json.dumps(found, indent=None if asked.json else 1))
    if min(found["same_rows"].values()) < LEAST_SAME:
        sys.exit("generate_vs_hf: the two do not write the same tokens; a ratio would mean nothing")


if __name__ == "__main__":
    main()
