"""Dropout for models that have none of their own: on what attention and MLP add to the residual."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch.nn import functional

BRANCHES = ("o_proj", "down_proj")


@contextmanager
def residual_dropout(model: torch.nn.Module, share: float) -> Iterator[None]:
    """Within, and only in training mode: the last projection of each branch drops `share` of its
    outputs. The model's code and config stay as they are."""

    def drop(module: torch.nn.Module, _: object, output: torch.Tensor) -> torch.Tensor:
        return functional.dropout(output, share, module.training)

    hooks = [
        module.register_forward_hook(drop)
        for name, module in model.named_modules()
        if share > 0 and name.rpartition(".")[2] in BRANCHES
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
