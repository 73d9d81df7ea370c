"""Mixed precision for forward passes outside of the loop (references, measuring)."""

from __future__ import annotations

from contextlib import AbstractContextManager

import torch

from muse_core.models.device import resolve_precision

DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


def autocast(device: str, asked: str = "auto") -> AbstractContextManager[None]:
    """The training's precision (`execution.precision`) on `device`."""
    dtype = DTYPES.get(resolve_precision(asked, device))
    return torch.autocast(device.split(":")[0], dtype, enabled=dtype is not None)
