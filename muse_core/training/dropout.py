"""Dropout for models that have none of their own: on what attention and MLP add to the residual."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch.nn import functional
from transformers import PreTrainedModel

from muse_core.models.family import family_of


@contextmanager
def residual_dropout(model: PreTrainedModel, share: float) -> Iterator[None]:
    """Within, and only in training mode: what ends each branch of a layer drops `share` of its
    outputs. The model's code and config stay as they are."""

    def drop(module: torch.nn.Module, _: object, output: torch.Tensor) -> torch.Tensor:
        return functional.dropout(output, share, module.training)

    ends = family_of(model.config).branch_ends if share > 0 else ()
    hooks = [
        module.register_forward_hook(drop)
        for name, module in model.named_modules()
        if name.rpartition(".")[2] in ends
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
