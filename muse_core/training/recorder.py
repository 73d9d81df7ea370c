"""What a training says while it runs: measurements, one line of progress, early warnings with advice."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from muse_core.context import StageContext
from muse_core.progress import Phases
from muse_core.training.checkpoints import TrainingState

log = logging.getLogger(__name__)
LOG_EVERY_STEPS = 5
SPIKE, SPIKE_WINDOW = 10.0, 50  # times the median gradient norm of the last steps
LEAST_FALL, LEAST_STEPS = 0.98, 10


@dataclass
class Recorder:
    """Told of every optimizer step. `tokens`: of each step of the plan; `parts`: the plan's (name, first
    step). `losses`: what has to fall; of DPO's loss the preferences alone, since the NLL of the chosen turns
    differs more from batch to batch than it falls. `must_fall` is off where the model
    wrote the samples itself: their loss is about 0 (GRPO; `on_policy_recorder.py` tells what happens) or near
    its least (RFT) from the beginning."""

    ctx: StageContext
    note: str
    tokens: Sequence[int]
    parts: Sequence[tuple[str, int]] = ()
    losses: list[float] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    quiet_until: int = 0
    has_warned: bool = False
    must_fall: bool = True

    @property
    def total(self) -> int:
        return len(self.tokens)

    def begin(self, step: int) -> None:
        """The training starts with step `step` (0-based), or goes on with it: then nobody here has seen from
        where its loss should have fallen."""
        self.has_warned = step > 0
        if self.parts:
            self._announce(self._part(step)[0])

    def step(self, state: TrainingState, values: Mapping[str, float], rate: float) -> None:
        """`values`: the step's loss, its parts and `grad_norm`."""
        self.losses.append(values.get("dpo_loss", values["loss"]))
        self._look_for_spike(state.step, values["grad_norm"])
        if 2 * state.step >= self.total and self.must_fall:
            self._look_for_fall(rate)
        if state.step % LOG_EVERY_STEPS == 0 or state.step == self.total:
            self._report(state, values, rate)
        if state.step < self.total and self._part(state.step) != self._part(state.step - 1):
            self._turn_over(state.step)

    def _report(self, state: TrainingState, values: Mapping[str, float], rate: float) -> None:
        speed = state.tokens / max(state.seconds, 1e-9)
        done, due = sum(self.tokens[: state.step]), sum(self.tokens[state.step :])
        left = state.seconds / max(1, done) * due
        told = {
            "learning_rate": rate,
            "tokens_per_second": speed,
            "supervised_share": state.supervised / max(1, state.tokens),
            "seconds_left": left,
        }
        self.ctx.metrics.log({f"train_{name}": v for name, v in values.items()} | told, state.step)
        note = f"steps, loss {values['loss']:.3f}, {speed:,.0f} tokens/s, {left:.0f} s left"
        _, first, end = self._part(state.step - 1)
        self.ctx.progress.update(state.step - first, end - first, note)

    def _part(self, step: int) -> tuple[str, int, int]:
        """Name, first step and end of the part that a step belongs to."""
        return next((part for part in self._parts() if part[1] <= step < part[2]), ("", 0, self.total))

    def _parts(self) -> list[tuple[str, int, int]]:
        """(name, first step, end) of each."""
        borders = pairwise([*self.parts, ("", self.total)])
        return [(name, first, end) for (name, first), (_, end) in borders]

    def _announce(self, name: str) -> None:
        work = {part: float(sum(self.tokens[start:stop])) for part, start, stop in self._parts()}
        Phases(self.ctx.progress, work).begin(name)

    def _turn_over(self, step: int) -> None:
        before, now = self._part(step - 1), self._part(step)
        log.info(
            "%s: %d steps of %s are done; %s from here on, whose loss is not the same",
            self.note, before[2] - before[1], before[0], now[0],
        )  # fmt: skip
        self._announce(now[0])

    def _look_for_spike(self, step: int, norm: float) -> None:
        usual = median(self.norms[-SPIKE_WINDOW:]) if len(self.norms) >= LEAST_STEPS else norm
        if usual and norm > SPIKE * usual and step >= self.quiet_until:
            self.quiet_until = step + SPIKE_WINDOW
            log.warning(
                "%s: the gradient norm is %.3g at step %d, %.0f times its usual %.3g: if this repeats, lower "
                "learning_rate or max_grad_norm, or look at the data of this step",
                self.note, norm, step, norm / usual, usual,
            )  # fmt: skip
        self.norms.append(norm)

    def _look_for_fall(self, rate: float) -> None:
        """Asked from the middle of the plan on, told once."""
        tenth = max(1, len(self.losses) // 10)
        first, last = sum(self.losses[:tenth]) / tenth, sum(self.losses[-tenth:]) / tenth
        if self.has_warned or len(self.losses) < LEAST_STEPS or last <= LEAST_FALL * first:
            return
        self.has_warned = True
        log.warning(
            "%s: the loss did not fall (%.3f at the start, %.3f now, after %d steps): raise learning_rate "
            "(now %.2g) tenfold if the loss stands still, lower it if the loss jumps, and check the data",
            self.note, first, last, len(self.losses), rate,
        )  # fmt: skip
