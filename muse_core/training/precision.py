"""Mixed precision: bf16 where the hardware multiplies in it, fp32 elsewhere (on a CPU without such
units bf16 runs at a third to a tenth of the speed: TRAPS.md)."""

from __future__ import annotations

from contextlib import AbstractContextManager

import torch


def precision_of(device: str) -> str:
    """accelerate's name of the precision: `bf16` or `no`."""
    return "bf16" if device.startswith("cuda") and torch.cuda.is_bf16_supported() else "no"


def autocast(device: str) -> AbstractContextManager[None]:
    """The training's precision for forward passes outside of accelerate (references, measuring)."""
    kind = device.split(":")[0]
    return torch.autocast(kind, torch.bfloat16, enabled=precision_of(device) == "bf16")
