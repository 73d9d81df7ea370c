"""Which device a run uses. torch is imported only when there is a driver to ask it about."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from muse_core.errors import HardwareError

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
        "Set --set execution.device=cpu, or choose --preset cpu or --preset quickstart."
    )


def gpu_works() -> bool:
    """Whether torch sees a CUDA device; answered without torch where no driver is present."""
    if not any(Path(node).exists() for node in DRIVER_NODES):
        return False
    import torch

    return torch.cuda.is_available()


def use_threads(count: int) -> None:
    """Limits torch to `count` threads; 0 leaves torch's own choice (all cores)."""
    if count:
        import torch

        torch.set_num_threads(count)
