"""How a stage's section of the configuration says to step."""

from __future__ import annotations

from typing import Protocol

from muse_core.training.loop import Optimization


class Stepping(Protocol):
    """What the sections of SFT and of all that trains on from it have in common."""

    @property
    def learning_rate(self) -> float: ...
    @property
    def warmup_ratio(self) -> float: ...
    @property
    def weight_decay(self) -> float: ...
    @property
    def max_grad_norm(self) -> float: ...
    @property
    def save_every_steps(self) -> int: ...
    @property
    def micro_batch_tokens(self) -> int: ...
    @property
    def muon_learning_rate(self) -> float: ...


def how_to_step(config: Stepping, note: str, patience: int = 0) -> Optimization:
    """`note` names the stage in checkpoints and messages."""
    return Optimization(
        config.learning_rate,
        config.warmup_ratio,
        config.weight_decay,
        config.max_grad_norm,
        config.save_every_steps,
        config.micro_batch_tokens,
        note=note,
        muon_learning_rate=config.muon_learning_rate,
        patience=patience,
    )
