"""The losses. Every part is normalised by its own count over the whole optimizer step, so that how a
step is cut into micro-batches, or over processes, changes nothing (test: 1x8 = 8x1).

- language: w_tool · CE(tool) + w_argument · CE(argument) + w_fluency · CE(fluency), and for a small model
  w_utterance · CE(the user's words)
- heads: w_position · BCE(word ends) + w_diagnostic · (CE(tool head) + masked MSE(log1p prices))

Preference pairs have a module of their own (`preference_loss.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional

from muse_core.config.run_config import SftConfig
from muse_core.models.loading import LoadedModel
from muse_core.models.packed_sequences import hidden_states, logits_at, target_log_probs
from muse_core.models.tokenizer import PARTS
from muse_core.training.batches import MicroBatch, Totals

Sums = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Weights:
    """Weights of the parts; defaults are plain language modelling."""

    tool: float = 1.0
    argument: float = 1.0
    fluency: float = 1.0
    position: float = 0.0
    diagnostic: float = 0.0
    utterance: float = 0.0

    @classmethod
    def of(cls, config: SftConfig) -> Weights:
        """Those of SFT."""
        return cls(
            config.tool_prediction_weight,
            config.argument_prediction_weight,
            config.fluency_weight,
            config.position_prediction_weight,
            config.diagnostic_weight,
            config.utterance_weight,
        )

    @property
    def has_heads(self) -> bool:
        return self.position > 0 or self.diagnostic > 0


@dataclass(frozen=True)
class Look:
    """One forward pass over a micro-batch; `logits` are those of its rows."""

    hidden: torch.Tensor
    logits: torch.Tensor
    loss: torch.Tensor
    sums: Sums


class LanguageLoss(torch.nn.Module):
    """forward(micro, totals) -> (loss share of this micro-batch, summed losses by name)."""

    def __init__(self, loaded: LoadedModel, weights: Weights) -> None:
        super().__init__()
        self.model, self.heads, self.weights = loaded.model, loaded.heads, weights
        self.heads.requires_grad_(weights.has_heads)

    def forward(self, micro: MicroBatch, totals: Totals) -> tuple[torch.Tensor, Sums]:
        look = self.look(micro, totals)
        return look.loss, look.sums

    def look(self, micro: MicroBatch, totals: Totals) -> Look:
        """The loss with what it was computed from (measuring needs both)."""
        hidden = hidden_states(self.model, micro.packed, micro.read_rows)
        logits = logits_at(self.model, hidden, micro.rows)
        loss, sums = self._text(-target_log_probs(logits, micro.targets), micro, totals)
        if self.weights.has_heads:
            extra, more = self._heads(hidden, micro, totals)
            loss, sums = loss + extra, sums | more
        return Look(hidden, logits, loss, sums)

    def _text(self, nll: torch.Tensor, micro: MicroBatch, totals: Totals) -> tuple[torch.Tensor, Sums]:
        by_part = nll.new_zeros(len(PARTS)).index_add(0, micro.parts, nll)
        w = self.weights
        weights = (0.0, w.tool, w.argument, w.fluency, w.utterance)
        scale = nll.new_tensor([weight / n for weight, n in zip(weights, totals.parts, strict=True)])
        means = by_part.detach() / by_part.new_tensor(totals.parts)
        return (by_part * scale).sum(), {name: means[PARTS.index(name)] for name in PARTS[1:]}

    def _heads(self, hidden: torch.Tensor, micro: MicroBatch, totals: Totals) -> tuple[torch.Tensor, Sums]:
        """Position BCE and the two diagnostics, in fp32."""
        words = self.heads.position_logits(hidden[micro.word_rows].float())
        starts = hidden[micro.start_rows].float()
        given = ~micro.prices.isnan()
        error = (self.heads.numbers(starts) - micro.prices.nan_to_num())[given]
        position = functional.binary_cross_entropy_with_logits(words, micro.word_labels, reduction="sum")
        tool = functional.cross_entropy(self.heads.tool_logits(starts), micro.tools, reduction="sum")
        sums = {
            "position": position / totals.words,
            "tool_head": tool / totals.starts,
            "numeric_head": error.square().sum() / totals.prices,
        }
        loss = self.weights.position * sums["position"]
        loss = loss + self.weights.diagnostic * (sums["tool_head"] + sums["numeric_head"])
        return loss, {name: value.detach() for name, value in sums.items()}
