"""Where the weights of a model lie that is only asked: what finds no room on a GPU stays in main memory and
is brought there layer by layer (accelerate's big-model inference), far slower than on the GPU alone.

Not covered: training, and log-probs over packed sequences, which read weights without their layers.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import torch

log = logging.getLogger(__name__)

ROOM = 0.8  # share of the free memory that weights may take; what is decoded takes the rest
GIB = 2**30


def placement(folder: Path, device: str) -> dict[str, Any]:
    """What `from_pretrained` has to be told, so that a model finds room on a device; {} where it does, and on
    a CPU, which has no other place."""
    if not device.startswith("cuda"):
        return {}
    weights = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    free = torch.cuda.mem_get_info(torch.device(device))[0]
    if weights <= ROOM * free:
        return {}
    log.warning(
        "%s: %.1f GiB of weights, and %.1f GiB free on the GPU: the layers that find no room stay in main "
        "memory, and answers take far longer. Give it a GPU of its own, or a smaller base.model.",
        folder, weights / GIB, free / GIB,
    )  # fmt: skip
    at = torch.device(device).index or 0
    return {"device_map": "auto", "max_memory": {at: int(ROOM * free), "cpu": torch.iinfo(torch.int64).max}}


def is_placed(model: torch.nn.Module) -> bool:
    """Whether its layers have places of their own, from which nothing may move it."""
    return getattr(model, "hf_device_map", None) is not None
