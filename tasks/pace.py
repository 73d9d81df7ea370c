"""How fast this machine trains a run's own model: from scratch, or of a base's architecture.

A larger base than MEASURED, and one that trains by LoRA, is reckoned from the small model by their
parameters: a step of it takes minutes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from muse_core.config.run_config import RunConfig
from muse_core.models.cpu import native_bf16

if TYPE_CHECKING:
    from muse_core.training.probe import Probe

MEASURED = 1_000_000_000  # parameters
FASTER = 1.1  # bf16 has to be, in one step each, before a run computes in it


def pace(config: RunConfig, device: Literal["cpu", "cuda"]) -> tuple[Probe, int | None]:
    """The probe, and the parameters of a pretrained base, which it has trained or from which its rate is
    reckoned. ConfigError where the base's configuration cannot be read."""
    from muse_core.training.probe import probe

    if config.base.source == "scratch":
        return probe(config, device), None
    from muse_core.models.base_check import parameters_of, untrained

    model, trim = str(config.base.model), config.base.trim_vocab
    parameters = parameters_of(model, trim)
    if parameters > MEASURED or config.sft.lora_rank:
        return probe(config, device), parameters
    return probe(config, device, base=untrained(model, trim)), parameters


def fastest(config: RunConfig, device: Literal["cpu", "cuda"]) -> tuple[RunConfig, Probe, int | None]:
    """The configuration with the precision that trains its pretrained base faster on this CPU, where the user
    has left it open (`auto` is fp32 on a CPU) and the CPU has units for bf16; and its pace."""
    found, parameters = pace(config, device)
    is_open = config.execution.precision == "auto" and device == "cpu" and config.base.source != "scratch"
    if not is_open or found.parameters != parameters or not native_bf16():
        return config, found, parameters
    execution = config.execution.model_copy(update={"precision": "bf16"})
    other = config.model_copy(update={"execution": execution})
    in_bf16, _ = pace(other, device)
    if in_bf16.tokens_per_second < FASTER * found.tokens_per_second:
        return config, found, parameters
    return other, in_bf16, parameters
