"""What a stage is given besides its config and inputs: the store, its fingerprint, and where to talk.

Tasks build it (Prefect, MLflow and the GX validator behind the protocols); tests and `python -m
muse_core.stages.<name>` build it plain. `muse_core` never learns which.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from itertools import chain, islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Protocol, TypeVar

from muse_core.artifacts import ArtifactStore
from muse_core.errors import HardwareError
from muse_core.progress import Progress, Silent

A = TypeVar("A")
B = TypeVar("B")
AHEAD = 3  # shards per worker that are computed or wait to be used


class MetricSink(Protocol):
    """Takes measured numbers while a stage runs; implementations batch."""

    def log(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """One measurement of each named metric; `step` is the optimizer step or epoch."""


class NoMetrics:
    """A sink that drops everything (the final metrics are in the manifest all the same)."""

    def log(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        return None


def map_in_processes(work: Callable[[A], B], shards: Iterable[A], workers: int) -> Iterator[B]:
    """`work(s)` of every shard, in order, from a process pool (in this process when `workers` <= 1).

    `work` must be a module-level function. Order is kept, so the worker count cannot change bytes. At
    most `AHEAD` shards per worker are under way, so that results wait in memory only while they are used.
    """
    waiting = iter(shards)
    first = list(islice(waiting, 2))
    if workers <= 1 or len(first) < 2:
        yield from map(work, chain(first, waiting))
        return
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        started = (pool.submit(work, shard) for shard in chain(first, waiting))
        try:
            yield from _in_order(started, AHEAD * workers)
        except BrokenProcessPool:
            raise HardwareError(
                f"one of {workers} worker processes was killed (out of memory?); its work is lost. "
                "Use fewer with --set execution.workers=1, or free some memory"
            ) from None


def _in_order(started: Iterator[Future[B]], ahead: int) -> Iterator[B]:
    """The results of futures in the order of their start, `ahead` of which are started at a time."""
    futures = deque(islice(started, ahead))
    while futures:
        result = futures.popleft().result()
        futures.extend(islice(started, 1))
        yield result


ShardMap = Callable[[Callable[[Any], Any], Iterable[Any], int], Iterable[Any]]


@dataclass(frozen=True)
class StageContext:
    """One stage's surroundings.

    `fingerprint` is the key its artifact is published under; `work` a scratch folder of that
    fingerprint that survives a killed run (checkpoints) and is removed after publication; `seed`
    the run's seed; `device` a resolved torch device name ("cpu", "cuda"); `precision` and `processes`
    what the execution settings ask of training.
    """

    store: ArtifactStore
    fingerprint: str
    work: Path
    seed: int = 17
    device: str = "cpu"
    workers: int = 1
    metrics: MetricSink = field(default_factory=NoMetrics)
    progress: Progress = field(default_factory=Silent)
    map_shards: ShardMap = map_in_processes
    text_service: Any = None  # a TextService, defined in a room above: dialogue/llm/service.py
    precision: str = "auto"
    processes: int = 1

    def stream(self, work: Callable[[A], B], shards: Iterable[A]) -> Iterator[B]:
        """The results of `work` on every shard, in order, as they come."""
        return iter(self.map_shards(work, shards, self.workers))

    def map(self, work: Callable[[A], B], shards: Iterable[A]) -> list[B]:
        """Runs `work` on every shard, as wide as the execution config allows; order kept."""
        return list(self.stream(work, shards))
