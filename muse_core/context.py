"""What a stage is given besides its config and inputs: the store, its fingerprint, and where to talk.

Tasks build it (Prefect, MLflow and the GX validator behind the protocols); tests and `python -m
muse_core.stages.<name>` build it plain. `muse_core` never learns which.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Protocol, TypeVar

from muse_core.artifacts import ArtifactStore
from muse_core.progress import Progress, Silent

A = TypeVar("A")
B = TypeVar("B")


class MetricSink(Protocol):
    """Takes measured numbers while a stage runs; implementations batch."""

    def log(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """One measurement of each named metric; `step` is the optimizer step or epoch."""


class NoMetrics:
    """A sink that drops everything (the final metrics are in the manifest all the same)."""

    def log(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        return None


def map_in_processes(work: Callable[[A], B], shards: Iterable[A], workers: int) -> list[B]:
    """`[work(s) for s in shards]` in a process pool (in this process when `workers` <= 1).

    `work` must be a module-level function. Order is kept, so the worker count cannot change bytes.
    """
    shards = list(shards)
    if workers <= 1 or len(shards) <= 1:
        return [work(shard) for shard in shards]
    with ProcessPoolExecutor(min(workers, len(shards)), mp_context=get_context("spawn")) as pool:
        return list(pool.map(work, shards))


@dataclass(frozen=True)
class StageContext:
    """One stage's surroundings.

    `fingerprint` is the key its artifact is published under; `work` a scratch folder of that
    fingerprint that survives a killed run (checkpoints) and is removed after publication; `seed`
    the run's seed; `device` a resolved torch device name ("cpu", "cuda").
    """

    store: ArtifactStore
    fingerprint: str
    work: Path
    seed: int = 17
    device: str = "cpu"
    workers: int = 1
    metrics: MetricSink = field(default_factory=NoMetrics)
    progress: Progress = field(default_factory=Silent)
    map_shards: Callable[[Callable[[Any], Any], Iterable[Any], int], list[Any]] = map_in_processes

    def map(self, work: Callable[[A], B], shards: Iterable[A]) -> list[B]:
        """Runs `work` on every shard, as wide as the execution config allows; order kept."""
        return self.map_shards(work, shards, self.workers)
