"""Layers that look back only so far (Gemma 3, Mistral): where the window ends, in training and in decoding.

A token at position p sees the positions (p − window, p]. transformers cuts such layers' caches; here caches
stay whole and masks say what is seen, so that every layer's cache has one shape.
"""

from __future__ import annotations

import torch
from transformers import PreTrainedModel

from muse_core.models.family import layer_kinds, window_of


def layer_masks(
    model: PreTrainedModel, is_read: torch.Tensor, positions: torch.Tensor
) -> torch.Tensor | dict[str, torch.Tensor]:
    """What `forward` takes as attention_mask. `is_read` [rows, 1, tokens, width]: the keys, each at its own
    position, that a full layer reads; `positions` [rows, tokens]: of the queries."""
    full = _additive(is_read, model.dtype)
    window = window_of(model.config)
    if window is None:
        return full
    places = torch.arange(is_read.shape[-1], device=is_read.device)
    near = _additive(is_read & (places > positions[:, None, :, None] - window), model.dtype)
    if layer_kinds(model.config) is None:
        return near
    return {"full_attention": full, "sliding_attention": near}


def document_mask(
    length: int, window: int | None, mask: torch.Tensor | None, like: torch.Tensor
) -> torch.Tensor | None:
    """The mask (True: may look) of one document of `length` tokens in a layer with this window; `mask`: its
    own, where it forks. None: plain causal attention is right."""
    if window is None or length <= window:
        return mask
    causal = (
        torch.ones(length, length, dtype=torch.bool, device=like.device).tril_() if mask is None else mask
    )
    positions = causal.sum(1)  # a token sees what stands before it, so this counts up along each branch
    return causal & (positions[:, None] - positions[None, :] < window)


def _additive(is_read: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    mask = torch.zeros(is_read.shape, dtype=dtype, device=is_read.device)
    return mask.masked_fill_(~is_read, float("-inf"))
