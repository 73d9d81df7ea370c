from __future__ import annotations

import pytest

from muse_core.errors import HardwareError
from muse_core.models import device
from muse_core.models.device import resolve_device, resolve_precision


def test_a_gpu_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "DRIVER_NODES", ("/dev/no-such-node",))
    assert resolve_device("auto") == "cpu"
    with pytest.raises(HardwareError, match="no usable GPU"):
        resolve_device("cuda")


def test_a_cpu_computes_in_fp32_unless_bf16_is_asked_for() -> None:
    assert resolve_precision("auto", "cpu") == "fp32" and resolve_precision("fp32", "cpu") == "fp32"
    assert resolve_precision("bf16", "cpu") == "bf16"
    with pytest.raises(HardwareError, match="needs a GPU"):
        resolve_precision("fp16", "cpu")


@pytest.mark.parametrize(("has_bf16", "chosen"), [(True, "bf16"), (False, "fp16")])
def test_a_gpu_computes_in_what_it_has(monkeypatch: pytest.MonkeyPatch, has_bf16: bool, chosen: str) -> None:
    monkeypatch.setattr(device, "_gpu_has_bf16", lambda: has_bf16)
    assert resolve_precision("auto", "cuda") == chosen and resolve_precision("fp32", "cuda") == "fp32"
    assert resolve_precision("fp16", "cuda:1") == "fp16"


def test_bf16_on_a_gpu_without_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_gpu_has_bf16", lambda: False)
    with pytest.raises(HardwareError, match=r"execution\.precision=fp16"):
        resolve_precision("bf16", "cuda")
