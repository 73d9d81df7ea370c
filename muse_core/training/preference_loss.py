"""The preference losses, over examples that fork: a prompt with the chosen and the rejected turn.

With h = g(chosen) − g(rejected), where g(turn) = (log π − log ref) / size(turn):

- sigmoid: l(h) = −log σ(βh), DPO (Rafailov et al. 2023, eq. 7)
- ipo: l(h) = (h − 1/(2β))² (Azar et al. 2024, eq. 17, whose τ is β)
- sft: the NLL per token of the chosen turn and nothing else, which no reference and no rejected turn enters;
  the control of what the rejected turns teach (TRL's `sft`, which averages over the batch's tokens)
- `normalize`, the size of a turn: none = 1, as both papers write it; token = its tokens (length-normalised
  DPO: Lambert et al. 2024, Tülu 3; also what TRL's `ipo` and `sigmoid_norm` do); act = its acts, so that a
  long chain of calls weighs no more than one call (turn-normalised, the dialogue's unit; ours)
- `label_smoothing` ε: (1 − ε) l(h) + ε l(−h), the expected loss when a share ε of the labels is wrong
  (conservative DPO: Mitchell 2023)
- `nll_weight`: plus that times the NLL per token of the chosen turn (RPO: Pang et al. 2024, eq. 1)

The heads are no part of it: they stay frozen.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional
from transformers import PreTrainedModel

from muse_core.config.run_config import DpoConfig
from muse_core.examples.example import Example
from muse_core.examples.pairs import acts
from muse_core.models.packed_sequences import hidden_states, logits_at, target_log_probs
from muse_core.training.batches import MicroBatch, Totals

Sums = dict[str, torch.Tensor]


def preference_losses(h: torch.Tensor, config: DpoConfig) -> torch.Tensor:
    """The loss of each pair from its difference of log-ratios, without the NLL; `sft` has no such loss."""
    wrong = config.label_smoothing
    return (1 - wrong) * _loss(h, config) + wrong * _loss(-h, config)


def _loss(h: torch.Tensor, config: DpoConfig) -> torch.Tensor:
    if config.loss == "ipo":
        return (h - 1 / (2 * config.beta)).square()
    return -functional.logsigmoid(config.beta * h)


def first_loss(config: DpoConfig, references: torch.Tensor, tokens: torch.Tensor) -> float:
    """The loss while policy and reference are one model: ln 2, IPO's 1/(4β²), or the reference's NLL. Of both
    (pairs, 2): its log-probs and the tokens that they sum over."""
    if config.loss == "sft":
        return float(-(references[:, 0] / tokens[:, 0]).mean())
    return float(preference_losses(torch.zeros(1, dtype=torch.float64), config))


@dataclass(frozen=True)
class Judged:
    """Pairs under policy and reference. `policy`, `reference`: (pairs, 2) log-probs in nats of the chosen
    and the rejected turn; `tokens`: (pairs, 2), those counted; `margins` (βh) and `losses`: (pairs,)."""

    policy: torch.Tensor
    reference: torch.Tensor
    tokens: torch.Tensor
    margins: torch.Tensor
    losses: torch.Tensor

    def figures(self, count: float) -> Sums:
        """Shares of the means over `count` pairs, so that micro-batches and processes add up.

        `accuracy` counts a tie as one half; `*_drift` is (log π − log ref) per token; `kl` is Schulman's
        k1, −drift over both turns: of KL(ref ‖ π) in nats per token, since the reference model sampled
        the turns (chosen among its samples, so an estimate)."""
        gain = self.policy.detach() - self.reference
        drift = gain / self.tokens
        values = {
            "dpo_loss": self.losses.detach(),
            "accuracy": (self.margins > 0).float() + 0.5 * (self.margins == 0).float(),
            "margin": self.margins.detach(),
            "chosen_drift": drift[:, 0],
            "rejected_drift": drift[:, 1],
            "kl": -gain.sum(1) / self.tokens.sum(1),
        }
        return {name: value.sum() / count for name, value in values.items()}


class PreferenceLoss(torch.nn.Module):
    """forward(micro, totals) -> (loss share of this micro-batch, figures)."""

    def __init__(self, model: PreTrainedModel, config: DpoConfig) -> None:
        super().__init__()
        self.model, self.config = model, config

    def forward(self, micro: MicroBatch, totals: Totals) -> tuple[torch.Tensor, Sums]:
        judged = self.judge(micro)
        return self.loss_of(judged, totals.examples), judged.figures(totals.examples)

    def loss_of(self, judged: Judged, count: float) -> torch.Tensor:
        """Losses of the pairs and the weighted NLL of the chosen turns, over `count` pairs."""
        loss = judged.losses.sum()
        if self.config.nll_weight:
            loss = loss - self.config.nll_weight * (judged.policy[:, 0] / judged.tokens[:, 0]).sum()
        return loss / count

    def judge(self, micro: MicroBatch) -> Judged:
        """The micro-batch's pairs against their references."""
        policy, tokens = self.log_probs(micro)
        gain = (policy - micro.references) / self._sizes(micro, tokens)
        h = gain[:, 0] - gain[:, 1]
        if self.config.loss == "sft":
            losses = -policy[:, 0] / tokens[:, 0]
        else:
            losses = preference_losses(h, self.config)
        return Judged(policy, micro.references, tokens, self.config.beta * h, losses)

    def log_probs(self, micro: MicroBatch) -> tuple[torch.Tensor, torch.Tensor]:
        """(pairs, 2) summed log-probs of the assistant turns, and their token counts."""
        hidden = hidden_states(self.model, micro.packed, micro.read_rows)
        found = target_log_probs(logits_at(self.model, hidden, micro.rows), micro.targets)
        branches = 2 * len(micro.examples)
        total = found.new_zeros(branches).index_add(0, micro.branches, found)
        tokens = torch.bincount(micro.branches, minlength=branches).clamp(min=1)
        return total.reshape(-1, 2), tokens.reshape(-1, 2)

    def _sizes(self, micro: MicroBatch, tokens: torch.Tensor) -> torch.Tensor:
        if self.config.normalize == "token":
            return tokens
        if self.config.normalize == "act":
            return torch.tensor([acts_of(example) for example in micro.examples], device=tokens.device)
        return torch.ones_like(tokens)


def acts_of(example: Example) -> tuple[int, int]:
    """Acts of the chosen and the rejected turn: runs of supervised tokens, between which results stand."""
    _, second = example.fork or (0, len(example))
    return max(1, len(acts(example.parts[:second]))), max(1, len(acts(example.parts[second:])))
