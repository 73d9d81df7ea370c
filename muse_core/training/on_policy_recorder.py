"""What watches a training on samples of its own: figures per step, and warnings that name the disease.

What it compares with are the first steps that it has seen (after a kill: those after it). Every disease is
told once, with what to set.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import fmean

from muse_core.context import StageContext

log = logging.getLogger(__name__)
WINDOW = 10  # steps that are looked at together
COLLAPSED = 0.1  # of the first entropy
GROWN = 1.5  # times the first length
DRIFTED = 0.3  # nats per token
ALIKE = 0.9  # of the groups
ROSE, FELL = 0.02, 0.05  # of the reward, of a part that decides
OFTEN_CLIPPED = 0.3  # of the tokens
DECIDING = ("reward_decision", "reward_arguments")  # the parts that are what the shopper asked for
Means = Mapping[str, float]


@dataclass
class OnPolicyRecorder:
    """Told of every sampling (`drawn`) and every step (`learnt`); its figures go to the metrics of `ctx`."""

    ctx: StageContext
    first: list[Means] = field(default_factory=list)
    recent: deque[Means] = field(default_factory=lambda: deque(maxlen=WINDOW))
    said: set[str] = field(default_factory=set)
    sampled: dict[str, float] = field(default_factory=dict)

    def drawn(self, step: int, values: Means) -> None:
        """Figures of the samples that step `step` (0-based) learns from."""
        self.sampled = dict(values)
        self.ctx.metrics.log({f"grpo_{name}": value for name, value in values.items()}, step + 1)

    def learnt(self, step: int, values: Means) -> None:
        """The loss's figures of a step."""
        seen = {**self.sampled, **values}
        if len(self.first) < WINDOW:
            self.first.append(seen)
        self.recent.append(seen)
        if len(self.recent) == WINDOW and len(self.first) == WINDOW:
            self._look(step)

    def _look(self, step: int) -> None:
        before, now = _means(self.first), _means(self.recent)
        for disease in (_collapse, _no_spread, _length_growth, _drift, _hacking, _clipping):
            text = disease(before, now)
            if text and disease.__name__ not in self.said:
                self.said.add(disease.__name__)
                log.warning("grpo, step %d: %s", step, text)


def _means(rows: list[Means] | deque[Means]) -> dict[str, float]:
    """Of every figure that stands in any of them."""
    names = {name for row in rows for name in row}
    return {name: fmean(row[name] for row in rows if name in row) for name in sorted(names)}


def _collapse(before: Means, now: Means) -> str | None:
    if now.get("entropy", 1.0) >= COLLAPSED * before.get("entropy", 0.0):
        return None
    return (
        f"entropy collapse: {now['entropy']:.3g} nats per token, {before['entropy']:.3g} at the start: the "
        f"samples of a context are all alike. Raise grpo.epsilon_high or grpo.temperature, set "
        f"grpo.beta=0.04, or lower grpo.learning_rate"
    )


def _no_spread(before: Means, now: Means) -> str | None:
    if now.get("no_spread", 0.0) < ALIKE:
        return None
    return (
        f"groups without spread: {now['no_spread']:.0%} of them earn the same reward throughout and teach "
        f"nothing. Raise grpo.samples_per_context or grpo.temperature; where the reward "
        f"({now.get('reward', 0.0):.2f}) is high already, stop earlier"
    )


def _length_growth(before: Means, now: Means) -> str | None:
    if now.get("turn_tokens", 0.0) <= GROWN * before.get("turn_tokens", 0.0):
        return None
    return (
        f"length growth: {now['turn_tokens']:.0f} tokens a turn, {before['turn_tokens']:.0f} at the start. "
        f"Set grpo.loss_type=dapo (a long turn's tokens weigh less under grpo), or lower "
        f"grpo.max_new_tokens"
    )


def _drift(before: Means, now: Means) -> str | None:
    if now.get("kl", 0.0) <= DRIFTED:
        return None
    return (
        f"drift: {now['kl']:.2f} nats per token away from the SFT model. Set grpo.beta=0.04 or more, or "
        f"lower grpo.learning_rate"
    )


def _hacking(before: Means, now: Means) -> str | None:
    """The whole rises while a part that decides falls."""
    if now.get("reward", 0.0) < before.get("reward", 0.0) + ROSE:
        return None
    fell = [name for name in DECIDING if name in now and now[name] <= before[name] - FELL]
    if not fell:
        return None
    parts = (name for name in now if name.startswith("reward_") and name not in fell)
    rose = max(parts, key=lambda name: now[name] - before[name])
    told = ", ".join(f"{name.removeprefix('reward_')} {before[name]:.2f} → {now[name]:.2f}" for name in fell)
    return (
        f"reward hacking: the reward rose by {now['reward'] - before['reward']:.2f} while {told}; what "
        f"pays is {rose.removeprefix('reward_')} ({before[rose]:.2f} → {now[rose]:.2f}). Look at samples, "
        f"set grpo.beta=0.04, or stop earlier"
    )


def _clipping(before: Means, now: Means) -> str | None:
    if now.get("clipped", 0.0) <= OFTEN_CLIPPED:
        return None
    return (
        f"steps too large: clipping takes the gradient of {now['clipped']:.0%} of the tokens. Lower "
        f"grpo.learning_rate, or set grpo.updates_per_sampling=1"
    )
