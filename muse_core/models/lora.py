"""LoRA (Hu et al. 2022) through peft: low-rank adapters beside the layers' matrices, merged afterwards.

The model is changed in place and stays a plain transformers model, so that packed sequences, checkpoints
and saving need not know. The token embeddings are trained as well: our tags are new to the base.
"""

from __future__ import annotations

import torch

from muse_core.errors import ConfigError, cannot_import
from muse_core.models.family import MATRICES
from muse_core.models.loading import LoadedModel


def add_adapters(loaded: LoadedModel, rank: int, alpha: float, seed: int) -> None:
    """Freezes the model but its embeddings and adds adapters to every linear layer of its layers."""
    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ImportError as problem:
        raise ConfigError(
            f"lora_rank is {rank}, but {cannot_import('peft', 'lora', problem)}; "
            "or train all weights with --set sft.lora_rank=0 --set dpo.lora_rank=0"
        ) from None
    how = LoraConfig(r=rank, lora_alpha=alpha, target_modules=list(MATRICES), task_type="CAUSAL_LM")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        inject_adapter_in_model(how, loaded.model)
    loaded.model.get_input_embeddings().weight.requires_grad_(True)
    loaded.model.get_output_embeddings().weight.requires_grad_(True)


def merge_adapters(loaded: LoadedModel) -> None:
    """W + (alpha / rank) B A in every layer; afterwards nothing of peft is left in the model."""
    from peft.tuners.lora import LoraLayer

    adapted = [(name, m) for name, m in loaded.model.named_modules() if isinstance(m, LoraLayer)]
    for name, module in adapted:
        module.merge()
        parent, _, last = name.rpartition(".")
        setattr(loaded.model.get_submodule(parent), last, module.get_base_layer())
    loaded.model.requires_grad_(True)
    for left in ("peft_config", "_hf_peft_config_loaded"):
        loaded.model.__dict__.pop(left, None)
