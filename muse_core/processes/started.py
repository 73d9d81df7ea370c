"""A training process that was started: by hand, by torchrun or accelerate, or by `launch`.

    torchrun --nproc_per_node=2 -m muse_core.stages.sft --artifacts .muse/artifacts --preset quickstart
    accelerate launch --num_processes 2 -m muse_core.stages.sft --artifacts …

(On CPUs `accelerate launch` starts one process unless MPI is installed; torchrun starts as many as asked.)
Every process reads the same data. The first one saves, reports and publishes, under the fingerprint that
`muse run` looks for. Not covered: several hosts.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

import torch
from accelerate import PartialState

from muse_core.artifacts import ArtifactStore
from muse_core.config.load import load_config
from muse_core.config.run_config import RunConfig
from muse_core.context import MetricSink, NoMetrics, StageContext
from muse_core.errors import ConfigError, HardwareError, MuseError
from muse_core.fingerprint import fingerprint
from muse_core.models.device import resolve_device, resolve_precision
from muse_core.progress import Lines, Progress, Silent, Span
from muse_core.stage_table import stage_named
from muse_core.tools.in_use import InUse, use
from muse_core.types import ArtifactRef

log = logging.getLogger(__name__)
LONGEST_WAIT = timedelta(hours=12)  # of the others, while the first process mines pairs
RunStage = Callable[[RunConfig, Mapping[str, ArtifactRef], StageContext], ArtifactRef | None]


class Events:
    """Metrics and progress as JSON lines on stdout, for `launch`."""

    def log(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        print(json.dumps({"metrics": dict(metrics), "step": step}), flush=True)

    def update(self, done: int, total: int, note: str = "") -> None:
        print(json.dumps({"done": done, "total": total, "note": note}), flush=True)

    def phase(self, number: int, of: int, name: str, span: Span) -> None:
        print(json.dumps({"phase": number, "of": of, "name": name, "span": span}), flush=True)


def work_as_process(stage: str, run: RunStage, words: Sequence[str] | None = None) -> int:
    """`python -m muse_core.stages.<stage>`, alone or under torchrun; returns the exit code."""
    asked = _arguments(stage).parse_args(words)
    try:
        _work(stage, run, asked)
    except MuseError as problem:
        told = {"error": str(problem), "kind": type(problem).__name__}
        print(json.dumps(told) if asked.events else f"error: {problem}", flush=True)
        return problem.exit_code
    return 0


def _arguments(stage: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m {stage_named(stage).module}")
    parser.add_argument("--artifacts", type=Path, required=True, help="the artifact folder (.muse/artifacts)")
    parser.add_argument("--preset")
    parser.add_argument("--config", type=Path)
    parser.add_argument("--set", action="append", default=[], metavar="section.key=value")
    for name in stage_named(stage).inputs:
        parser.add_argument(f"--{name}", metavar="ID", help="an artifact; default: the newest")
    for name in ("--device", "--precision", "--fingerprint"):
        parser.add_argument(name, help=argparse.SUPPRESS)
    parser.add_argument("--events", action="store_true", help=argparse.SUPPRESS)
    return parser


def _work(stage: str, run: RunStage, asked: argparse.Namespace) -> None:
    config, _ = load_config(asked.preset, asked.config, asked.set)
    use(InUse(config.tools.extra))
    device = resolve_device(asked.device or config.execution.device)
    precision = asked.precision or config.execution.precision
    resolve_precision(precision, device)
    store = ArtifactStore(asked.artifacts)
    inputs = {name: _input(store, name, getattr(asked, name)) for name in stage_named(stage).inputs}
    key = fingerprint(stage, config, inputs)
    value = asked.fingerprint or key.value
    state = PartialState(cpu=device == "cpu", timeout=LONGEST_WAIT)
    _refuse_too_many(state, device)
    logging.basicConfig(level=logging.INFO if state.is_main_process else logging.ERROR, format="%(message)s")
    sink, progress = _reporters(stage, state.is_main_process, asked.events)
    ctx = StageContext(
        store.for_stage(stage, key.parts, {name: ref.digest for name, ref in inputs.items()}),
        value, store.work(value), config.seed, str(state.device), metrics=sink, progress=progress,
        precision=precision,
    )  # fmt: skip
    is_alone = state.is_main_process and not asked.events  # else the stage that started us holds the lock
    with store.lock(value) if is_alone else nullcontext():
        state.wait_for_everyone()  # so that all of them see what another run has published meanwhile
        made = store.find(stage_named(stage).kind, value) or run(config, inputs, ctx)
        state.wait_for_everyone()
        if is_alone and made is not None:
            store.clear_work(value)
            log.info("%s: %s", stage, made.path)


def _input(store: ArtifactStore, stage: str, name: str | None) -> ArtifactRef:
    if name:
        return store.resolve(name.removesuffix("/data.parquet").removesuffix("/folder"))
    newest = store.latest(stage_named(stage).kind, stage)
    if newest is None:
        raise ConfigError(
            f"{store.root} holds no artifact of stage {stage}: run `muse run --stage data` first, or name "
            f"one with --{stage} ID (see `muse artifacts ls`)"
        )
    return ArtifactRef(**newest["ref"])


def _refuse_too_many(state: PartialState, device: str) -> None:
    if device == "cuda" and state.num_processes > torch.cuda.device_count():
        raise HardwareError(
            f"{state.num_processes} processes were started, but this host has "
            f"{torch.cuda.device_count()} GPUs; start one process per GPU"
        )


def _reporters(stage: str, is_main: bool, as_events: bool) -> tuple[MetricSink, Progress]:
    """Where measurements and progress go: nowhere, to the stage that started us, or as lines to the log."""
    if not is_main:
        return NoMetrics(), Silent()
    return (Events(), Events()) if as_events else (NoMetrics(), Lines(log.info, stage))
