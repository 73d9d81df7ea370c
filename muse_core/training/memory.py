"""When memory does not suffice: which errors say so, and how a step is cut smaller."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from accelerate.utils.memory import should_reduce_batch_size

from muse_core.errors import HardwareError
from muse_core.examples.example import Example
from muse_core.models.packed_sequences import by_tokens

SMALLER = {  # by what is trained
    "base": "Lower base.max_positions or base.hidden_size",
    "sft": "Lower sft.max_sequence_length, set sft.gradient_checkpointing=true or sft.lora_rank=16, or "
    "choose a smaller base.model",
    "dpo": "Lower dpo.max_sequence_length, set dpo.lora_rank=16, or choose a smaller base.model",
    "rft": "Lower rft.max_sequence_length, set rft.lora_rank=16, or choose a smaller base.model",
    "grpo": "Lower grpo.max_new_tokens, set grpo.lora_rank=16, or choose a smaller base.model",
}


def is_out_of_memory(problem: BaseException) -> bool:
    """Of a GPU, or of the CPU's allocator."""
    if isinstance(problem, torch.OutOfMemoryError | MemoryError):
        return True
    is_known = isinstance(problem, Exception) and should_reduce_batch_size(problem)
    return is_known or (isinstance(problem, RuntimeError) and "not enough memory" in str(problem))


def halved(examples: Sequence[Example], max_tokens: int, note: str) -> int:
    """A token budget under which the step's micro-batches are at most half as large.

    HardwareError where each holds one document already."""
    lengths = [len(example) for example in examples]
    groups = by_tokens(lengths, lengths, max_tokens)
    if all(len(group) == 1 for group in groups):
        raise HardwareError(
            f"{note}: out of memory with one conversation of {max(lengths)} tokens alone; it cannot be cut "
            f"smaller. {SMALLER.get(note, SMALLER['sft'])}. The last checkpoint is kept."
        )
    return max(1, min(max_tokens, max(sum(group) for group in groups if len(group) > 1)) // 2)
