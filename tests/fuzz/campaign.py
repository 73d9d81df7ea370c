"""So many broken inputs for one reader; what crashed, hung or took too much memory.

Input `n` of a reader depends on the seed, the reader and `n` alone, so that each can be made again by itself.
"""

from __future__ import annotations

import resource
import shutil
import signal
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from types import FrameType

from tests.fuzz.mutations import mutated
from tests.fuzz.readers import CORPUS, READERS

HANG_S = 5.0  # of the process's own time, so that a busy machine is no hang
GROWTH_MB = 256  # by which one input may raise the process's peak


class Hang(BaseException):
    """Raised inside a reader that does not end. No Exception: nothing on the way may catch it."""


@dataclass(frozen=True)
class Finding:
    reader: str
    number: int
    kind: str  # crash, hang, memory or death
    what: str
    ending: str
    raw: bytes

    @property
    def place(self) -> str:
        """Findings of one place are one."""
        return f"{self.reader} · {self.kind} · {self.what}"


@dataclass
class Outcome:
    """`refused`: inputs that ended in one of the reader's own errors."""

    reader: str
    inputs: int = 0
    refused: int = 0
    slowest_s: float = 0.0
    slowest: int = 0
    seconds: float = 0.0
    peak_mb: float = 0.0  # of the process
    findings: list[Finding] = field(default_factory=list)

    def add(self, other: Outcome) -> None:
        """What the same reader did with other inputs."""
        self.inputs += other.inputs
        self.refused += other.refused
        self.slowest_s, self.slowest = max(
            (self.slowest_s, self.slowest), (other.slowest_s, other.slowest), key=lambda one: one[0]
        )
        self.seconds += other.seconds
        self.peak_mb = max(self.peak_mb, other.peak_mb)
        self.findings += other.findings


@cache
def corpus_of(reader: str) -> Mapping[str, list[bytes]]:
    """Ending -> the contents of the corpus's files, in the order of their names."""
    found: dict[str, list[bytes]] = {}
    for path in sorted((CORPUS / reader).iterdir()):
        found.setdefault(path.suffix, []).append(path.read_bytes())
    return found


def made(reader: str, number: int, seed: int) -> tuple[str, bytes]:
    """The ending and the bytes of one input."""
    rng = Random(f"{seed}/{reader}/{number}")
    corpus = corpus_of(reader)
    ending = rng.choice(sorted(corpus))
    return ending, mutated(corpus[ending], rng)


def run(
    reader: str, numbers: Sequence[int], seed: int, folder: Path, said: Callable[[int], None] | None = None
) -> Outcome:
    """Gives a reader the inputs of these numbers, in files below an empty `folder`. `said`: is told each
    number before it is read."""
    outcome = Outcome(reader)
    began = time.process_time()
    with _no_hangs():
        for number in numbers:
            if said is not None:
                said(number)
            _one(reader, number, seed, folder, outcome)
    outcome.seconds, outcome.peak_mb = time.process_time() - began, _peak_mb()
    return outcome


def _one(reader: str, number: int, seed: int, folder: Path, outcome: Outcome) -> None:
    how = READERS[reader]
    ending, raw = made(reader, number, seed)
    place = folder / "profiles" / "0123456789abcdef"
    place.mkdir(parents=True, exist_ok=True)
    path = place / (how.name or f"input{ending}")
    path.write_bytes(raw)
    peak, start = _peak_mb(), time.process_time()
    found = None
    signal.setitimer(signal.ITIMER_PROF, HANG_S)
    try:
        how.read(path)
    except how.errors:
        outcome.refused += 1
    except Hang as fault:
        found = ("hang", _where(fault))
    except Exception as fault:
        found = ("crash", f"{type(fault).__name__} in {_where(fault)}")
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    outcome.inputs += 1
    if (spent := time.process_time() - start) > outcome.slowest_s:
        outcome.slowest_s, outcome.slowest = spent, number
    if found is None and _peak_mb() - peak > GROWTH_MB:
        found = ("memory", f"+{_peak_mb() - peak:.0f} MB")
    if found is not None:
        outcome.findings.append(Finding(reader, number, *found, ending, raw))
    shutil.rmtree(folder, ignore_errors=True) if found or number % 500 == 0 else path.unlink(missing_ok=True)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _where(fault: BaseException) -> str:
    """The last line of our own on the way to it."""
    frames = traceback.extract_tb(fault.__traceback__)
    ours = [one for one in frames if "/muse_core/" in one.filename] or frames
    return f"{Path(ours[-1].filename).name}:{ours[-1].lineno} {ours[-1].name}"


@contextmanager
def _no_hangs() -> Iterator[None]:
    def stop(_: int, frame: FrameType | None) -> None:
        raise Hang

    before = signal.signal(signal.SIGPROF, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGPROF, before)
