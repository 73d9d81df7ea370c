"""Several training processes: what they add up, how a stage starts them, how a started one works.

    torchrun --nproc_per_node=2 -m muse_core.stages.sft --artifacts .muse/artifacts --preset quickstart
    accelerate launch --num_processes 2 -m muse_core.stages.sft --artifacts …

(On CPUs `accelerate launch` starts one process unless MPI is installed; torchrun starts as many as asked.)
Every process reads the same data and holds the whole model; the micro-batches of an optimizer step are
dealt out and the gradients are summed, so that the losses are those of one process. The first process
saves, reports and publishes, under the fingerprint that `muse run` looks for. Not covered: models that
do not fit one device (FSDP), several hosts.
"""

from __future__ import annotations

import argparse
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import IO, Any

import torch
from accelerate import Accelerator, DistributedType, PartialState

from muse_core import errors
from muse_core.artifacts import ArtifactStore
from muse_core.config.load import load_config
from muse_core.config.run_config import RunConfig
from muse_core.context import MetricSink, NoMetrics, StageContext
from muse_core.errors import ConfigError, HardwareError, MuseError
from muse_core.fingerprint import fingerprint, stage_named
from muse_core.models.device import resolve_device, resolve_precision
from muse_core.progress import Progress, Silent
from muse_core.types import ArtifactRef

log = logging.getLogger(__name__)
RunStage = Callable[[RunConfig, Mapping[str, ArtifactRef], StageContext], ArtifactRef | None]


# ---- while training ------------------------------------------------------------------------------


def refuse_sharding(accelerator: Accelerator) -> None:
    """ConfigError under an accelerate configuration that splits the model."""
    known = (DistributedType.NO, DistributedType.MULTI_GPU, DistributedType.MULTI_CPU)
    if accelerator.distributed_type not in known:
        raise ConfigError(
            f"accelerate is configured for {accelerator.distributed_type.value}; this version trains whole "
            "models, one per process. Choose plain multi-GPU in `accelerate config`, or use torchrun."
        )


def is_main_process() -> bool:
    """Whether this process saves and publishes."""
    return bool(PartialState().is_main_process)


def any_process(accelerator: Accelerator, flag: bool) -> bool:
    """Whether the flag is up in any process: all of them get the same answer."""
    if accelerator.num_processes == 1:
        return flag
    return bool(add_up(accelerator, torch.tensor([float(flag)], device=accelerator.device)).item())


def add_up(accelerator: Accelerator, values: torch.Tensor) -> torch.Tensor:
    """The sum over processes, in each."""
    return values if accelerator.num_processes == 1 else accelerator.reduce(values, "sum")


def add_up_gradients(accelerator: Accelerator, module: torch.nn.Module) -> None:
    """In place, as one message; a parameter without a gradient in one process counts as 0 there."""
    if accelerator.num_processes == 1:
        return
    trained = [p for p in module.parameters() if p.requires_grad]
    gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in trained]
    whole = add_up(accelerator, torch.cat([gradient.flatten() for gradient in gradients]))
    parts = whole.split([p.numel() for p in trained])
    for parameter, part in zip(trained, parts, strict=True):
        parameter.grad = part.view_as(parameter)


# ---- the stage that starts processes ----------------------------------------------------------------


def launch(
    stage: str, config: Mapping[str, Any], inputs: Mapping[str, ArtifactRef], ctx: StageContext
) -> ArtifactRef:
    """Runs `stage` in `ctx.processes` processes of this host; its metrics and progress arrive in `ctx`.

    `config`: the sections that the stage reads. Fails with the error of the process that failed."""
    file = ctx.work / "config.json"
    file.write_text(json.dumps(config), "utf-8")
    given = [word for name, ref in inputs.items() for word in (f"--{name}", ref.path)]
    settings = ["--device", ctx.device, "--precision", ctx.precision, "--fingerprint", ctx.fingerprint]
    command = [
        sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={ctx.processes}",
        "-m", stage_named(stage).module, "--artifacts", str(ctx.store.root), "--config", str(file),
        *given, *settings, "--events",
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as started:
        try:
            problem = _listen(started.stdout, ctx)
            code = started.wait()
        except BaseException:
            started.terminate()
            raise
    made = ctx.store.find(stage_named(stage).kind, ctx.fingerprint)
    if code or made is None:
        raise problem or MuseError(f"{stage}: a training process ended with exit code {code}; see above")
    return made


def _listen(lines: IO[str] | None, ctx: StageContext) -> MuseError | None:
    """Passes on what the processes say; the first error among it."""
    problem: MuseError | None = None
    for line in lines or ():
        try:
            event = json.loads(line)
        except ValueError:
            log.info("%s", line.rstrip())
            continue
        if "metrics" in event:
            ctx.metrics.log(event["metrics"], event["step"])
        elif "done" in event:
            ctx.progress.update(event["done"], event["total"], event["note"])
        elif "error" in event and problem is None:
            problem = getattr(errors, event["kind"], MuseError)(event["error"])
    return problem


# ---- a process that was started ---------------------------------------------------------------------


class Events:
    """Metrics and progress as JSON lines on stdout, for `launch`."""

    def log(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        print(json.dumps({"metrics": dict(metrics), "step": step}), flush=True)

    def update(self, done: int, total: int, note: str = "") -> None:
        print(json.dumps({"done": done, "total": total, "note": note}), flush=True)


class Terminal:
    """Progress as lines on stderr."""

    def update(self, done: int, total: int, note: str = "") -> None:
        print(f"{done}/{total} {note}", file=sys.stderr, flush=True)


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
    device = resolve_device(asked.device or config.execution.device)
    precision = asked.precision or config.execution.precision
    resolve_precision(precision, device)
    store = ArtifactStore(asked.artifacts)
    inputs = {name: _input(store, name, getattr(asked, name)) for name in stage_named(stage).inputs}
    key = fingerprint(stage, config, inputs)
    value = asked.fingerprint or key.value
    state = PartialState(cpu=device == "cpu")
    _refuse_too_many(state, device)
    logging.basicConfig(level=logging.INFO if state.is_main_process else logging.ERROR, format="%(message)s")
    sink, progress = _reporters(state.is_main_process, asked.events)
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


def _reporters(is_main: bool, as_events: bool) -> tuple[MetricSink, Progress]:
    if not is_main:
        return NoMetrics(), Silent()
    return (Events(), Events()) if as_events else (NoMetrics(), Terminal())
