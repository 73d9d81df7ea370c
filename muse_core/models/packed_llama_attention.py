"""Attention within each document of a packed sequence on a CPU, forward and backward, on one q·k·v matrix.

Documents of like length attend in one call, padded to the longest; one that forks attends by itself under
its mask. What stands for padding is neither read nor written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch

FULL = 0.75  # a document at least so long as the longest of a batch attends with it


@dataclass(frozen=True)
class Batch:
    """Documents of like length that attend in one call. `rows` (documents, longest): their tokens' places in
    the row, the last token's again behind a shorter one's end; `is_padding` (documents, longest, 1), None
    where all are equally long; `mask`: added to the scores of a document that forks, else None and causal."""

    rows: torch.Tensor
    is_padding: torch.Tensor | None
    mask: torch.Tensor | None


@dataclass(frozen=True)
class Frame:
    """What all layers of a pass share: which documents attend together and how positions turn q and k."""

    rotation: torch.Tensor  # complex (tokens, 1, head size / 2)
    batches: tuple[Batch, ...]
    heads: int
    kv_heads: int
    head_size: int
    eps: float
    scaling: float


def batches_of(cu_seqlens: Sequence[int], masks: Sequence[torch.Tensor | None]) -> Iterator[Batch]:
    """Forked documents by themselves; the others sorted by length, together while little of it is padding."""
    spans = list(pairwise(cu_seqlens))
    for (start, end), mask in zip(spans, masks, strict=True):
        if mask is not None:
            added = torch.zeros(mask.shape).masked_fill_(~mask, float("-inf"))
            yield Batch(torch.arange(start, end)[None], None, added)
    plain = [span for span, mask in zip(spans, masks, strict=True) if mask is None and span[0] < span[1]]
    together: list[tuple[int, int]] = []
    for span in sorted(plain, key=lambda span: span[0] - span[1]):
        if together and span[1] - span[0] < FULL * (together[0][1] - together[0][0]):
            yield _batch(together)
            together = []
        together.append(span)
    if together:
        yield _batch(together)


def _batch(spans: Sequence[tuple[int, int]]) -> Batch:
    """`spans`, the longest first, as one batch."""
    starts, ends = (torch.tensor(places)[:, None] for places in zip(*spans, strict=True))
    rows = starts + torch.arange(spans[0][1] - spans[0][0])
    is_padding = rows >= ends
    padding = is_padding[:, :, None] if bool(is_padding.any()) else None
    return Batch(torch.minimum(rows, ends - 1), padding, None)


def rotate(qkv: torch.Tensor, rotation: torch.Tensor, frame: Frame) -> None:
    """Turns the columns of q and k in place."""
    turned = qkv[:, : (frame.heads + frame.kv_heads) * frame.head_size]
    pairs = turned.unflatten(1, (frame.heads + frame.kv_heads, frame.head_size // 2, 2))
    torch.view_as_complex(pairs).mul_(rotation)


def _split(qkv: torch.Tensor, frame: Frame) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """q, k, v as (documents, heads, tokens, head size) views of (documents, tokens, columns)."""
    per_head = _by_head(qkv, frame)
    q, k, v = per_head.split([frame.heads, frame.kv_heads, frame.kv_heads], dim=1)
    return q, _repeated(k, frame), _repeated(v, frame)


def _by_head(columns: torch.Tensor, frame: Frame) -> torch.Tensor:
    return columns.unflatten(2, (-1, frame.head_size)).transpose(1, 2)


def _repeated(keys: torch.Tensor, frame: Frame) -> torch.Tensor:
    groups = frame.heads // frame.kv_heads
    return keys if groups == 1 else keys.repeat_interleave(groups, 1)


def attend(qkv: torch.Tensor, frame: Frame) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """What the heads of every token gather (tokens, heads · head size), and each batch's log-sum-exps."""
    gathered = qkv.new_empty(len(qkv), frame.heads * frame.head_size)
    sums = []
    for batch in frame.batches:
        q, k, v = _split(qkv[batch.rows], frame)
        output, log_sums = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(
            q, k, v, 0.0, batch.mask is None, attn_mask=batch.mask, scale=frame.scaling
        )
        _put(gathered, batch, output.transpose(1, 2).flatten(2))
        sums.append(log_sums)
    return gathered, sums


def _put(target: torch.Tensor, batch: Batch, values: torch.Tensor) -> None:
    """The rows of a batch into the whole, what stands for padding left out."""
    if batch.is_padding is None:
        target[batch.rows] = values
    else:
        is_real = ~batch.is_padding[:, :, 0]
        target[batch.rows[is_real]] = values[is_real]


def attend_backward(
    gradient: torch.Tensor, qkv: torch.Tensor, heads: torch.Tensor, sums: Sequence[torch.Tensor], frame: Frame
) -> torch.Tensor:
    """The gradient of `qkv` from that of what the heads gathered."""
    for_qkv = torch.empty_like(qkv)
    for batch, log_sums in zip(frame.batches, sums, strict=True):
        q, k, v = _split(qkv[batch.rows], frame)
        wanted = gradient[batch.rows]
        if batch.is_padding is not None:
            wanted = wanted.masked_fill_(batch.is_padding, 0.0)
        parts = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward(
            _by_head(wanted, frame), q, k, v, _by_head(heads[batch.rows], frame), log_sums, 0.0,
            batch.mask is None, attn_mask=batch.mask, scale=frame.scaling,
        )  # fmt: skip
        shared = [_summed(part, frame.kv_heads) for part in parts[1:]]
        _put(for_qkv, batch, torch.cat([parts[0], *shared], dim=1).transpose(1, 2).flatten(2))
    return for_qkv


def _summed(part: torch.Tensor, kv_heads: int) -> torch.Tensor:
    """The gradient of keys that several query heads share."""
    return part if part.shape[1] == kv_heads else part.unflatten(1, (kv_heads, -1)).sum(2)
