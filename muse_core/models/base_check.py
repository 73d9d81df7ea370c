"""Whether a model can be a base: by its configuration and the headers of its files, before a weight is read.

`refuse` is asked before a run and by the base stage. Not covered: whether the weights are any good.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from transformers import AutoModelForCausalLM, PreTrainedModel

from muse_core.errors import ConfigError
from muse_core.models.base_files import file_problems
from muse_core.models.family import family_of, refusals
from muse_core.models.pretrained import advice, base_config

TRAINED_BYTES = 16  # a weight in fp32, its gradient and AdamW's two moments
FROZEN_BYTES = 4
GB = 1e9


@dataclass(frozen=True)
class BaseSize:
    """Parameters of a base as it comes; `embedding`: of its input and output embeddings."""

    family: str
    parameters: int
    embedding: int
    vocabulary: int

    def trimmed(self, tokens: int) -> int:
        """Parameters that are left to train with about `tokens` of the vocabulary; 0 keeps all."""
        kept = min(tokens or self.vocabulary, self.vocabulary)
        return self.parameters - round(self.embedding * (1 - kept / self.vocabulary))

    def memory_bytes(self, lora_rank: int = 0) -> float:
        """That training needs at least: weights, gradients and moments; activations come on top."""
        trained = self.embedding if lora_rank else self.parameters
        return TRAINED_BYTES * trained + FROZEN_BYTES * (self.parameters - trained)


def refuse(model: str, memory: float | None = None, lora_rank: int = 0) -> None:
    """ConfigError with everything that speaks against a base; `memory`: bytes that training may take."""
    config, problems = read_config(model)
    if config is not None:
        problems += refusals(config)
    if config is not None and not problems and memory is not None:
        problems += memory_problems(size_of(config), memory, lora_rank)
    if problems:
        raise ConfigError(f"base.model {model!r} cannot be a base:", problems)


def parameters_of(model: str, trim_vocab: int = 0) -> int:
    """Of a base that `refuse` has let through, as it is trained: with so much of its vocabulary. ConfigError
    where its configuration cannot be read."""
    config, problems = read_config(model)
    if config is None:
        raise ConfigError(f"base.model {model!r} cannot be a base:", problems)
    return size_of(config).trimmed(trim_vocab)


def untrained(model: str, trim_vocab: int = 0) -> PreTrainedModel:
    """The architecture of such a base in fp32, its weights at random: what a probe measures the rate of."""
    config, problems = read_config(model)
    if config is None:
        raise ConfigError(f"base.model {model!r} cannot be a base:", problems)
    tokens = min(trim_vocab or config.vocab_size, config.vocab_size)
    for name in ("pad_token_id", "bos_token_id", "eos_token_id"):
        setattr(config, name, None)  # they may lie beyond what is kept
    config.vocab_size = tokens
    with torch.random.fork_rng():
        made: PreTrainedModel = AutoModelForCausalLM.from_config(
            config, dtype=torch.float32, attn_implementation="sdpa"
        )
    return made


def read_config(model: str) -> tuple[Any, list[str]]:
    """The configuration, or None; and what is wrong with it or with the files."""
    if problems := file_problems(model):
        return None, problems
    try:
        return base_config(model), []
    except ConfigError as problem:
        return None, [str(problem)]
    except (OSError, ValueError, ImportError, KeyError) as problem:
        return None, [_why(model, problem)]


def _why(model: str, problem: Exception) -> str:
    text = str(problem)
    if "trust_remote_code" in text:
        return (
            "it brings code of its own (trust_remote_code), which is never run here. Choose a base whose "
            "architecture transformers has"
        )
    if "gated" in text.lower() or "401 " in text or "403 " in text:
        return "the hub keeps it gated: accept the terms on its page with your account, and set HF_TOKEN"
    return advice(model, problem)


def memory_problems(size: BaseSize, memory: float, lora_rank: int) -> list[str]:
    """Of a model that does not fit into `memory` bytes."""
    needed = size.memory_bytes(lora_rank)
    if needed <= memory:
        return []
    lora = size.memory_bytes(16)
    rest = (
        f"set sft.lora_rank=16 and dpo.lora_rank=16 (at least {lora / GB:.0f} GB), or choose a smaller base"
        if lora <= memory and not lora_rank
        else "choose a smaller base"
    )
    return [
        f"training its {size.parameters / 1e6:,.0f}M parameters needs at least {needed / GB:.0f} GB "
        f"(weights, gradients and AdamW in fp32), found {memory / GB:.0f} GB; {rest}"
    ]


def size_of(config: Any) -> BaseSize:
    """Of the architecture, built without memory."""
    with torch.device("meta"):
        made = AutoModelForCausalLM.from_config(config)
    tables = {id(t.weight): t.weight for t in (made.get_input_embeddings(), made.get_output_embeddings())}
    return BaseSize(
        family=family_of(config).name,
        parameters=sum(p.numel() for p in made.parameters()),
        embedding=sum(weight.numel() for weight in tables.values()),
        vocabulary=int(config.vocab_size),
    )
