"""A reader's inputs in a process of its own, so that one that ends its process is a finding like any other.

Inputs go out in slices. The process writes down which one it reads; where it dies, the slice is read again
in a new process without that one.
"""

from __future__ import annotations

import multiprocessing
import shutil
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

from tests.fuzz.campaign import Finding, Outcome, made, run

SLICE = 1000
MOST_DEATHS = 100  # of one reader: then it is given no more

_FORK = multiprocessing.get_context("fork")
_at: Synchronized[int]


def _begin(at: Synchronized[int]) -> None:
    global _at
    _at = at


def _read(reader: str, numbers: list[int], seed: int, folder: Path) -> Outcome:
    return run(reader, numbers, seed, folder, said=_say)


def _say(number: int) -> None:
    _at.value = number


def run_apart(reader: str, count: int, seed: int, folder: Path) -> Outcome:
    """As `campaign.run`, of the inputs 0 to `count` - 1; a death is a finding of kind `death`."""
    whole = Outcome(reader)
    at: Synchronized[int] = _FORK.Value("q", 0)
    slices = [list(range(start, min(count, start + SLICE))) for start in range(0, count, SLICE)]
    deaths = 0
    pool = _pool(at)
    while slices and deaths < MOST_DEATHS:
        try:
            whole.add(pool.submit(_read, reader, slices[0], seed, folder).result())
            slices.pop(0)
        except BrokenProcessPool:
            deaths += 1
            whole.add(_death(reader, at.value, seed))
            slices[0].remove(at.value)
            shutil.rmtree(folder, ignore_errors=True)
            pool = _pool(at)
    pool.shutdown()
    return whole


def _pool(at: Synchronized[int]) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, mp_context=_FORK, initializer=_begin, initargs=(at,))


def _death(reader: str, number: int, seed: int) -> Outcome:
    """Where in the reader is not known: of each number its own."""
    ending, raw = made(reader, number, seed)
    finding = Finding(reader, number, "death", f"of the process, at input {number}", ending, raw)
    return Outcome(reader, inputs=1, findings=[finding])
