"""Products through oneDNN are the same products."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from muse_core.models import cpu_linear
from muse_core.models.cpu_linear import (
    FEWEST_ROWS,
    ROWS,
    is_for_onednn,
    onednn_linear,
    product,
    uses_onednn,
    weight_gradient,
)


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a CPU where oneDNN is the faster library: it computes the same on any."""
    if not torch.backends.mkldnn.is_available():
        pytest.skip("this torch was built without oneDNN")
    monkeypatch.setattr(cpu_linear, "uses_onednn", lambda: True)


def gradients(layer: nn.Module, values: torch.Tensor) -> list[torch.Tensor]:
    values = values.clone().requires_grad_()
    layer.zero_grad()
    found = layer(values)
    (found.sin() * torch.linspace(-1, 1, found.shape[-1])).sum().backward()
    assert values.grad is not None
    return [found.detach(), values.grad, *(p.grad.clone() for p in layer.parameters() if p.grad is not None)]


@pytest.mark.usefixtures("chosen")
@pytest.mark.parametrize("shape", [(FEWEST_ROWS,), (50,), (1, 3 * ROWS), (2, 70)])
@pytest.mark.parametrize("has_bias", [True, False])
def test_values_and_gradients_equal_torch(shape: tuple[int, ...], has_bias: bool) -> None:
    torch.manual_seed(1)
    layer = nn.Linear(48, 40, bias=has_bias)
    values = torch.randn(*shape, 48)
    expected = gradients(layer, values)
    with onednn_linear(layer):
        assert "forward" in vars(layer)
        found = gradients(layer, values)
    assert "forward" not in vars(layer)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, atol=2e-5, rtol=1e-5)


@pytest.mark.usefixtures("chosen")
def test_it_may_be_nested_and_is_undone_by_the_outer_one() -> None:
    model = nn.Sequential(nn.Linear(8, 8), nn.Linear(8, 8))
    with onednn_linear(model):
        with onednn_linear(model):
            pass
        assert all("forward" in vars(layer) for layer in model)
    assert not any("forward" in vars(layer) for layer in model)


@pytest.mark.usefixtures("chosen")
def test_a_few_rows_other_types_and_autocast_go_the_usual_way() -> None:
    layer = nn.Linear(32, 32)
    few, many = torch.randn(3, 32), torch.randn(ROWS, 32)
    plain_few, expected = layer(few), layer(many)
    with onednn_linear(layer):
        assert torch.equal(layer(few), plain_few)
        with torch.autocast("cpu", torch.bfloat16):
            assert layer(many).dtype is torch.bfloat16
        torch.testing.assert_close(layer(many), expected, atol=1e-5, rtol=1e-5)
    assert not is_for_onednn(nn.Linear(4, 4).to(torch.float64))
    assert not is_for_onednn(nn.LayerNorm(4))


@pytest.mark.parametrize(("capability", "maker", "expected"), [
    ("AVX512", "AuthenticAMD", True), ("AVX512", "GenuineIntel", False), ("AVX2", "AuthenticAMD", False),
])  # fmt: skip
def test_onednn_is_taken_where_mkl_leaves_half_of_the_units_idle(
    monkeypatch: pytest.MonkeyPatch, capability: str, maker: str, expected: bool
) -> None:
    monkeypatch.setattr(cpu_linear, "capability", lambda: capability)
    monkeypatch.setattr(cpu_linear, "maker", lambda: maker)
    assert uses_onednn() is (expected and torch.backends.mkldnn.is_available())


@pytest.mark.parametrize("outputs", [16, 48, 200])
@pytest.mark.parametrize("is_onednn", [True, False])
def test_both_products_are_those_of_torch(
    monkeypatch: pytest.MonkeyPatch, is_onednn: bool, outputs: int
) -> None:
    if is_onednn and not torch.backends.mkldnn.is_available():
        pytest.skip("this torch was built without oneDNN")
    monkeypatch.setattr(cpu_linear, "uses_onednn", lambda: is_onednn)
    torch.manual_seed(2)
    values, weight, gradient = torch.randn(ROWS, 48), torch.randn(outputs, 48), torch.randn(ROWS, outputs)
    torch.testing.assert_close(product(values, weight), values @ weight.T, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(weight_gradient(gradient, values), gradient.T @ values, atol=1e-5, rtol=1e-5)
