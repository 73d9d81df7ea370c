"""Turns answered by several processes of one thread each, where that is faster: small models on a CPU.

A small model's products are too small for threads to share, and what stands between them is Python: two
threads make a step of 64 turns hardly faster than one. Two processes answer half of the turns each. Turns do
not influence each other, so the outcomes are those of one process.

    with crew_of(ctx.workers, loaded):
        …respond(loaded, requests, sampling)…

`respond` asks the crew that is open around it. Processes start at the first turns that are worth it and stay
until the end of the `with`; each is sent the model and the worlds with the turns. Not for GPUs, nor models
above `LARGEST` parameters, whose products fill the cores and whose copies fill the memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing import get_context
from typing import TypeVar

from muse_core.errors import HardwareError
from muse_core.models.device import use_threads
from muse_core.models.loading import LoadedModel

LARGEST = 20_000_000  # parameters
FEWEST = 48  # turns for each process: below, sending costs more than it saves
Request = TypeVar("Request")
Reply = TypeVar("Reply")


@dataclass
class Crew:
    """`count` processes, started when they are first needed."""

    count: int
    pool: ProcessPoolExecutor | None = None

    def is_worth(self, turns: int) -> bool:
        return turns >= FEWEST * self.count

    def share(
        self, work: Callable[[Sequence[Request]], list[Reply]], requests: Sequence[Request]
    ) -> Iterator[list[Reply]]:
        """`work` on contiguous parts of the requests, in order; both must be picklable."""
        if self.pool is None:
            self.pool = ProcessPoolExecutor(
                self.count, mp_context=get_context("spawn"), initializer=use_threads, initargs=(1,)
            )
        edges = [len(requests) * number // self.count for number in range(self.count + 1)]
        parts: list[Future[list[Reply]]] = [
            self.pool.submit(work, requests[start:end]) for start, end in pairwise(edges)
        ]
        try:
            for part in parts:
                yield part.result()
        except BrokenProcessPool:
            raise HardwareError(
                f"one of {self.count} processes that answered turns was killed (out of memory?). "
                "Set fewer with --set execution.workers=1, or free some memory"
            ) from None


_open: ContextVar[Crew | None] = ContextVar("crew", default=None)


def open_crew() -> Crew | None:
    """The crew around this call, if any."""
    return _open.get()


@contextmanager
def crew_of(processes: int, loaded: LoadedModel) -> Iterator[None]:
    """Within: `respond` shares its turns among `processes`, where `loaded` is a model that gains by it."""
    crew = Crew(processes) if processes > 1 and _gains(loaded) else None
    token = _open.set(crew)
    try:
        yield
    finally:
        _open.reset(token)
        if crew is not None and crew.pool is not None:
            crew.pool.shutdown(wait=True, cancel_futures=True)


def _gains(loaded: LoadedModel) -> bool:
    size = sum(parameter.numel() for parameter in loaded.model.parameters())
    return loaded.model.device.type == "cpu" and size <= LARGEST
