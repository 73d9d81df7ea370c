"""Small random models of the base families that MUSE takes. A new family is one line of `FAMILIES`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from transformers import (
    AutoModelForCausalLM,
    Gemma3TextConfig,
    GraniteConfig,
    LlamaConfig,
    MistralConfig,
    PreTrainedModel,
    Qwen2Config,
    Qwen3Config,
)
from transformers.configuration_utils import PretrainedConfig

_SIZE: dict[str, Any] = {
    "vocab_size": 300,
    "hidden_size": 48,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "initializer_range": 0.2,
}
FAMILIES: Mapping[str, Callable[[], PretrainedConfig]] = {
    "llama": lambda: LlamaConfig(**_SIZE),
    "llama, tied": lambda: LlamaConfig(**_SIZE, tie_word_embeddings=True),
    "qwen2": lambda: Qwen2Config(**_SIZE, tie_word_embeddings=True),
    "qwen3": lambda: Qwen3Config(**_SIZE, head_dim=12, tie_word_embeddings=True),
    "mistral, a short window": lambda: MistralConfig(**_SIZE, head_dim=12, sliding_window=16),
    "gemma3, a short window": lambda: Gemma3TextConfig(
        **_SIZE, head_dim=12, sliding_window=16, layer_types=["sliding_attention", "full_attention"]
    ),
    "gemma3, capped logits": lambda: Gemma3TextConfig(**_SIZE, head_dim=12, final_logit_softcapping=2.0),
    "granite": lambda: GraniteConfig(
        **_SIZE,
        embedding_multiplier=6.0,
        residual_multiplier=0.4,
        attention_multiplier=0.2,
        logits_scaling=4.0,
        tie_word_embeddings=True,
    ),
}


def random_model(family: str) -> PreTrainedModel:
    """A model of the family, fp32, in eval mode, the same every time."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model: PreTrainedModel = AutoModelForCausalLM.from_config(
            FAMILIES[family](), attn_implementation="sdpa"
        )
        for parameter in model.parameters():
            if parameter.ndim == 1:  # norms that are not all ones, biases that are not all zero
                torch.nn.init.uniform_(parameter, 0.5, 1.5)
    return model.eval()
