"""The layers of a Llama over a flat stream on a CPU, forward and backward written out.

Through transformers, half of a small model's step on a CPU goes to what stands between the matrix products:
norms and rotations in many passes over memory, copies into other layouts, one product each for q, k, v, gate
and up. Here a layer is two steps with backward passes of their own:

- attention: x + W_o · attend(rotate(W_qkv · norm(x))), q, k and v in one product
- MLP: x + W_down · (silu(g) · u), where g, u are the halves of one product W_gu · norm(x)

The norm's weight is multiplied into the matrix behind it. RoPE turns neighbouring columns (one complex
product in place): the rows of W_q and W_k are put in that order first, which changes no inner product.
Values and gradients are those of `LlamaModel` up to rounding (tested).

Not covered, and left to transformers: other architectures, devices and precisions, adapters, hooks (dropout),
biases, gradient checkpointing. `is_plain_llama` says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from transformers import LlamaForCausalLM, PreTrainedModel

from muse_core.models.cpu_linear import product, weight_gradient

FULL = 0.75  # a document at least so long as the longest of a batch attends with it
LINEARS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True)
class Batch:
    """Documents of like length that attend in one call. `rows` (documents, longest): their tokens' places in
    the stream, the last token's again behind a shorter one's end; `is_padding` (documents, longest, 1), None
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


def is_plain_llama(model: PreTrainedModel) -> bool:
    """Whether `layers_forward` can stand in for the layers of `model`, as it is now."""
    if type(model) is not LlamaForCausalLM or torch.is_autocast_enabled("cpu"):
        return False
    config, embedding = model.config, model.get_input_embeddings().weight
    if config.hidden_act != "silu" or embedding.device.type != "cpu" or embedding.dtype is not torch.float32:
        return False
    return all(_is_plain_layer(layer) for layer in model.model.layers)


def _is_plain_layer(layer: Any) -> bool:
    parts = {**layer.self_attn._modules, **layer.mlp._modules}
    chosen: list[Any] = [parts.get(name) for name in LINEARS]
    return not (layer.training and getattr(layer, "gradient_checkpointing", False)) and all(
        type(part) is nn.Linear and part.bias is None and not part._forward_hooks for part in chosen
    )


def layers_forward(
    model: PreTrainedModel,
    ids: torch.Tensor,
    positions: torch.Tensor,
    bounds: Sequence[int],
    masks: Sequence[torch.Tensor | None],
    rows: torch.Tensor | None = None,
) -> torch.Tensor:
    """Last hidden states (tokens, hidden) behind the final norm; of `rows` (unique) alone where given."""
    body = model.model
    x = functional.embedding(ids, body.embed_tokens.weight)
    frame = _frame(model, x, positions, bounds, masks)
    for layer in body.layers:
        x = _attention(layer, x, frame)
        if layer is body.layers[-1] and rows is not None:
            return torch.zeros_like(x).index_copy(0, rows, body.norm(_mlp(layer, x[rows], frame.eps)))
        x = _mlp(layer, x, frame.eps)
    found: torch.Tensor = body.norm(x)
    return found


def _frame(
    model: PreTrainedModel,
    x: torch.Tensor,
    positions: torch.Tensor,
    bounds: Sequence[int],
    masks: Sequence[torch.Tensor | None],
) -> Frame:
    cos, sin = model.model.rotary_emb(x, positions[None])
    half = cos.shape[-1] // 2
    attention = model.model.layers[0].self_attn
    return Frame(
        rotation=torch.complex(cos[0, :, None, :half].contiguous(), sin[0, :, None, :half].contiguous()),
        batches=tuple(_batches(bounds, masks)),
        heads=model.config.num_attention_heads,
        kv_heads=model.config.num_key_value_heads,
        head_size=attention.head_dim,
        eps=model.config.rms_norm_eps,
        scaling=attention.scaling,
    )


def _batches(bounds: Sequence[int], masks: Sequence[torch.Tensor | None]) -> Iterator[Batch]:
    """Forked documents by themselves; the others sorted by length, together while little of it is padding."""
    spans = list(pairwise(bounds))
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


def _attention(layer: Any, x: torch.Tensor, frame: Frame) -> torch.Tensor:
    at = layer.self_attn
    matrix = torch.cat([
        _neighbours(at.q_proj.weight, frame.head_size),
        _neighbours(at.k_proj.weight, frame.head_size),
        at.v_proj.weight,
    ])  # fmt: skip
    matrix = matrix * layer.input_layernorm.weight
    found: torch.Tensor = _Attention.apply(x, matrix, at.o_proj.weight, frame)
    return found


def _mlp(layer: Any, x: torch.Tensor, eps: float) -> torch.Tensor:
    matrix = torch.cat([layer.mlp.gate_proj.weight, layer.mlp.up_proj.weight])
    matrix = matrix * layer.post_attention_layernorm.weight
    found: torch.Tensor = _Mlp.apply(x, matrix, layer.mlp.down_proj.weight, eps)
    return found


