"""Our Muon does what torch's does, and never in emulated bf16."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode

from muse_core.generation.decode import Sampling, decode, prefill
from muse_core.models import cpu
from muse_core.training import muon
from muse_core.training.batches import plan_steps
from muse_core.training.loop import Optimization, train
from muse_core.training.losses import LanguageLoss
from tests.unit.models.builders_models import tiny_model
from tests.unit.training.builders_training import ALL_LOSSES, context, examples

SHAPES = ((24, 24), (64, 24), (24, 64), (24, 24), (40, 30))


def stepped(kind: type[torch.optim.Muon], steps: int = 3, **how: Any) -> tuple[list[torch.Tensor], dict]:
    """The parameters after some steps with the same gradients, and the optimizer's state."""
    generator = torch.Generator().manual_seed(0)
    params = [torch.nn.Parameter(torch.randn(shape, generator=generator)) for shape in SHAPES]
    optimizer = kind(params, lr=0.02, weight_decay=0.1, **how)
    for _ in range(steps):
        for param in params:
            param.grad = torch.randn(param.shape, generator=generator)
        optimizer.step()
    return [p.detach() for p in params], optimizer.state_dict()


@pytest.mark.parametrize("is_native", [True, False])
@pytest.mark.parametrize(
    "how", [{}, {"nesterov": False}, {"adjust_lr_fn": "match_rms_adamw"}, {"ns_steps": 3, "momentum": 0.8}]
)
def test_the_updates_are_those_of_torch(
    monkeypatch: pytest.MonkeyPatch, is_native: bool, how: dict[str, Any]
) -> None:
    monkeypatch.setattr(muon, "native_bf16", lambda: is_native)
    start, _ = stepped(muon.Muon, 0)
    (ours, our_state), (theirs, their_state) = stepped(muon.Muon, **how), stepped(torch.optim.Muon, **how)
    for before, one, other in zip(start, ours, theirs, strict=True):
        moved, expected = (one - before).flatten(), (other - before).flatten()
        assert functional.cosine_similarity(moved, expected, dim=0) >= 0.999
        assert float(moved.norm() / expected.norm()) == pytest.approx(1, abs=0.01)
    for number, state in their_state["state"].items():
        torch.testing.assert_close(our_state["state"][number], state)


def test_the_gram_form_is_the_same_iteration() -> None:
    torch.manual_seed(1)
    spread = torch.logspace(0, -4, 96)  # from a large singular value to nothing
    wide = functional.normalize(torch.randn(3, 32, 96) * spread, dim=(1, 2))
    coefficients = (3.4445, -4.7750, 2.0315)
    plain, gram = muon._iterate(wide, coefficients, 5), muon._iterate_gram(wide, coefficients, 5)
    torch.testing.assert_close(gram, plain, atol=2e-3, rtol=1e-2)


def test_a_checkpoint_of_torch_goes_on_in_ours() -> None:
    _, state = stepped(torch.optim.Muon, 2)
    optimizer = muon.Muon([torch.nn.Parameter(torch.zeros(shape)) for shape in SHAPES], lr=0.02)
    optimizer.load_state_dict(state)
    torch.testing.assert_close(optimizer.state_dict()["state"], state["state"])


def test_a_parameter_without_gradient_stays_and_a_closure_is_refused() -> None:
    moved, kept = torch.nn.Parameter(torch.ones(4, 4)), torch.nn.Parameter(torch.ones(4, 4))
    optimizer = muon.Muon([moved, kept], lr=0.1)
    moved.grad = torch.eye(4)
    optimizer.step()
    assert torch.equal(kept.detach(), torch.ones(4, 4)) and not torch.equal(moved.detach(), torch.ones(4, 4))
    with pytest.raises(TypeError, match="no closure"):
        optimizer.step(lambda: 0.0)


class _Products(TorchDispatchMode):
    """Notes every matrix product of bf16 numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        tensors = [arg for arg in args if isinstance(arg, torch.Tensor)]
        if any(t.dtype is torch.bfloat16 for t in tensors) and "mm" in str(function):
            self.found.append(str(function))
        return function(*args, **(kwargs or {}))


@contextmanager
def bf16_products(monkeypatch: pytest.MonkeyPatch, is_native: bool) -> Iterator[list[str]]:
    """The bf16 products made within, on a CPU that has units for them or not."""
    monkeypatch.setattr(cpu, "capability", lambda: "AVX512" if is_native else "AVX2")
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: is_native)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: is_native)
    with _Products() as products:
        yield products.found


def _train(folder: Path) -> None:
    loaded = tiny_model()
    how = Optimization(1e-3, muon_learning_rate=0.01)
    given = examples(loaded)
    plan = plan_steps([len(example) for example in given], 4, 1, np.random.default_rng(0))
    train(LanguageLoss(loaded, ALL_LOSSES), given, plan, how, context(folder))


def test_a_cpu_without_bf16_units_is_never_asked_for_a_bf16_product(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with bf16_products(monkeypatch, is_native=False) as found:
        _train(tmp_path)
        loaded = tiny_model()
        decode(loaded.model, prefill(loaded.model, [[5, 6, 7]]), {1}, Sampling(max_new_tokens=4))
    assert found == []


def test_a_cpu_with_bf16_units_uses_them_for_muon(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with bf16_products(monkeypatch, is_native=True) as found:
        _train(tmp_path)
    assert found
