"""Packed sequences: many documents in one row, no padding, exact attention within each.

A micro-batch is one row of tokens, documents behind one another, with position ids that start again
at each document. `packed_attention` registers (once) and switches on an attention function that runs
one causal SDPA call per document: measured best on CPU (docs/decisions.md#no-padding) and correct on
every device. A preference pair is one document that forks, so that its prompt is computed once.
Outside the `with` the model attends as it was loaded (`sdpa`), so that generation with a KV cache
is untouched. Logits are computed only for the rows that are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, TypeVar

import torch
from torch.nn import functional
from transformers import PreTrainedModel
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from muse_core.models.cpu_linear import ROWS, onednn_linear, uses_onednn
from muse_core.models.family import next_logits
from muse_core.models.packed_llama import is_plain_llama, layers_forward
from muse_core.models.sliding_window import document_mask

NAME = "muse_packed"
CACHED_VALUES = 128 * 1024  # logits in a piece: half a megabyte
Item = TypeVar("Item")
Fork = tuple[int, ...]  # where each branch begins


@dataclass(frozen=True)
class PackedSequences:
    """`ids` and `positions` are (tokens,); document i is [cu_seqlens[i], cu_seqlens[i+1]) and, when it forks,
    has a boolean mask (True: may look)."""

    ids: torch.Tensor
    positions: torch.Tensor
    cu_seqlens: tuple[int, ...]
    masks: tuple[torch.Tensor | None, ...]


def pack(
    documents: Sequence[Sequence[int]],
    device: str | torch.device = "cpu",
    forks: Sequence[Fork | None] | None = None,
) -> PackedSequences:
    """The documents' token ids in one row on `device`. A fork (a, b, …) says that a document is a
    prompt [0, a) with branches [a, b), [b, …), … that do not see each other."""
    forks = forks or [None] * len(documents)
    cu_seqlens = list(accumulate((len(document) for document in documents), initial=0))
    ids = [token for document in documents for token in document]
    positions = [at for d, fork in zip(documents, forks, strict=True) for at in _positions(len(d), fork)]
    masks = tuple(_fork_mask(len(d), fork, device) for d, fork in zip(documents, forks, strict=True))
    return PackedSequences(
        torch.tensor(ids, device=device), torch.tensor(positions, device=device), tuple(cu_seqlens), masks
    )


def _positions(length: int, fork: Fork | None) -> list[int]:
    if fork is None:
        return list(range(length))
    branches = pairwise([*fork, length])
    return [*range(fork[0]), *(at for start, end in branches for at in range(fork[0], fork[0] + end - start))]


def _fork_mask(length: int, fork: Fork | None, device: str | torch.device) -> torch.Tensor | None:
    if fork is None:
        return None
    mask = torch.ones(length, length, dtype=torch.bool, device=device).tril_()
    for start in fork[1:]:
        mask[start:, fork[0] : start] = False
    return mask


def by_tokens(items: Sequence[Item], lengths: Sequence[int], max_tokens: int) -> list[list[Item]]:
    """Consecutive items in groups of at most `max_tokens` (a longer item is a group of its own)."""
    groups: list[list[Item]] = []
    room = 0
    for item, length in zip(items, lengths, strict=True):
        if not groups or length > room:
            groups.append([])
            room = max_tokens
        groups[-1].append(item)
        room -= length
    return groups


def per_document_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    cu_seqlens: Sequence[int] = (),
    document_masks: Sequence[torch.Tensor | None] = (),
    sliding_window: int | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Causal attention within each document; tensors are (1, heads, tokens, head size)."""
    groups = query.shape[1] // key.shape[1]
    if groups > 1:
        key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    lengths = [end - start for start, end in pairwise(cu_seqlens)]
    queries, keys, values = (whole.split(lengths, dim=2) for whole in (query, key, value))
    masks = [
        document_mask(length, sliding_window, mask, query)
        for length, mask in zip(lengths, document_masks, strict=True)
    ]
    outputs = [
        functional.scaled_dot_product_attention(
            q, k, v, dropout_p=dropout, scale=scaling, attn_mask=mask, is_causal=mask is None
        )
        for q, k, v, mask in zip(queries, keys, values, masks, strict=True)
    ]
    return torch.cat(outputs, dim=2).transpose(1, 2).contiguous(), None


