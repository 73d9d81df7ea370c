"""A turn as a model wrote it, token for token, and what it is worth to the training that reads it."""

from __future__ import annotations

from dataclasses import dataclass

from muse_core.examples.example import Example


@dataclass(frozen=True)
class SampledTurn(Example):
    """A prompt and the turn behind it; what the tools returned has no part. `credit`: the turn's advantage in
    its group (GRPO) or its weight (RFT). `old`, `reference`: log-probs of the counted tokens in nats, under
    the model that wrote them and under the reference; () where they are not needed."""

    credit: float = 1.0
    old: tuple[float, ...] = ()
    reference: tuple[float, ...] = ()


def credit_of(example: Example) -> float:
    """1 for what was not sampled."""
    return example.credit if isinstance(example, SampledTurn) else 1.0
