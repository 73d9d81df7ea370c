"""The one training loop: base, SFT and DPO differ only in examples and loss.

The optimizer of `optimizer.py`, linear warm-up then linear decay per optimizer step, clipping,
accumulation over flat micro-batches, checkpoints every N steps, resume, progress, metrics. accelerate
places the model and the mixed precision (bf16 where the hardware has it) and shares micro-batches
between processes.

The best epoch by `dev_loss` is what the module holds at the end. Fails on a loss that is not a
number; warns when the loss does not fall.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

import torch
from accelerate import Accelerator

from muse_core.context import StageContext
from muse_core.errors import MuseError
from muse_core.models.flat_stream import flat_attention
from muse_core.training import checkpoints
from muse_core.training.batches import Example, MicroBatch, StepPlan, micro_batches, totals
from muse_core.training.checkpoints import TrainingState
from muse_core.training.optimizer import optimizer_of
from muse_core.training.precision import precision_of

log = logging.getLogger(__name__)
LOG_EVERY_STEPS = 5
Measure = Callable[[int], Mapping[str, float]]


@dataclass(frozen=True)
class Optimization:
    """How to step."""

    learning_rate: float
    warmup_ratio: float = 0.1
    weight_decay: float = 0.01
    max_grad_norm: float = 1.0
    save_every_steps: int = 20
    micro_batch_tokens: int = 4096
    note: str = ""
    muon_learning_rate: float = 0.0


@dataclass
class Run:
    """A training under way."""

    module: torch.nn.Module
    plan: StepPlan
    examples: Sequence[Example]
    how: Optimization
    ctx: StageContext
    accelerator: Accelerator
    wrapped: torch.nn.Module
    optimizer: torch.optim.Optimizer
    state: TrainingState = field(default_factory=TrainingState)
    losses: list[float] = field(default_factory=list)


def train(
    module: torch.nn.Module,
    examples: Sequence[Example],
    plan: StepPlan,
    how: Optimization,
    ctx: StageContext,
    measure: Measure | None = None,
) -> TrainingState:
    """Runs the plan over `examples`.

    `module(micro, totals) -> (loss, sums)`; `module.model` is the language model. `measure(epoch)` is
    called after each epoch and returns metrics, `dev_loss` among them."""
    with torch.random.fork_rng(), flat_attention(module.model):
        torch.manual_seed(ctx.seed)
        run = _start(module, examples, plan, how, ctx)
        while run.state.step < len(plan):
            _advance(run, measure)
        _finish(run)
    module.eval()
    return run.state


def rate_at(step: int, total: int, how: Optimization) -> float:
    """Learning rate of optimizer step `step` (0-based): linear up over the warm-up, then down to 0."""
    warmup = max(1, round(how.warmup_ratio * total))
    if step < warmup:
        return how.learning_rate * (step + 1) / warmup
    return how.learning_rate * (total - step) / max(1, total - warmup)


def _start(
    module: torch.nn.Module,
    examples: Sequence[Example],
    plan: StepPlan,
    how: Optimization,
    ctx: StageContext,
) -> Run:
    accelerator = Accelerator(cpu=ctx.device == "cpu", mixed_precision=precision_of(ctx.device))
    module.train()
    optimizer = optimizer_of(module, how.learning_rate, how.weight_decay, how.muon_learning_rate)
    wrapped, optimizer = accelerator.prepare(module, optimizer)
    run = Run(module, plan, examples, how, ctx, accelerator, wrapped, optimizer)
    run.state = checkpoints.resume(ctx.work, module, optimizer)
    return run


def _advance(run: Run, measure: Measure | None) -> None:
    """One optimizer step, with what belongs behind it."""
    began = time.monotonic()
    sums = _step(run)
    run.state.step += 1
    run.state.seconds += time.monotonic() - began
    _report(run, sums)
    step = run.state.step
    if step in run.plan.epoch_ends and measure is not None:
        _end_epoch(run, measure)
    if run.accelerator.is_main_process and (step % run.how.save_every_steps == 0 or step == len(run.plan)):
        checkpoints.save(run.ctx.work, run.state, run.module, run.optimizer)


def _step(run: Run) -> dict[str, float]:
    chosen = [run.examples[index] for index in run.plan.order[run.state.step]]
    count = totals(chosen)
    batches = list(micro_batches(chosen, run.how.micro_batch_tokens, str(run.accelerator.device)))
    for group in run.optimizer.param_groups:
        group["lr"] = group["lr_scale"] * rate_at(run.state.step, len(run.plan), run.how)
    sums: dict[str, torch.Tensor] = {}
    for at, (micro, share) in enumerate(mine := _share(batches, run.accelerator)):
        with _sync_last(run, at == len(mine) - 1):
            loss, parts = run.wrapped(micro, count)
            run.accelerator.backward(loss * share)
        for name, value in {"loss": loss.detach(), **parts}.items():
            sums[name] = sums.get(name, 0.0) + value
    norm = run.accelerator.clip_grad_norm_(run.module.parameters(), run.how.max_grad_norm)
    values = {name: float(value) for name, value in sums.items()} | {"grad_norm": float(norm)}
    _refuse_nan(values, run)
    run.optimizer.step()
    run.optimizer.zero_grad(set_to_none=True)
    run.state.tokens += sum(micro.tokens for micro in batches)
    return values


def _share(batches: list[MicroBatch], accelerator: Accelerator) -> list[tuple[MicroBatch, float]]:
    """This process's micro-batches. Gradients are averaged over processes, so losses are multiplied
    by their number; a process without work runs one with weight 0, so that all of them meet."""
    count = accelerator.num_processes
    mine = batches[accelerator.process_index :: count]
    return [(micro, float(count)) for micro in mine] or [(batches[0], 0.0)]


def _sync_last(run: Run, is_last: bool) -> AbstractContextManager[None]:
    """Gradients travel between processes once per optimizer step."""
    return nullcontext() if is_last else run.accelerator.no_sync(run.wrapped)


def _refuse_nan(values: Mapping[str, float], run: Run) -> None:
    if math.isfinite(values["loss"]) and math.isfinite(values["grad_norm"]):
        return
    raise MuseError(
        f"{run.how.note or 'training'}: the loss became {values['loss']} (gradient norm "
        f"{values['grad_norm']}) at step {run.state.step + 1} of {len(run.plan)}. Lower the learning rate "
        f"(now {run.how.learning_rate:g}) or max_grad_norm; with bf16 or fp16 try execution.precision=fp32. "
        "The last good checkpoint is kept."
    )


def _report(run: Run, sums: Mapping[str, float]) -> None:
    state, total = run.state, len(run.plan)
    run.losses.append(sums["loss"])
    if state.step % LOG_EVERY_STEPS and state.step != total:
        return
    speed = state.tokens / max(state.seconds, 1e-9)
    left = state.seconds / state.step * (total - state.step)
    rate = rate_at(state.step - 1, total, run.how)
    values = {f"train_{name}": value for name, value in sums.items()}
    run.ctx.metrics.log(values | {"learning_rate": rate, "tokens_per_second": speed}, state.step)
    note = f"{run.how.note} loss {sums['loss']:.3f}, {speed:,.0f} tokens/s, {left:.0f} s left".strip()
    run.ctx.progress.update(state.step, total, note)


def _end_epoch(run: Run, measure: Measure) -> None:
    epoch = run.plan.epoch_ends.index(run.state.step) + 1
    run.module.eval()
    values = dict(measure(epoch))
    run.module.train()
    state = run.state
    state.history.append(values | {"epoch": float(epoch), "step": float(state.step)})
    run.ctx.metrics.log(values, state.step)
    if "dev_loss" in values and (state.best_value is None or values["dev_loss"] < state.best_value):
        state.best_value, state.best_step = values["dev_loss"], state.step
        if run.accelerator.is_main_process:
            checkpoints.save_weights(run.module, checkpoints.best_path(run.ctx.work, state.step))


def _finish(run: Run) -> None:
    """Warns about a loss that stood still; puts the best epoch's weights into the module."""
    tenth = max(1, len(run.losses) // 10)
    if len(run.losses) >= 10:
        first, last = sum(run.losses[:tenth]) / tenth, sum(run.losses[-tenth:]) / tenth
        if last > 0.98 * first:
            log.warning(
                "%s: the loss did not fall (%.3f at the start, %.3f at the end): check the learning rate "
                "(%g) and the data", run.how.note or "training", first, last, run.how.learning_rate,
            )  # fmt: skip
    run.accelerator.wait_for_everyone()
    best = run.state.best_step
    if best is not None and best != run.state.step:
        checkpoints.load_weights(run.module, checkpoints.best_path(run.ctx.work, best))