def _neighbours(weight: torch.Tensor, head_size: int) -> torch.Tensor:
    """The rows of each head in the order 0, h, 1, h + 1, … (h: half a head): what RoPE turns together."""
    return weight.view(-1, 2, head_size // 2, weight.shape[1]).transpose(1, 2).reshape(weight.shape)


def _normed(x: torch.Tensor, eps: float) -> tuple[torch.Tensor, torch.Tensor]:
    """x / rms(x) without the weight, and 1 / rms(x) (rows, 1)."""
    size = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    inverse = size.square_().div_(x.shape[-1]).add_(eps).rsqrt_()
    return x * inverse, inverse


def _through_norm(
    gradient: torch.Tensor, normed: torch.Tensor, inverse: torch.Tensor, residual: torch.Tensor
) -> torch.Tensor:
    """The gradient of x, whose norm got `gradient` and whose sum behind got `residual`."""
    share = torch.linalg.vecdot(gradient, normed).div_(-normed.shape[-1]).unsqueeze_(1)
    return torch.addcmul(residual, torch.addcmul(gradient, normed, share), inverse)


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any, x: torch.Tensor, matrix: torch.Tensor, out_weight: torch.Tensor, frame: Frame
    ) -> torch.Tensor:
        normed, inverse = _normed(x, frame.eps)
        qkv = product(normed, matrix)
        _rotate(qkv, frame.rotation, frame)
        heads, sums = _attend(qkv, frame)
        ctx.frame, ctx.sums = frame, sums
        ctx.save_for_backward(normed, inverse, qkv, heads, matrix, out_weight)
        return product(heads, out_weight).add_(x)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:  # type: ignore[override]
        normed, inverse, qkv, heads, matrix, out_weight = ctx.saved_tensors
        for_out = weight_gradient(gradient, heads)
        for_qkv = _attend_backward(product(gradient, out_weight.t()), qkv, heads, ctx.sums, ctx.frame)
        _rotate(for_qkv, ctx.frame.rotation.conj(), ctx.frame)
        for_normed = product(for_qkv, matrix.t())
        for_matrix = weight_gradient(for_qkv, normed)
        return _through_norm(for_normed, normed, inverse, gradient), for_matrix, for_out, None


class _Mlp(torch.autograd.Function):
    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any, x: torch.Tensor, matrix: torch.Tensor, down: torch.Tensor, eps: float
    ) -> torch.Tensor:
        normed, inverse = _normed(x, eps)
        halves = product(normed, matrix)
        gate, up = halves.chunk(2, dim=1)
        active = functional.silu(gate)
        ctx.save_for_backward(normed, inverse, halves, active, matrix, down)
        return product(active * up, down).add_(x)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:  # type: ignore[override]
        normed, inverse, halves, active, matrix, down = ctx.saved_tensors
        gate, up = halves.chunk(2, dim=1)
        for_down = weight_gradient(gradient, active * up)
        inner = product(gradient, down.t())
        for_halves = torch.empty_like(halves)
        for_gate, for_up = for_halves.chunk(2, dim=1)
        torch.mul(inner, active, out=for_up)
        torch.ops.aten.silu_backward.grad_input(inner.mul_(up), gate, grad_input=for_gate)
        for_normed = product(for_halves, matrix.t())
        for_matrix = weight_gradient(for_halves, normed)
        return _through_norm(for_normed, normed, inverse, gradient), for_matrix, for_down, None


# ---- attention within each document ---------------------------------------------------------------


def _rotate(qkv: torch.Tensor, rotation: torch.Tensor, frame: Frame) -> None:
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


def _attend(qkv: torch.Tensor, frame: Frame) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """What the heads of every token gather (tokens, heads · head size), and each batch's log-sum-exps."""
    found = qkv.new_empty(len(qkv), frame.heads * frame.head_size)
    sums = []
    for batch in frame.batches:
        q, k, v = _split(qkv[batch.rows], frame)
        output, log_sums = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(
            q, k, v, 0.0, batch.mask is None, attn_mask=batch.mask, scale=frame.scaling
        )
        _put(found, batch, output.transpose(1, 2).flatten(2))
        sums.append(log_sums)
    return found, sums


def _put(target: torch.Tensor, batch: Batch, values: torch.Tensor) -> None:
    """The rows of a batch into the stream, what stands for padding left out."""
    if batch.is_padding is None:
        target[batch.rows] = values
    else:
        is_real = ~batch.is_padding[:, :, 0]
        target[batch.rows[is_real]] = values[is_real]


def _attend_backward(
    gradient: torch.Tensor, qkv: torch.Tensor, heads: torch.Tensor, sums: Sequence[torch.Tensor], frame: Frame
) -> torch.Tensor:
    """The gradient of `qkv` from that of what the heads gathered."""
    found = torch.empty_like(qkv)
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
        _put(found, batch, torch.cat([parts[0], *shared], dim=1).transpose(1, 2).flatten(2))
    return found


def _summed(part: torch.Tensor, kv_heads: int) -> torch.Tensor:
    """The gradient of keys that several query heads share."""
    return part if part.shape[1] == kv_heads else part.unflatten(1, (kv_heads, -1)).sum(2)
