from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest
import torch

from muse_core.errors import HardwareError
from muse_core.models import device
from muse_core.models.device import resolve_device, resolve_precision


def test_a_gpu_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "DRIVER_NODES", ("/dev/no-such-node",))
    assert resolve_device("auto") == "cpu"
    with pytest.raises(HardwareError, match="no usable GPU"):
        resolve_device("cuda")


def test_a_cpu_computes_in_fp32_unless_bf16_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "native_bf16", lambda: True)
    assert resolve_precision("auto", "cpu") == "fp32" and resolve_precision("fp32", "cpu") == "fp32"
    assert resolve_precision("bf16", "cpu") == "bf16"
    with pytest.raises(HardwareError, match="needs a GPU"):
        resolve_precision("fp16", "cpu")


def test_bf16_that_a_cpu_would_emulate_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "native_bf16", lambda: False)
    with pytest.raises(HardwareError, match=r"no bf16 units.*execution\.precision=auto"):
        resolve_precision("bf16", "cpu")


def test_more_threads_than_cores_are_never_taken() -> None:
    before = torch.get_num_threads()
    try:
        assert device.use_threads(64) == torch.get_num_threads() <= len(os.sched_getaffinity(0))
        assert device.use_threads(1) == torch.get_num_threads() == 1
        assert device.use_threads(0) >= 1
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(("has_bf16", "chosen"), [(True, "bf16"), (False, "fp16")])
def test_a_gpu_computes_in_what_it_has(monkeypatch: pytest.MonkeyPatch, has_bf16: bool, chosen: str) -> None:
    monkeypatch.setattr(device, "_gpu_has_bf16", lambda: has_bf16)
    assert resolve_precision("auto", "cuda") == chosen and resolve_precision("fp32", "cuda") == "fp32"
    assert resolve_precision("fp16", "cuda:1") == "fp16"


def test_bf16_on_a_gpu_without_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_gpu_has_bf16", lambda: False)
    with pytest.raises(HardwareError, match=r"execution\.precision=fp16"):
        resolve_precision("bf16", "cuda")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library keeps nothing, or says not")
def test_what_was_freed_is_given_back_to_the_system() -> None:
    """In a process of its own: its memory must be no other test's."""
    text = """
import re
import torch
from muse_core.models.device import release_memory
held = lambda: int(re.search(r"VmRSS:\\s+(\\d+)", open("/proc/self/status").read())[1]) // 1024
for _ in range(2):  # the second time none of them is a mapping of its own
    blocks = [torch.ones(100_000) for _ in range(1000)]
    kept = blocks[::100]
    del blocks
before = held()
release_memory()
print(before - held())
"""
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert int(done.stdout) > 100  # of 400 MB