@contextmanager
def packed_attention(model: PreTrainedModel) -> Iterator[None]:
    """Within: `model` reads packed sequences only."""
    if NAME not in ALL_ATTENTION_FUNCTIONS:
        ALL_ATTENTION_FUNCTIONS.register(NAME, per_document_attention)
    before = model.config._attn_implementation
    model.set_attn_implementation(NAME)
    try:
        with onednn_linear(model):
            yield
    finally:
        model.set_attn_implementation(before)


def hidden_states(
    model: PreTrainedModel, packed: PackedSequences, rows: torch.Tensor | None = None
) -> torch.Tensor:
    """Last hidden states (tokens, hidden); call inside `packed_attention`. Only those of `rows` are right
    where they are given: the others save the last layer's MLP."""
    tokens = packed.cu_seqlens[-1]
    filler = -tokens % ROWS if uses_onednn() else 0  # a document of its own that nobody reads
    ids = functional.pad(packed.ids, (0, filler))
    positions = torch.cat([packed.positions, torch.arange(filler, device=ids.device)])
    cu_seqlens = (*packed.cu_seqlens, *([tokens + filler] * (filler > 0)))
    masks = (*packed.masks, *([None] * (filler > 0)))
    if is_plain_llama(model):
        return layers_forward(model, ids, positions, cu_seqlens, masks, rows)[:tokens]
    with _last_mlp_at(model, rows):
        output = model.base_model(
            input_ids=ids[None],
            position_ids=positions[None],
            use_cache=False,
            cu_seqlens=cu_seqlens,
            document_masks=masks,
        )
    return output.last_hidden_state[0, :tokens]


@contextmanager
def _last_mlp_at(model: PreTrainedModel, rows: torch.Tensor | None) -> Iterator[None]:
    """Within: the last layer, behind which no token looks at another, runs its MLP on `rows` (unique) only.

    Not under gradient checkpointing, which runs layers again when this is over."""
    last = (getattr(model.base_model, "layers", None) or [None])[-1]
    mlp = getattr(last, "mlp", None)
    if (
        rows is None
        or mlp is None
        or not hasattr(mlp, "down_proj")
        or getattr(last, "gradient_checkpointing", False)
    ):
        yield
        return
    whole = mlp.forward

    def at_rows(hidden: torch.Tensor) -> torch.Tensor:
        return torch.zeros_like(hidden).index_copy(1, rows, whole(hidden[:, rows]))

    mlp.forward = at_rows
    try:
        yield
    finally:
        del mlp.forward


def logits_at(model: PreTrainedModel, hidden: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """Next-token logits (rows, vocabulary) of the given rows only."""
    return next_logits(model, hidden[rows])


def target_log_probs(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """log p(target) per row, in fp32."""
    log_probs: torch.Tensor = _TargetLogProbs.apply(logits.float(), targets)
    return log_probs


class _TargetLogProbs(torch.autograd.Function):
    """logits[target] − log Σ exp(logits), in pieces that stay in a CPU's cache: `cross_entropy` keeps all
    log-probabilities and goes through memory four times more."""

    @staticmethod
    def forward(ctx: Any, logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        sums = torch.cat([rows.logsumexp(1) for rows in logits.split(_cached_rows(logits))])
        ctx.save_for_backward(logits, targets, sums)
        return logits.gather(1, targets[:, None])[:, 0] - sums

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:  # type: ignore[override]
        logits, targets, sums = ctx.saved_tensors
        for_logits = torch.empty_like(logits)
        step = _cached_rows(logits)
        for rows, target, total, g in zip(
            logits.split(step), for_logits.split(step), sums.split(step), gradient.split(step), strict=True
        ):
            torch.sub(rows, total[:, None], out=target).exp_().mul_(-g[:, None])
        for_logits.scatter_add_(1, targets[:, None], gradient[:, None])
        return for_logits, None


def _cached_rows(logits: torch.Tensor) -> int:
    """How many rows are a piece: all of them on a GPU, which has no use for pieces."""
    return max(1, CACHED_VALUES // logits.shape[1]) if logits.device.type == "cpu" else len(logits) or 1
