"""fp32 matrix products of a model's linear layers through oneDNN, where that is the faster library.

torch's own fp32 product on x86 is MKL's, which uses half of the vector width on CPUs that its maker did
not build. oneDNN uses all of it: 1.5 to 1.9 times the rate, forward and backward, on an AMD EPYC with AVX-512
(`tests/benchmarks/linear_products.py`).
Same precision, another order of summation. oneDNN builds a kernel for every shape (2 ms each), so
callers keep the number of rows a multiple of `ROWS`; others are padded here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from muse_core.models.cpu import capability, maker

ROWS = 64
FEWEST_ROWS = 16  # below, reading the weights is what costs


@contextmanager
def onednn_linear(model: nn.Module) -> Iterator[None]:
    """Within: the fp32 linear layers of `model` on a CPU with AVX-512 multiply through oneDNN."""
    chosen = [layer for layer in model.modules() if is_for_onednn(layer)]
    for layer in chosen:
        layer.forward = partial(_linear, layer)  # type: ignore[method-assign]
    try:
        yield
    finally:
        for layer in chosen:
            del layer.forward


def is_for_onednn(layer: nn.Module) -> bool:
    """Whether `layer` is a plain fp32 linear layer that is not exchanged yet, here."""
    return (
        type(layer) is nn.Linear
        and "forward" not in vars(layer)
        and layer.weight.device.type == "cpu"
        and layer.weight.dtype is torch.float32
        and uses_onednn()
    )


def _linear(layer: nn.Linear, values: torch.Tensor) -> torch.Tensor:
    rows = values.numel() // max(1, values.shape[-1])
    if rows < FEWEST_ROWS or values.dtype is not torch.float32 or torch.is_autocast_enabled("cpu"):
        return functional.linear(values, layer.weight, layer.bias)
    flat = values.reshape(rows, values.shape[-1])
    found: torch.Tensor = _OneDnnLinear.apply(_padded(flat), layer.weight, layer.bias)
    return found[:rows].view(*values.shape[:-1], -1)


def _padded(values: torch.Tensor) -> torch.Tensor:
    """The next multiple of FEWEST_ROWS rows for a few, of ROWS for many."""
    multiple = FEWEST_ROWS if len(values) <= ROWS else ROWS
    return functional.pad(values, (0, 0, 0, -len(values) % multiple))


def uses_onednn() -> bool:
    """Whether oneDNN's fp32 product is the faster one: with AVX-512, on CPUs of another maker than MKL's."""
    return torch.backends.mkldnn.is_available() and capability() == "AVX512" and maker() != "GenuineIntel"


def product(values: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """values (rows, in) @ weight (out, in).T through the faster library. Through oneDNN the caller keeps the
    number of rows a multiple of ROWS."""
    return _onednn_product(values, weight) if uses_onednn() else torch.mm(values, weight.t())


def weight_gradient(gradient: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """gradient (rows, out).T @ values (rows, in): (out, in)."""
    if not uses_onednn():
        return torch.mm(gradient.t(), values)
    if gradient.shape[1] > values.shape[1]:  # oneDNN is twice as fast with the wider side as columns
        return _onednn_product(values.t(), gradient.t()).t()
    return _onednn_product(gradient.t(), values.t())


def _onednn_product(
    values: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None
) -> torch.Tensor:
    """values @ weight.T + bias."""
    found: torch.Tensor = torch.ops.mkldnn._linear_pointwise(values, weight, bias, "none", [], "")
    return found


class _OneDnnLinear(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, values: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None
    ) -> torch.Tensor:
        ctx.save_for_backward(values, weight)
        ctx.has_bias = bias is not None
        return _onednn_product(values, weight, bias)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:  # type: ignore[override]
        values, weight = ctx.saved_tensors
        for_values = _onednn_product(gradient, weight.t()) if ctx.needs_input_grad[0] else None
        for_weight = weight_gradient(gradient, values) if ctx.needs_input_grad[1] else None
        return for_values, for_weight, gradient.sum(0) if ctx.has_bias else None
