"""GRPO's loss, token by token (Shao et al. 2024, arXiv 2402.03300, eq. 3), over turns that a model wrote.

With ρ = π(token) / π_old(token) and A the turn's advantage:

    l = −min(ρ A, clip(ρ, 1 − ε, 1 + ε_high) A) + β ρ (e^d − d − 1),   d = log ref − log π

The second term is Schulman's k3 estimate of KL(π ‖ ref), whose gradient needs the ρ (DeepSeek-V3.2, arXiv
2512.02556); without `use_bias_correction_kl` it is the paper's, which has none. ε_high > ε is DAPO's (Yu et
al. 2025, arXiv 2503.14476). How tokens add up (`loss_type`, as TRL names it):

- `grpo`: the mean over turns of each turn's mean, so that a long turn's tokens weigh less
- `dapo`: the mean over all tokens of the step
- `dr_grpo`: the sum over turns · longest turn (Liu et al. 2025, arXiv 2503.20783)

Tokens that a tool returned, and the prompt, are no rows of it. The heads stay frozen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from transformers import PreTrainedModel

from muse_core.config.post_sections import GrpoConfig
from muse_core.errors import MuseError
from muse_core.examples.example import FLUENCY_PART, Example
from muse_core.examples.sampled import SampledTurn
from muse_core.models.packed_sequences import hidden_states, logits_at, packed_attention, target_log_probs
from muse_core.training.batches import MicroBatch, Totals, micro_batches
from muse_core.training.precision import autocast

Sums = dict[str, torch.Tensor]


@dataclass(frozen=True)
class TokenLosses:
    """One value per token: the loss; whether clipping took its gradient; k3 to the reference (0 without)."""

    losses: torch.Tensor
    clipped: torch.Tensor
    kl: torch.Tensor


def token_losses(
    log_probs: torch.Tensor,
    old: torch.Tensor,
    advantages: torch.Tensor,
    config: GrpoConfig,
    reference: torch.Tensor | None = None,
) -> TokenLosses:
    """All of the shape of `log_probs`: `old` under the model that sampled, `advantages` of the token's turn,
    `reference` under the reference model, in nats."""
    ratio = torch.exp(log_probs - old)
    low, high = 1 - config.epsilon, 1 + config.epsilon_high
    losses = -torch.min(ratio * advantages, ratio.clamp(low, high) * advantages)
    clipped = ((ratio < low) & (advantages < 0)) | ((ratio > high) & (advantages > 0))
    kl = torch.zeros_like(log_probs)
    if reference is not None:
        apart = reference - log_probs
        kl = torch.exp(apart) - apart - 1
        losses = losses + config.beta * (kl * ratio if config.use_bias_correction_kl else kl)
    return TokenLosses(losses, clipped, kl)


def token_weights(
    turns: torch.Tensor, config: GrpoConfig, count: int, tokens: float, total: float
) -> torch.Tensor:
    """What each token's loss is multiplied with. `turns`: of which of this micro-batch's `count` turns a
    token is; `tokens`, `total`: counted tokens and turns of the whole step."""
    if config.loss_type == "dapo":
        return torch.full(turns.shape, 1 / tokens, device=turns.device)
    if config.loss_type == "dr_grpo":
        return torch.full(turns.shape, 1 / (total * config.max_new_tokens), device=turns.device)
    lengths = torch.bincount(turns, minlength=count).clamp(min=1)
    return 1 / (total * lengths[turns])


class GrpoLoss(torch.nn.Module):
    """forward(micro of SampledTurn, totals) -> (loss share of this micro-batch, figures)."""

    def __init__(self, model: PreTrainedModel, config: GrpoConfig) -> None:
        super().__init__()
        self.model, self.config = model, config

    def forward(self, micro: MicroBatch, totals: Totals) -> tuple[torch.Tensor, Sums]:
        log_probs, entropies = log_probs_at(self.model, micro, self.config.temperature)
        turns, tokens = micro.branches // 2, totals.parts[FLUENCY_PART]
        given = [turn for turn in micro.examples if isinstance(turn, SampledTurn)]
        credits = log_probs.new_tensor([turn.credit for turn in given])
        old, reference = _given(given, "old", log_probs), _given(given, "reference", log_probs)
        found = token_losses(
            log_probs, log_probs.detach() if old is None else old, credits[turns], self.config, reference
        )
        weights = token_weights(turns, self.config, len(given), tokens, totals.examples)
        figures = {"entropy": entropies, "kl": found.kl.detach(), "clipped": found.clipped.float()}
        return (found.losses * weights).sum(), {k: v.sum() / tokens for k, v in figures.items()}


def _given(turns: Sequence[SampledTurn], name: str, like: torch.Tensor) -> torch.Tensor | None:
    """The turns' values in one row; None where none was computed. MuseError where they are not the
    tokens'."""
    values = [value for turn in turns for value in getattr(turn, name)]
    if not values:
        return None
    if len(values) != len(like):
        raise MuseError(
            f"grpo: {len(values)} {name} log-probs for {len(like)} counted tokens; expected one each. The "
            "mask, or the tokenizer, is not that of the model that they were computed with."
        )
    return like.new_tensor(values)


def log_probs_at(
    model: PreTrainedModel, micro: MicroBatch, temperature: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Of each counted token at that temperature: its log-prob, and the entropy where it was chosen (without
    gradient), in nats."""
    hidden = hidden_states(model, micro.packed, micro.read_rows)
    logits = logits_at(model, hidden, micro.rows).float() / temperature
    with torch.no_grad():
        whole = logits.log_softmax(-1)
        entropies = -(whole.exp() * whole).sum(-1)
    return target_log_probs(logits, micro.targets), entropies


@torch.no_grad()
def known_log_probs(
    model: PreTrainedModel, turns: Sequence[Example], config: GrpoConfig, device: str, precision: str
) -> list[tuple[float, ...]]:
    """Of each turn's counted tokens under `model` as it is now."""
    found: list[tuple[float, ...]] = []
    with packed_attention(model), autocast(device, precision):
        for micro in micro_batches(turns, config.micro_batch_tokens, device):
            values, _ = log_probs_at(model, micro, config.temperature)
            counts = torch.bincount(micro.branches // 2, minlength=len(micro.examples)).tolist()
            found += [tuple(part.tolist()) for part in values.cpu().split(counts)]
    return found
