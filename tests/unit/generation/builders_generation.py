"""A small random Llama with fewer key than query heads, and prompts for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM

STOP = 7
VOCABULARY = 300


def random_llama(positions: int = 256) -> LlamaForCausalLM:
    config = LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=48, intermediate_size=96, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=positions,
        tie_word_embeddings=False, initializer_range=0.2,
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return LlamaForCausalLM(config).eval()


def random_prompts(count: int, longest: int = 40) -> list[list[int]]:
    rng = np.random.default_rng(0)
    return [rng.integers(8, VOCABULARY, int(size)).tolist() for size in rng.integers(1, longest, count)]


def hf_greedy(model: LlamaForCausalLM, prompt: Sequence[int], count: int) -> list[int]:
    """What `generate` of transformers writes after one prompt."""
    ids = torch.tensor([list(prompt)])
    output = model.generate(
        ids, attention_mask=torch.ones_like(ids), max_new_tokens=count, do_sample=False,
        eos_token_id=STOP, pad_token_id=0,
    )  # fmt: skip
    return output[0, len(prompt) :].tolist()
