"""SFT's loss on turns that the model wrote and the reward proved right, held near the SFT model.

    Σ parts w_part · mean over its tokens of weight · −log π   +   kl_weight · mean over tokens of KL(π ‖ ref)

`weight` is the turn's (`SampledTurn.credit`). The KL is exact, over the whole vocabulary at each counted
token: an estimate from tokens that the reference wrote has NLL's gradient and would hold nothing. The heads
stay frozen.
"""

from __future__ import annotations

import torch
from transformers import PreTrainedModel

from muse_core.examples.sampled import credit_of
from muse_core.models.packed_sequences import hidden_states, logits_at, target_log_probs
from muse_core.models.tokenizer import PARTS
from muse_core.training.batches import MicroBatch, Totals
from muse_core.training.losses import Weights

Sums = dict[str, torch.Tensor]


class RftLoss(torch.nn.Module):
    """forward(micro, totals) -> (loss share of this micro-batch, figures). `reference` too must be within
    `packed_attention`."""

    def __init__(
        self, model: PreTrainedModel, reference: PreTrainedModel, weights: Weights, kl_weight: float
    ) -> None:
        super().__init__()
        self.model, self.weights, self.kl_weight = model, weights, kl_weight
        self._reference = (reference,)  # not a part of what is trained and saved

    def forward(self, micro: MicroBatch, totals: Totals) -> tuple[torch.Tensor, Sums]:
        logits = self._logits(self.model, micro)
        credits = logits.new_tensor([credit_of(example) for example in micro.examples])
        nll = -target_log_probs(logits, micro.targets) * credits[micro.branches // 2]
        by_part = nll.new_zeros(len(PARTS)).index_add(0, micro.parts, nll)
        w = self.weights
        weights = (0.0, w.tool, w.argument, w.fluency, 0.0)
        scale = nll.new_tensor([weight / n for weight, n in zip(weights, totals.parts, strict=True)])
        loss, kl = (by_part * scale).sum(), self._kl(logits, micro) / sum(totals.parts[1:])
        return loss + self.kl_weight * kl, {"nll": loss.detach(), "kl": kl.detach()}

    def _kl(self, logits: torch.Tensor, micro: MicroBatch) -> torch.Tensor:
        """KL(π ‖ reference), summed over the counted tokens, in nats."""
        with torch.no_grad():
            reference = self._logits(self._reference[0], micro).log_softmax(-1)
        ours = logits.log_softmax(-1)
        return (ours.exp() * (ours - reference)).sum()

    @staticmethod
    def _logits(model: PreTrainedModel, micro: MicroBatch) -> torch.Tensor:
        hidden = hidden_states(model, micro.packed, micro.read_rows)
        return logits_at(model, hidden, micro.rows).float()
