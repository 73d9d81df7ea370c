"""The layers of a Llama over packed sequences on a CPU, forward and backward written out.

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

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from transformers import PreTrainedModel

from muse_core.models.cpu_linear import product, weight_gradient
from muse_core.models.family import MATRICES, family_of
from muse_core.models.packed_llama_attention import Frame, attend, attend_backward, batches_of, rotate


def is_plain_llama(model: PreTrainedModel) -> bool:
    """Whether `layers_forward` can stand in for the layers of `model`, as it is now."""
    if not family_of(model.config).is_written_out or torch.is_autocast_enabled("cpu"):
        return False
    config, embedding = model.config, model.get_input_embeddings().weight
    if config.hidden_act != "silu" or embedding.device.type != "cpu" or embedding.dtype is not torch.float32:
        return False
    return all(_is_plain_layer(layer) for layer in model.model.layers)


def _is_plain_layer(layer: Any) -> bool:
    parts = {**layer.self_attn._modules, **layer.mlp._modules}
    chosen: list[Any] = [parts.get(name) for name in MATRICES]
    return not (layer.training and getattr(layer, "gradient_checkpointing", False)) and all(
        type(part) is nn.Linear and part.bias is None and not part._forward_hooks for part in chosen
    )


def layers_forward(
    model: PreTrainedModel,
    ids: torch.Tensor,
    positions: torch.Tensor,
    cu_seqlens: Sequence[int],
    masks: Sequence[torch.Tensor | None],
    rows: torch.Tensor | None = None,
) -> torch.Tensor:
    """Last hidden states (tokens, hidden) behind the final norm; of `rows` (unique) alone where given."""
    body = model.model
    x = functional.embedding(ids, body.embed_tokens.weight)
    frame = _frame(model, x, positions, cu_seqlens, masks)
    for layer in body.layers:
        x = _attention(layer, x, frame)
        if layer is body.layers[-1] and rows is not None:
            return torch.zeros_like(x).index_copy(0, rows, body.norm(_mlp(layer, x[rows], frame.eps)))
        x = _mlp(layer, x, frame.eps)
    normed: torch.Tensor = body.norm(x)
    return normed


def _frame(
    model: PreTrainedModel,
    x: torch.Tensor,
    positions: torch.Tensor,
    cu_seqlens: Sequence[int],
    masks: Sequence[torch.Tensor | None],
) -> Frame:
    cos, sin = model.model.rotary_emb(x, positions[None])
    half = cos.shape[-1] // 2
    attention = model.model.layers[0].self_attn
    return Frame(
        rotation=torch.complex(cos[0, :, None, :half].contiguous(), sin[0, :, None, :half].contiguous()),
        batches=tuple(batches_of(cu_seqlens, masks)),
        heads=model.config.num_attention_heads,
        kv_heads=model.config.num_key_value_heads,
        head_size=attention.head_dim,
        eps=model.config.rms_norm_eps,
        scaling=attention.scaling,
    )


def _attention(layer: Any, x: torch.Tensor, frame: Frame) -> torch.Tensor:
    at = layer.self_attn
    matrix = torch.cat([
        _neighbours(at.q_proj.weight, frame.head_size),
        _neighbours(at.k_proj.weight, frame.head_size),
        at.v_proj.weight,
    ])  # fmt: skip
    matrix = matrix * layer.input_layernorm.weight
    states: torch.Tensor = _Attention.apply(x, matrix, at.o_proj.weight, frame)
    return states


def _mlp(layer: Any, x: torch.Tensor, eps: float) -> torch.Tensor:
    matrix = torch.cat([layer.mlp.gate_proj.weight, layer.mlp.up_proj.weight])
    matrix = matrix * layer.post_attention_layernorm.weight
    states: torch.Tensor = _Mlp.apply(x, matrix, layer.mlp.down_proj.weight, eps)
    return states


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
        rotate(qkv, frame.rotation, frame)
        heads, sums = attend(qkv, frame)
        ctx.frame, ctx.sums = frame, sums
        ctx.save_for_backward(normed, inverse, qkv, heads, matrix, out_weight)
        return product(heads, out_weight).add_(x)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:  # type: ignore[override]
        normed, inverse, qkv, heads, matrix, out_weight = ctx.saved_tensors
        for_out = weight_gradient(gradient, heads)
        for_qkv = attend_backward(product(gradient, out_weight.t()), qkv, heads, ctx.sums, ctx.frame)
        rotate(for_qkv, ctx.frame.rotation.conj(), ctx.frame)
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
