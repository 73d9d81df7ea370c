"""A training step of the quickstart's model on made-up conversations: benchmarks need no data stage.

Lengths and shares are those measured on the quickstart's own training data: conversations of 250 tokens (76
to 447) with half of the tokens supervised, eight a step; single turns of 44 tokens, 32 a step.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from muse_core.config.load import load_config
from muse_core.config.run_config import RunConfig
from muse_core.examples.example import Example, Start
from muse_core.models.flat_stream import flat_attention
from muse_core.models.heads import Heads
from muse_core.models.loading import LoadedModel
from muse_core.training.batches import micro_batches, totals
from muse_core.training.losses import LanguageLoss, Weights
from muse_core.training.optimizer import optimizer_of

LENGTHS = {"conversations": (8, 76, 430), "turns": (32, 33, 58)}  # examples a step, shortest, longest
SHARES = (0.51, 0.05, 0.07, 0.18, 0.19)  # of tokens: context, tool, argument, fluency, utterance
STEPS = 16  # different batches
Kind = Literal["conversations", "turns"]


class Training:
    """`forward_backward()` and `update()` make a step; `tokens` is the size of the last one."""

    def __init__(self, kind: Kind = "conversations") -> None:
        config, _ = load_config("quickstart")
        self.module = LanguageLoss(_loaded(config), _weights(config)).train()
        settings = config.sft
        self.optimizer = optimizer_of(
            self.module, settings.learning_rate, settings.weight_decay, settings.muon_learning_rate
        )
        rng = np.random.default_rng(0)
        self.batches = [_batch(kind, config.base.vocab_size, rng) for _ in range(STEPS)]
        self.micro_batch_tokens, self.number, self.tokens = settings.micro_batch_tokens, 0, 0

    def forward_backward(self) -> None:
        chosen = self.batches[self.number % STEPS]
        self.number, self.tokens = self.number + 1, sum(map(len, chosen))
        count = totals(chosen)
        with flat_attention(self.module.model):
            for micro in micro_batches(chosen, self.micro_batch_tokens, "cpu"):
                self.module(micro, count)[0].backward()

    def update(self) -> None:
        torch.nn.utils.clip_grad_norm_(self.module.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)


def _loaded(config: RunConfig) -> LoadedModel:
    base = config.base
    torch.manual_seed(0)
    shape = LlamaConfig(
        vocab_size=base.vocab_size, hidden_size=base.hidden_size, intermediate_size=base.intermediate_size,
        num_hidden_layers=base.num_layers, num_attention_heads=base.num_heads,
        num_key_value_heads=base.num_heads, max_position_embeddings=base.max_positions,
        tie_word_embeddings=True, attn_implementation="sdpa",
    )  # fmt: skip
    return LoadedModel(LlamaForCausalLM(shape), None, Heads(base.hidden_size))  # type: ignore[arg-type]


def _weights(config: RunConfig) -> Weights:
    sft = config.sft
    return Weights(
        sft.tool_prediction_weight, sft.argument_prediction_weight, sft.fluency_weight,
        sft.position_prediction_weight, sft.diagnostic_weight, sft.utterance_weight,
    )  # fmt: skip


def _batch(kind: Kind, vocabulary: int, rng: np.random.Generator) -> list[Example]:
    count, shortest, longest = LENGTHS[kind]
    return [_example(int(rng.integers(shortest, longest)), vocabulary, rng) for _ in range(count)]


def _example(length: int, vocabulary: int, rng: np.random.Generator) -> Example:
    parts = [0] * 10 + rng.choice(len(SHARES), length - 10, p=SHARES).tolist()
    start = Start(20, 1, (None, 500.0), 24, 30)
    return Example(rng.integers(0, vocabulary, length).tolist(), parts, [(12, 0), (15, 1)], [start])
