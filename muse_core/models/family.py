"""The families of base models: in what they differ from a Llama, asked here and nowhere else.

A family is what `config.model_type` names. MUSE trains on packed sequences, decodes in shared slots and
exports one graph with one kind of cache; a family stands in `FAMILIES` when all of that gives what
transformers gives (`tests/unit/models/families.py` has a small random model of each). Another is refused by
its configuration, before weights are loaded: it would run, and some would be wrong without a word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import PreTrainedModel

from muse_core.errors import ConfigError

# A layer's linear layers, which LoRA adapts and Muon orthogonalises: of these names in every family.
MATRICES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True)
class Family:
    """`branch_ends`: the modules of a layer whose output is added to the residual, where dropout belongs.
    `is_written_out`: whether `packed_llama` computes its layers."""

    name: str
    branch_ends: tuple[str, ...] = ("o_proj", "down_proj")
    is_written_out: bool = False


FAMILIES: Mapping[str, Family] = {
    "llama": Family("Llama", is_written_out=True),
    "mistral": Family("Mistral"),
    "qwen2": Family("Qwen 2"),
    "qwen3": Family("Qwen 3"),
    # Gemma norms each branch before it is added: what is dropped before that norm would be scaled up again.
    "gemma3_text": Family("Gemma 3", branch_ends=("post_attention_layernorm", "post_feedforward_layernorm")),
    "granite": Family("Granite"),
}
WHY_NOT: Mapping[str, str] = {
    "gemma2": "it caps its attention scores, which packed attention does not",
    "gemma3": "it reads pictures as well; its text model alone (gemma3_text) is known",
    "lfm2": "its convolutions would read across the documents of a packed row",
    "qwen3_next": "its linear attention would read across the documents of a packed row",
    "mamba": "its state would run across the documents of a packed row",
}


def family_of(config: Any) -> Family:
    """The family of a transformers configuration. ConfigError for one that is not known."""
    kind = str(getattr(config, "model_type", None))
    if (found := FAMILIES.get(kind)) is None:
        raise ConfigError(unknown(kind))
    return found


def unknown(kind: str) -> str:
    """What is said of an architecture that is not among the families."""
    known = ", ".join(f"{family.name} ({name})" for name, family in FAMILIES.items())
    why = f": {WHY_NOT[kind]}" if kind in WHY_NOT else ""
    return f"found the architecture {kind!r}, which is not known here{why}; known are {known}"


def refusals(config: Any) -> list[str]:
    """Why a model of this configuration cannot be a base; [] for one that can."""
    if config.model_type not in FAMILIES:
        return [unknown(str(config.model_type))]
    rope = _rope_kinds(getattr(config, "rope_parameters", None) or {}) & {"dynamic", "longrope"}
    rules = [
        (
            getattr(config, "attn_logit_softcapping", None) is not None,
            "its attention scores are capped (attn_logit_softcapping), which packed attention does not do",
        ),
        (
            bool(getattr(config, "use_bidirectional_attention", False)),
            "it looks ahead (use_bidirectional_attention): it is an encoder, and writes nothing",
        ),
        (
            bool(rope),
            f"its positions turn by the length of a row (rope_type {', '.join(sorted(rope))}), which packed "
            "documents share",
        ),
    ]
    return [text for wrong, text in rules if wrong]


def _rope_kinds(parameters: Mapping[str, Any]) -> set[str]:
    """`rope_type` of all layers, or of each kind of layer."""
    nested = [part for part in parameters.values() if isinstance(part, Mapping)]
    return {str(part.get("rope_type", "default")) for part in nested or [parameters]}


def window_of(config: Any) -> int | None:
    """Tokens that the windowed layers of a model see, themselves included; None where it has none."""
    window: int | None = getattr(config, "sliding_window", None)
    kinds = getattr(config, "layer_types", None)
    has_windows = kinds is None or "sliding_attention" in kinds
    return window if has_windows and getattr(config, "use_sliding_window", True) else None


def layer_kinds(config: Any) -> Sequence[str] | None:
    """`sliding_attention` or `full_attention` for each layer; None where all are of one kind."""
    return getattr(config, "layer_types", None)


def next_logits(model: PreTrainedModel, hidden: torch.Tensor) -> torch.Tensor:
    """Next-token logits (…, vocabulary) of last hidden states (…, hidden), as the model's own `forward`
    makes them: Granite divides them, a Gemma may cap them."""
    config = model.config
    logits: torch.Tensor = model.get_output_embeddings()(hidden)
    if (scale := getattr(config, "logits_scaling", None)) is not None:
        logits = logits / scale
    if (cap := getattr(config, "final_logit_softcapping", None)) is not None:
        logits = torch.tanh(logits / cap) * cap
    return logits


def is_matrix(name: str) -> bool:
    """Whether a parameter of this dotted name belongs to one of the layers' linear layers, or to the adapters
    beside it."""
    steps = name.split(".")
    return "layers" in steps and any(step in MATRICES for step in steps)
