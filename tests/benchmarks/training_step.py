"""A training step of the quickstart's model on made-up conversations: benchmarks need no data stage.

Lengths and shares are those measured on the quickstart's own training data: conversations of 250 tokens (76
to 447) with half of the tokens supervised, eight a step; single turns of 44 tokens, 32 a step.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch

from muse_core.config.load import load_config
from muse_core.examples.example import Example, Start
from muse_core.models.loading import from_scratch
from muse_core.models.packed_sequences import packed_attention
from muse_core.training.batches import micro_batches, totals
from muse_core.training.losses import LanguageLoss, Weights
from muse_core.training.optimizer import optimizer_of
from muse_core.training.probe import any_tokenizer

LENGTHS = {"conversations": (8, 76, 430), "turns": (32, 33, 58)}  # examples a step, shortest, longest
SHARES = (0.51, 0.05, 0.07, 0.18, 0.19)  # of tokens: context, tool, argument, fluency, utterance
STEPS = 16  # different batches
Kind = Literal["conversations", "turns"]


class Training:
    """`forward_backward()` and `update()` make a step; `tokens` is the size of the last one."""

    def __init__(self, kind: Kind = "conversations") -> None:
        config, _ = load_config("quickstart")
        loaded = from_scratch(config.base, any_tokenizer(config.base), config.seed)
        self.module = LanguageLoss(loaded, Weights.of(config.sft)).train()
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
        with packed_attention(self.module.model):
            for micro in micro_batches(chosen, self.micro_batch_tokens, "cpu"):
                self.module(micro, count)[0].backward()

    def update(self) -> None:
        torch.nn.utils.clip_grad_norm_(self.module.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)


def _batch(kind: Kind, vocabulary: int, rng: np.random.Generator) -> list[Example]:
    count, shortest, longest = LENGTHS[kind]
    return [_example(int(rng.integers(shortest, longest)), vocabulary, rng) for _ in range(count)]


def _example(length: int, vocabulary: int, rng: np.random.Generator) -> Example:
    parts = [0] * 10 + rng.choice(len(SHARES), length - 10, p=SHARES).tolist()
    start = Start(20, 1, (None, 500.0), 24, 30)
    return Example(rng.integers(0, vocabulary, length).tolist(), parts, [(12, 0), (15, 1)], [start])
