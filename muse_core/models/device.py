"""Which device and which precision a run uses. torch is imported only when there is a driver to ask."""

from __future__ import annotations

import ctypes
import gc
import sys
from contextlib import suppress
from pathlib import Path
from typing import Literal

from muse_core.errors import HardwareError
from muse_core.models.cpu import capability, native_bf16, thread_count

DRIVER_NODES = ("/dev/nvidiactl", "/dev/nvidia0", "/dev/dxg")


def resolve_device(asked: Literal["auto", "cpu", "cuda"]) -> Literal["cpu", "cuda"]:
    """`auto` takes the GPU when there is one; `cuda` without one is a HardwareError."""
    if asked == "cpu":
        return "cpu"
    if gpu_works():
        return "cuda"
    if asked == "auto":
        return "cpu"
    raise HardwareError(
        "execution.device is 'cuda', but no usable GPU was found. "
        "Use --set execution.device=cpu, or choose --preset cpu or --preset quickstart."
    )


def gpu_works() -> bool:
    """Whether torch sees a CUDA device; answered without torch where no driver is present."""
    if not any(Path(node).exists() for node in DRIVER_NODES):
        return False
    import torch

    return torch.cuda.is_available()


def resolve_precision(asked: str, device: str) -> Literal["fp32", "bf16", "fp16"]:
    """What forward and backward passes compute in on `device`; HardwareError where it cannot.

    `auto`: bf16 on a GPU that has it, fp16 (with a loss scaler) on another, fp32 on a CPU, where bf16 is
    slower without units for it and gained a small model nothing end to end with them; for a base that it
    trains faster `cpu.hours` asks for it (`tasks/pace.py`)."""
    is_cpu = device == "cpu"
    if asked in ("fp32", "auto") and (is_cpu or asked == "fp32"):
        return "fp32"
    if asked == "bf16" and is_cpu and not native_bf16():
        raise HardwareError(
            f"execution.precision is 'bf16', but this CPU ({capability()}) has no bf16 units: emulated, a "
            "product takes about ten times as long as in fp32. Set --set execution.precision=auto "
            "(fp32 on a CPU)."
        )
    if asked == "fp16" and is_cpu:
        raise HardwareError(
            "execution.precision is 'fp16', which needs a GPU; found device cpu. "
            "Use --set execution.precision=auto (fp32 on a CPU), or bf16."
        )
    if asked == "fp16" or (not is_cpu and not _gpu_has_bf16()):
        return _fp16_instead(asked)
    return "bf16"


def _fp16_instead(asked: str) -> Literal["fp16"]:
    if asked == "bf16":
        raise HardwareError(
            "execution.precision is 'bf16', but this GPU has no bf16 units. "
            "Use --set execution.precision=fp16, or auto."
        )
    return "fp16"


def _gpu_has_bf16() -> bool:
    import torch

    return torch.cuda.is_bf16_supported(including_emulation=False)


def use_threads(asked: int) -> int:
    """Lets torch compute with `asked` threads, 0 = one per usable core, and never more than those; returns
    how many."""
    import torch

    count = thread_count(asked)
    torch.set_num_threads(count)
    return count


def release_memory() -> None:
    """Gives back to the system what was freed. glibc keeps it otherwise, 6 GB after training 132M parameters,
    beside which the next stage finds no room; and torch that of a GPU. To be called outside of an `except`,
    which holds the tensors of a pass that failed."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    with suppress(OSError, AttributeError, TypeError):  # another C library has no such call
        ctypes.CDLL(None).malloc_trim(0)
