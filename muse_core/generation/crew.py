"""Turns answered by several processes of one thread each, where that is faster: small models on a CPU.

A small model's products are too small for threads to share, and what stands between them is Python: two
threads make a step of 64 turns hardly faster than one. Two processes answer half of the turns each. Turns do
not influence each other, so the outcomes are those of one process.

    with crew_of(ctx.workers, loaded):
        …respond(loaded, requests, sampling)…

What is inside asks for the crew that is open around it (`open_crew`). Its processes start at the first work
that is worth it and stay until the end of the `with`, or of a `standing_processes` around several crews.
Things that all the work needs (model, shop) are sent once, as luggage. Not for GPUs, nor models above
`LARGEST` parameters, whose products fill the cores and whose copies fill the memory.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from muse_core.errors import HardwareError
from muse_core.models.device import use_threads
from muse_core.models.loading import LoadedModel
from muse_core.tools.in_use import InUse, in_use, use

LARGEST = 20_000_000  # parameters
FEWEST = 48  # turns for each process: below, sending costs more than it saves
Request = TypeVar("Request")
Reply = TypeVar("Reply")


@dataclass(frozen=True)
class Luggage:
    """A thing that processes unpack once, from a file."""

    path: Path

    def unpack(self) -> Any:
        return _unpack(self.path)


@lru_cache(maxsize=8)
def _unpack(path: Path) -> Any:
    return pickle.loads(path.read_bytes())


def _begin(tools: InUse) -> None:
    """What a process does first."""
    use_threads(1)
    use(tools)


@dataclass
class Processes:
    """`count` processes of one thread each, started when they are first needed."""

    count: int
    started: ProcessPoolExecutor | None = None

    def pool(self) -> ProcessPoolExecutor:
        if self.started is None:
            self.started = ProcessPoolExecutor(
                self.count, mp_context=get_context("spawn"), initializer=_begin, initargs=(in_use(),)
            )
        return self.started

    def dismiss(self) -> None:
        """Ends them; work that has not begun is dropped."""
        if self.started is not None:
            self.started.shutdown(wait=True, cancel_futures=True)
            self.started = None


@dataclass
class Crew:
    """Processes and what they share; `folder` holds the luggage."""

    processes: Processes
    folder: Path
    packed: dict[int, tuple[Any, Luggage]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return self.processes.count

    def is_worth(self, turns: int) -> bool:
        return turns >= FEWEST * self.count

    def pack(self, thing: Any) -> Luggage:
        """`thing` as luggage, as it is at the first call; it must not change while the crew is open."""
        if id(thing) not in self.packed:
            luggage = Luggage(self.folder / f"{len(self.packed)}.pickle")
            luggage.path.write_bytes(pickle.dumps(thing, protocol=pickle.HIGHEST_PROTOCOL))
            self.packed[id(thing)] = thing, luggage  # the thing is kept, so that its id stays its own
        return self.packed[id(thing)][1]

    def share(
        self, work: Callable[[Sequence[Request]], list[Reply]], requests: Sequence[Request]
    ) -> Iterator[list[Reply]]:
        """`work` on contiguous parts of the requests, in order; both must be picklable."""
        pool = self.processes.pool()
        edges = [len(requests) * number // self.count for number in range(self.count + 1)]
        parts: list[Future[list[Reply]]] = [
            pool.submit(work, requests[start:end]) for start, end in pairwise(edges)
        ]
        try:
            for part in parts:
                yield part.result()
        except BrokenProcessPool:
            self.processes.dismiss()
            raise HardwareError(
                f"one of {self.count} processes that answered turns was killed (out of memory?). "
                "Set fewer with --set execution.workers=1, or free some memory"
            ) from None


_open: ContextVar[Crew | None] = ContextVar("crew", default=None)
_standing: ContextVar[dict[int, Processes] | None] = ContextVar("standing", default=None)


def open_crew() -> Crew | None:
    """The crew around this call, if any."""
    return _open.get()


@contextmanager
def crew_of(processes: int, loaded: LoadedModel) -> Iterator[None]:
    """Within: turns are shared among `processes`, where `loaded` is a model that gains by it."""
    if processes <= 1 or not _gains(loaded):
        yield
        return
    with TemporaryDirectory(prefix="muse-crew-") as folder:
        standing = _standing.get()
        own = Processes(processes)
        workers = own if standing is None else standing.setdefault(processes, own)
        token = _open.set(Crew(workers, Path(folder)))
        try:
            yield
        finally:
            _open.reset(token)
            if standing is None:
                workers.dismiss()


@contextmanager
def standing_processes() -> Iterator[None]:
    """Within: the processes of a crew stay for the next one, so that several stages in a row start them
    once."""
    standing: dict[int, Processes] = {}
    token = _standing.set(standing)
    try:
        yield
    finally:
        _standing.reset(token)
        for one in standing.values():
            one.dismiss()


def _gains(loaded: LoadedModel) -> bool:
    size = sum(parameter.numel() for parameter in loaded.model.parameters())
    return loaded.model.device.type == "cpu" and size <= LARGEST
