"""How fast an exported graph answers, beside PyTorch eager, in one run: the forms take turns in every round.

`first_token_ms`: reading one prompt and writing its first token, median. `token_ms`: one further token at
batch 1, p50, p95 and p99. `tokens_per_s_<n>`: further tokens of all n rows of a batch. `memory_mb`: resident
memory of a process that has loaded this form alone and answered. `size_mb`: its files. PyTorch eager is a
loop of forward passes with a growing cache, without what `generate` adds. Not covered: queues, GPUs.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from transformers import DynamicCache

from muse_core.export.runtime import OnnxDecoding, OnnxModel
from muse_core.models.loading import LoadedModel

log = logging.getLogger(__name__)
EAGER = "eager"
BATCHES = (1, 8, 32)
STEPS, ROUNDS = 32, 3
MEMORY_TIMEOUT_S = 300
SOURCE_ROOT = Path(__file__).resolve().parents[2]


class Decoding(Protocol):
    """Rows under way: the first `step` reads the prompt, `widen` makes as many equal rows of it."""

    def step(self) -> Any: ...

    def widen(self, rows: int) -> None: ...


Start = Callable[[Sequence[int]], Decoding]


@dataclass(frozen=True)
class Latency:
    """One form. Milliseconds, tokens a second by batch, megabytes; None where memory was not measured."""

    first_token_ms: float
    token_ms_p50: float
    token_ms_p95: float
    token_ms_p99: float
    tokens_per_s_1: float
    tokens_per_s_8: float
    tokens_per_s_32: float
    size_mb: float
    memory_mb: float | None = None

    def as_metrics(self, name: str) -> dict[str, float]:
        return {f"{name}.{key}": value for key, value in asdict(self).items() if value is not None}


class EagerDecoding:
    """The PyTorch model."""

    def __init__(self, loaded: LoadedModel, prompt: Sequence[int]) -> None:
        self._model = loaded.model
        self._ids = torch.tensor([list(prompt)], device=loaded.device)
        self._cache = DynamicCache(config=loaded.model.config)

    def widen(self, rows: int) -> None:
        """From one row to so many equal ones."""
        self._ids = self._ids.repeat_interleave(rows, 0)
        self._cache.batch_repeat_interleave(rows)

    @torch.inference_mode()
    def step(self) -> torch.Tensor:
        """The next token of every row, greedy."""
        output = self._model(
            input_ids=self._ids, past_key_values=self._cache, use_cache=True, logits_to_keep=1
        )
        self._ids = output.logits[:, -1].argmax(-1, keepdim=True)
        return self._ids[:, 0]


def measure(
    loaded: LoadedModel, graphs: Mapping[str, Path], model_folder: Path, prompt: Sequence[int]
) -> dict[str, Latency]:
    """Form -> its figures, `eager` first; `graphs`: name -> its file."""
    forms: dict[str, Start] = {EAGER: lambda prompt: EagerDecoding(loaded, prompt)}
    for name, path in graphs.items():
        forms[name] = _starter(OnnxModel(path))
    files = {EAGER: model_folder, **graphs}
    first, steps = _timed(forms, prompt)
    found = {}
    for name in forms:
        p50, p95, p99 = (1000 * float(np.percentile(steps[name, 1], q)) for q in (50, 95, 99))
        alone, some, many = (rows / float(np.mean(steps[name, rows])) for rows in BATCHES)
        found[name] = Latency(
            1000 * float(np.median(first[name])), p50, p95, p99, alone, some, many,
            _size_mb(files[name]), _memory_mb(files[name], prompt),
        )  # fmt: skip
    return found


def _starter(model: OnnxModel) -> Start:
    return lambda prompt: OnnxDecoding(model, [prompt])


def _timed(
    forms: Mapping[str, Start], prompt: Sequence[int]
) -> tuple[dict[str, list[float]], dict[tuple[str, int], list[float]]]:
    """Seconds of the first tokens, and of the further ones by form and batch; the prompt is read once for all
    rows. One round before is not counted: the first pass of a session lays out its memory."""
    first: dict[str, list[float]] = {name: [] for name in forms}
    steps: dict[tuple[str, int], list[float]] = {(name, rows): [] for name in forms for rows in BATCHES}
    for number in range(ROUNDS + 1):
        for rows in BATCHES if number else BATCHES[:1]:
            for name, start in forms.items():
                decoding = start(prompt)
                read = _seconds(decoding.step)
                decoding.widen(rows)
                spent = [_seconds(decoding.step) for _ in range(STEPS if number else 1)]
                if number:
                    first[name].append(read)
                    steps[name, rows] += spent
    return first, steps


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _size_mb(place: Path) -> float:
    """A folder's weights, or a graph with its data file."""
    if place.is_dir():
        files = list(place.glob("model*.safetensors"))
    else:
        files = [place, place.with_name(place.name + ".data")]
    return sum(path.stat().st_size for path in files) / 1e6


def _memory_mb(place: Path, prompt: Sequence[int]) -> float | None:
    """Asked of a process of its own; None, and said, where it fails."""
    command = [sys.executable, "-m", "muse_core.export.memory", str(place.resolve()), *map(str, prompt)]
    how: dict[str, Any] = {"cwd": SOURCE_ROOT, "capture_output": True, "text": True, "check": True}
    try:
        return float(subprocess.run(command, **how, timeout=MEMORY_TIMEOUT_S).stdout)
    except (subprocess.SubprocessError, ValueError) as problem:
        said = getattr(problem, "stderr", None) or problem
        log.warning("memory of %s was not measured: %s", place.name, str(said).strip().splitlines()[-1])
        return None
