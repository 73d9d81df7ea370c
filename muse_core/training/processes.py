"""What several training processes add up; alone, everything is left as it is.

Every process holds the whole model. The micro-batches of an optimizer step are dealt out and the gradients
summed, so that the losses are those of one process. Not covered: models that do not fit one device (FSDP).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import torch
from accelerate import Accelerator, DistributedType, PartialState

from muse_core.errors import ConfigError

Batch = TypeVar("Batch")


def refuse_sharding(accelerator: Accelerator) -> None:
    """ConfigError under an accelerate configuration that splits the model."""
    known = (DistributedType.NO, DistributedType.MULTI_GPU, DistributedType.MULTI_CPU)
    if accelerator.distributed_type not in known:
        raise ConfigError(
            f"accelerate is configured for {accelerator.distributed_type.value}; this version trains whole "
            "models, one per process. Choose plain multi-GPU in `accelerate config`, or use torchrun."
        )


def is_main_process() -> bool:
    """Whether this process saves and publishes."""
    return bool(PartialState().is_main_process)


def any_process(accelerator: Accelerator, flag: bool) -> bool:
    """Whether the flag is up in any process: all of them get the same answer."""
    if accelerator.num_processes == 1:
        return flag
    return bool(add_up(accelerator, torch.tensor([float(flag)], device=accelerator.device)).item())


def dealt_out(batches: Sequence[Batch], accelerator: Accelerator) -> list[tuple[Batch, float]]:
    """This process's micro-batches; one without work runs one with weight 0, so that all of them meet."""
    mine = batches[accelerator.process_index :: accelerator.num_processes]
    return [(micro, 1.0) for micro in mine] or [(batches[0], 0.0)]


def add_up(accelerator: Accelerator, values: torch.Tensor) -> torch.Tensor:
    """The sum over processes, in each."""
    return values if accelerator.num_processes == 1 else accelerator.reduce(values, "sum")


def add_up_gradients(accelerator: Accelerator, module: torch.nn.Module) -> None:
    """In place, as one message; a parameter without a gradient in one process counts as 0 there."""
    if accelerator.num_processes == 1:
        return
    trained = [p for p in module.parameters() if p.requires_grad]
    gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in trained]
    whole = add_up(accelerator, torch.cat([gradient.flatten() for gradient in gradients]))
    parts = whole.split([p.numel() for p in trained])
    for parameter, part in zip(trained, parts, strict=True):
        parameter.grad = part.view_as(parameter)
