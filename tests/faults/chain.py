"""The stages one after the other, as small as they come, in a process of their own that something befalls.

A child is forked from a parent that has imported everything and computed nothing, so that a case costs what
its stages cost. What the child does comes back as events: which stages were computed, what each one's digest
is, at which step a training went on, how it ended.
"""

from __future__ import annotations

import importlib
import math
import multiprocessing
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import torch

import tasks.execution
from flows.commands.run import hear_signals
from muse_core import durable
from muse_core.artifacts import ArtifactStore
from muse_core.config.load import load_config
from muse_core.context import NoMetrics
from muse_core.errors import MuseError
from muse_core.fingerprint import key_of_stage
from muse_core.stage_table import STAGES, Stage, maker
from muse_core.training import checkpoints
from tasks import progress
from tasks.execution import Job, run_stage
from tasks.parts import wanted_stages

SETTINGS = [
    "catalog.synthetic_products=100", "profiles.count=24", "conversations.count=36",
    "base.vocab_size=600", "base.hidden_size=32", "base.num_layers=1", "base.intermediate_size=64",
    "base.max_tokens=2000", "base.batch_size=4",
    "sft.single_turn_tokens=1500", "sft.single_turn_batch_size=8", "sft.max_tokens=4000", "sft.batch_size=2",
    "sft.num_epochs=1", "sft.save_every_steps=3",
    "pairs.contexts=16", "pairs.samples_per_context=3", "pairs.pairing=extremes", "pairs.reserved_share=0",
    "dpo.batch_size=1", "dpo.learning_rate=1e-3", "dpo.save_every_steps=2",
    "evaluation.max_cases=12", "evaluation.pair_contexts=12", "evaluation.bootstrap_resamples=50",
    "evaluation.closed_loop_goals=1", "evaluation.unseen_shop_cases=0", "evaluation.anonymous_cases=0",
    "evaluation.cases_per_rate=0", "export.parity_cases=2", "export.int8_max_drop=1.0",
    "export.latency=false", "execution.workers=1",
]  # fmt: skip
SMALL_FILES = 512  # bytes that a file may have on the "full disk"
PATIENCE_S = 600.0
UNEXPECTED = 99  # exit code of a child that ended with what nobody expects
CODES = {"kill": signal.SIGKILL, "term": signal.SIGTERM, "int": signal.SIGINT, "hup": signal.SIGHUP}


@dataclass(frozen=True)
class Strike:
    """What befalls a stage: a signal, or a disk that is full. When: as it begins (0), at a share of its
    work, when its artifact is written but not in its place (`drafted`), when it is there (`published`)."""

    what: str
    stage: str
    when: float | str

    def fall(self) -> None:
        if self.what == "full":
            resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL_FILES, resource.RLIM_INFINITY))
        else:
            os.kill(os.getpid(), CODES[self.what])


@dataclass
class Told:
    """What a child has done. `ended`: its exit code, minus the signal that killed it."""

    ended: int = 0
    error: str = ""
    struck: bool = False
    computed: list[str] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    steps: dict[str, int] = field(default_factory=dict)  # stage -> the step that its training went on from


def wanted(through: str = "all") -> list[Stage]:
    names = wanted_stages(through)
    return [stage for stage in STAGES if stage.name in names]


def play(home: Path, through: str, tell: Callable[..., None]) -> None:
    """Each stage: found in the store, or computed by what the tasks call."""
    config, _ = load_config("quickstart", None, SETTINGS)
    store, made = ArtifactStore(home / "artifacts"), {}
    for stage in wanted(through):
        given = {one: made[maker(one, config.post.method)] for one in stage.inputs}
        key = key_of_stage(stage, config, given)
        ref = store.find(stage.kind, key.value)
        if ref is None:
            job = Job(stage.name, key, config, store, "cpu", NoMetrics())  # type: ignore[arg-type]
            ref = run_stage(job, **given)
        made[stage.name] = ref
        tell("digest", stage.name, ref.digest)


def watch(strike: Strike | None, tell: Callable[..., None]) -> None:
    """Tells what is computed, and lets the strike fall where it is to."""
    at = [""]  # the stage that is being computed

    def fall(when: float | str, moment: Callable[[float | str], bool]) -> None:
        if strike and at[0] == strike.stage and moment(strike.when) and not at[1:]:
            at.append("struck")
            tell("struck", strike.stage, when)
            strike.fall()

    class Watched(progress.StageProgress):
        def __enter__(self) -> Watched:
            super().__enter__()
            at[0] = self.stage
            tell("computed", self.stage, "")
            fall(0, lambda when: when == 0)
            return self

        def update(self, done: int, total: int, note: str = "") -> None:
            super().update(done, total, note)
            share = self.place.share
            fall(share, lambda when: isinstance(when, float) and 0 < when <= share)

    place = durable.move_into_place
    resumed = checkpoints.resume

    def move(draft: Path, final: Path) -> None:
        is_artifact = final.parent.parent.name == "artifacts"
        if is_artifact:
            fall("drafted", lambda when: when == "drafted")
        place(draft, final)
        if is_artifact:
            fall("published", lambda when: when == "published")

    def resume(*given: Any) -> Any:
        state = resumed(*given)
        tell("step", at[0], state.step)
        return state

    tasks.execution.StageProgress = Watched  # type: ignore[misc]
    durable.move_into_place = move
    checkpoints.resume = resume


def _child(home: Path, through: str, strike: Strike | None, log: Path, line: Connection) -> None:
    tell = partial(_send, line)
    os.setsid()
    with log.open("a") as file:
        os.dup2(file.fileno(), 1), os.dup2(file.fileno(), 2)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    hear_signals()
    torch.set_num_threads(1)
    progress.ARTIFACT_EVERY_S = math.inf  # there is no server that could show it
    watch(strike, tell)
    try:
        play(home, through, tell)
    except MuseError as problem:
        tell("error", "", f"{type(problem).__name__}: {problem}")
        os._exit(problem.exit_code)
    except KeyboardInterrupt:
        os._exit(130)
    except BaseException:
        tell("error", "", traceback.format_exc())  # the log may be what is full
        os._exit(UNEXPECTED)
    os._exit(0)


def _send(line: Connection, *event: Any) -> None:
    line.send(event)


@dataclass
class Child:
    """A started child; `told()` waits for its end."""

    process: Any
    line: Connection

    def told(self) -> Told:
        self.process.join(PATIENCE_S)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()
        found = Told(ended=self.process.exitcode)
        while self.line.poll():
            try:
                name, stage, value = self.line.recv()
            except EOFError:
                break
            if name == "computed":
                found.computed.append(stage)
            elif name == "digest":
                found.digests[stage] = value
            elif name == "step":
                found.steps[stage] = value
            elif name == "error":
                found.error = value
            else:
                found.struck = True
        return found


def start(home: Path, through: str = "all", strike: Strike | None = None) -> Child:
    import_stages()
    fork = multiprocessing.get_context("fork")
    theirs, ours = fork.Pipe(duplex=False)[::-1]
    process = fork.Process(target=_child, args=(home, through, strike, home / "log", theirs))
    sys.stdout.flush(), sys.stderr.flush()
    process.start()
    theirs.close()
    return Child(process, ours)


def import_stages() -> None:
    for stage in wanted():
        importlib.import_module(stage.module)
