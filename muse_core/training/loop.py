"""The one training loop: base, SFT and what comes after it differ only in examples and loss.

The optimizer of `optimizer.py`, linear warm-up then linear decay per optimizer step, clipping, accumulation
over packed micro-batches, checkpoints every N steps, resume, progress, metrics. accelerate places the model
and the mixed precision. Several processes share a step's micro-batches and add up their gradients. Where
memory runs out the step is repeated in smaller ones. Dropout is seeded per step and process.

Ends with the best epoch by `dev_loss`; fails on a loss that is no number and a step that supervises nothing.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState

from muse_core.context import StageContext
from muse_core.errors import HardwareError, MuseError
from muse_core.examples.example import Example
from muse_core.models.device import release_memory, resolve_precision
from muse_core.models.packed_sequences import packed_attention
from muse_core.training import checkpoints
from muse_core.training.batches import StepPlan, Totals, micro_batches, totals
from muse_core.training.checkpoints import TrainingState
from muse_core.training.draw import Draw
from muse_core.training.interrupts import Interrupted, Interrupts
from muse_core.training.memory import halved, is_out_of_memory
from muse_core.training.optimizer import optimizer_of
from muse_core.training.processes import add_up, add_up_gradients, any_process, dealt_out, refuse_sharding
from muse_core.training.recorder import Recorder

log = logging.getLogger(__name__)
Measure = Callable[[int], Mapping[str, float]]


@dataclass(frozen=True)
class Optimization:
    """How to step. `patience`: stop after so many epochs without a better `dev_loss` (0 = never)."""

    learning_rate: float
    warmup_ratio: float = 0.1
    weight_decay: float = 0.01
    max_grad_norm: float = 1.0
    save_every_steps: int = 20
    micro_batch_tokens: int = 4096
    note: str = ""
    muon_learning_rate: float = 0.0
    patience: int = 0
    must_fall: bool = True  # a loss that does not is worth a warning


@dataclass
class Run:
    """A training under way. `micro_batch_tokens` shrinks where memory does not suffice."""

    module: torch.nn.Module
    plan: StepPlan
    examples: Sequence[Example]
    how: Optimization
    ctx: StageContext
    accelerator: Accelerator
    optimizer: torch.optim.Optimizer
    interrupts: Interrupts
    recorder: Recorder
    state: TrainingState
    micro_batch_tokens: int
    draw: Draw | None = None


def train(
    module: torch.nn.Module,
    examples: Sequence[Example],
    plan: StepPlan,
    how: Optimization,
    ctx: StageContext,
    measure: Measure | None = None,
    draw: Draw | None = None,
) -> TrainingState:
    """Runs the plan over `examples`, or over what `draw(step)` makes with the model as it then is, the same
    in every process; a step for which it makes nothing leaves the weights alone.

    `module(micro, totals) -> (loss, sums)`; `module.model` is the language model. `measure(epoch)` is
    called after each epoch and returns metrics, `dev_loss` among them. A signal ends it with a checkpoint."""
    if draw is None:
        _refuse_unsupervised(examples, plan, how.note)
    with torch.random.fork_rng(), packed_attention(module.model), Interrupts() as interrupts:
        run = start_run(module, examples, plan, how, ctx, interrupts, draw)
        try:
            while run.state.step < len(plan) and not _is_out_of_patience(run):
                _advance(run, measure)
        except Interrupted:
            _save(run)
            interrupts.pass_on()
        _finish(run)
    module.eval()
    return run.state


def _is_out_of_patience(run: Run) -> bool:
    state = run.state
    since = sum(entry["step"] > (state.best_step or 0) for entry in state.history if "dev_loss" in entry)
    return 0 < run.how.patience <= since


def _refuse_unsupervised(examples: Sequence[Example], plan: StepPlan, note: str) -> None:
    teaches = [any(example.parts[1:]) for example in examples]
    for number, step in enumerate(plan.order):
        if not any(teaches[index] for index in step):
            raise MuseError(
                f"{note or 'training'}: none of the {len(step)} samples of step {number + 1} has a "
                f"supervised token ({sum(teaches)} of {len(examples)} samples have one); expected at "
                "least one in every step. Look at the masks of the data, or raise the batch size."
            )


def rate_at(step: int, total: int, how: Optimization) -> float:
    """Learning rate of optimizer step `step` (0-based): linear up over the warm-up, then down to 0."""
    warmup = max(1, round(how.warmup_ratio * total))
    if step < warmup:
        return how.learning_rate * (step + 1) / warmup
    return how.learning_rate * (total - step) / max(1, total - warmup)


def start_run(
    module: torch.nn.Module,
    examples: Sequence[Example],
    plan: StepPlan,
    how: Optimization,
    ctx: StageContext,
    interrupts: Interrupts,
    draw: Draw | None = None,
) -> Run:
    """A training at its first step, or where a checkpoint of the same training left it."""
    precision = resolve_precision(ctx.precision, ctx.device)
    AcceleratorState._reset_state()  # else a process computes in its first training's precision for ever
    accelerator = Accelerator(cpu=ctx.device == "cpu", mixed_precision=precision.replace("fp32", "no"))
    refuse_sharding(accelerator)
    module.train()
    rates = (how.learning_rate, how.weight_decay, how.muon_learning_rate)
    optimizer = accelerator.prepare(optimizer_of(module, *rates))
    state = checkpoints.resume(ctx.work, module, optimizer, ctx.fingerprint)
    tokens = [1 if draw else sum(len(examples[index]) for index in step) for step in plan.order]
    recorder = Recorder(ctx, how.note, tokens, plan.parts, must_fall=how.must_fall and draw is None)
    recorder.begin(state.step)
    return Run(
        module, plan, examples, how, ctx, accelerator, optimizer, interrupts, recorder, state,
        how.micro_batch_tokens, draw,
    )  # fmt: skip


def _advance(run: Run, measure: Measure | None) -> None:
    """One optimizer step, with what belongs behind it."""
    began = time.monotonic()
    values = take_step(run)
    state = run.state
    state.step += 1
    state.seconds += time.monotonic() - began
    if run.accelerator.is_main_process:
        run.recorder.step(state, values, rate_at(state.step - 1, len(run.plan), run.how))
        if run.draw is not None:
            run.draw.learnt(state.step, values)
    if state.step in run.plan.epoch_ends and measure is not None:
        _end_epoch(run, measure)
    if state.step % run.how.save_every_steps == 0 or state.step == len(run.plan):
        _save(run)


def _save(run: Run) -> None:
    if run.accelerator.is_main_process:
        checkpoints.save(run.ctx.work, run.state, run.module, run.optimizer)


def take_step(run: Run) -> dict[str, float]:
    """Forward, backward and update with the samples of this step."""
    step = run.state.step
    chosen = run.draw(step) if run.draw else [run.examples[index] for index in run.plan.order[step]]
    if not chosen:
        return {"loss": 0.0, "grad_norm": 0.0}
    for group in run.optimizer.param_groups:
        group["lr"] = group["lr_scale"] * rate_at(step, len(run.plan), run.how)
    sums = _gradients(run, chosen)
    add_up_gradients(run.accelerator, run.module)
    norm = run.accelerator.clip_grad_norm_(run.module.parameters(), run.how.max_grad_norm)
    found = add_up(run.accelerator, torch.stack([value.float() for value in sums.values()]))
    values = dict(zip([*sums, "grad_norm"], torch.cat([found, norm.float()[None]]).tolist(), strict=True))
    _refuse_nan(values, run)
    _update(run)
    run.state.tokens += sum(len(example) for example in chosen)
    run.state.supervised += sum(part > 0 for example in chosen for part in example.parts[1:])
    return values


def _update(run: Run) -> None:
    try:
        run.optimizer.step()
    except RuntimeError as problem:
        if not is_out_of_memory(problem):
            raise
        raise HardwareError(
            f"{run.how.note}: out of memory in the optimizer, whose state takes twice the trained weights; "
            "smaller micro-batches do not help. Set sft.lora_rank=16 and that of dpo, rft or grpo, or choose "
            "a smaller base.model. The last checkpoint is kept."
        ) from problem
    run.optimizer.zero_grad(set_to_none=True)


def _gradients(run: Run, chosen: list[Example]) -> dict[str, torch.Tensor]:
    """Summed losses by name, with the gradients left in the parameters; smaller and smaller
    micro-batches of the same samples until they fit."""
    count = totals(chosen)
    while True:
        _seed(run)
        sums = _try_to_accumulate(run, chosen, count)
        if any_process(run.accelerator, run.interrupts.asked is not None):
            raise Interrupted
        if not any_process(run.accelerator, sums is None):
            return sums or {}
        run.optimizer.zero_grad(set_to_none=True)
        release_memory()
        before = run.micro_batch_tokens
        run.micro_batch_tokens = halved(chosen, before, run.how.note)
        run.state.retries += 1
        run.ctx.metrics.log({"micro_batch_tokens": run.micro_batch_tokens}, run.state.step + 1)
        log.warning(
            "%s: out of memory at step %d: repeated with micro-batches of %d tokens instead of %d (same "
            "samples, same loss)", run.how.note, run.state.step + 1, run.micro_batch_tokens, before,
        )  # fmt: skip


def _seed(run: Run) -> None:
    """Random numbers are a function of seed, step and process: a repeated or resumed step draws the same."""
    entropy = [run.ctx.seed, run.state.step, run.accelerator.process_index]
    torch.manual_seed(int(np.random.SeedSequence(entropy).generate_state(1)[0]))


def _try_to_accumulate(run: Run, chosen: list[Example], count: Totals) -> dict[str, torch.Tensor] | None:
    """None when memory did not suffice."""
    try:
        return _accumulate(run, chosen, count)
    except (RuntimeError, MemoryError) as problem:
        if not is_out_of_memory(problem):
            raise
        return None


def _accumulate(run: Run, chosen: list[Example], count: Totals) -> dict[str, torch.Tensor]:
    sums: dict[str, torch.Tensor] = {}
    batches = list(micro_batches(chosen, run.micro_batch_tokens, str(run.accelerator.device)))
    for micro, share in dealt_out(batches, run.accelerator):
        if run.interrupts.asked is not None and sums:
            break
        with run.accelerator.autocast():
            loss, parts = run.module(micro, count)
        run.accelerator.backward(loss * share)
        for name, value in {"loss": loss.detach(), **parts}.items():
            sums[name] = sums.get(name, 0.0) + value * share
    return sums


def _refuse_nan(values: Mapping[str, float], run: Run) -> None:
    """Gradients that overflow in fp16 are the scaler's to skip; a loss that does is nobody's."""
    is_scaled = run.accelerator.mixed_precision == "fp16"
    if math.isfinite(values["loss"]) and (is_scaled or math.isfinite(values["grad_norm"])):
        return
    raise MuseError(
        f"{run.how.note or 'training'}: the loss became {values['loss']} (gradient norm "
        f"{values['grad_norm']}) at step {run.state.step + 1} of {len(run.plan)}. Lower the learning rate "
        f"(now {run.how.learning_rate:g}) or max_grad_norm; with bf16 or fp16 try execution.precision=fp32. "
        "The last good checkpoint is kept."
    )


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
    """Puts the best epoch's weights into the module."""
    run.accelerator.wait_for_everyone()
    best = run.state.best_step
    if best is not None and best != run.state.step:
        checkpoints.load_weights(run.module, checkpoints.best_path(run.ctx.work, best))
    run.accelerator.wait_for_everyone()
