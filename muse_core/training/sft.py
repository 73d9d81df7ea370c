"""Supervised fine-tuning, measured on dev, teacher-forced (docs/seed.md#what-is-printed-per-epoch)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from muse_core.examples.example import ARGUMENT_PART, Example
from muse_core.models.device import release_memory
from muse_core.models.packed_sequences import packed_attention
from muse_core.training.batches import MicroBatch, micro_batches, totals
from muse_core.training.losses import LanguageLoss, Look
from muse_core.training.memory import halved, is_out_of_memory
from muse_core.training.precision import autocast


def epoch_block(epoch: int, epochs: int, values: Mapping[str, float]) -> str:
    """The founding guide's block. Argument quality here: 1 + 4 x the share of right argument tokens,
    teacher-forced; fluency: perplexity of gold replies. The evaluated scores are `evaluate`'s."""
    return (
        f"Epoch {epoch}/{epochs} Results (dev):\n"
        f"- Tool Prediction Accuracy: {100 * values['dev_tool_accuracy']:.1f}%\n"
        f"- Position Prediction Loss: {values.get('dev_position', float('nan')):.3f}\n"
        f"- Argument Quality (teacher-forced): {1 + 4 * values['dev_argument_token_accuracy']:.2f}/5, "
        f"exact calls {100 * values['dev_exact_call']:.1f}%\n"
        f"- Fluency: reply perplexity {math.exp(min(20.0, values['dev_fluency'])):.2f}\n"
        f"- Validation Loss: {values['dev_loss']:.3f}"
    )


def measure(
    module: LanguageLoss,
    examples: Sequence[Example],
    tool_id: int,
    device: str,
    micro_batch_tokens: int,
    precision: str = "auto",
) -> dict[str, float]:
    """What the block says, teacher-forced. `dev_loss` = the weighted training loss over all of dev.

    A decision is right when the argmax chooses `<tool>` (`tool_id`) and every token of the name where
    the gold turn calls, and anything but `<tool>` where it does not; `dev_exact_call` asks for every
    token of the first call, which is what greedy decoding would write. Where memory does not suffice it is
    done again in smaller micro-batches."""
    while True:
        try:
            return _measured(module, examples, tool_id, device, micro_batch_tokens, precision)
        except (RuntimeError, MemoryError) as problem:
            if not is_out_of_memory(problem):
                raise
        release_memory()
        micro_batch_tokens = halved(examples, micro_batch_tokens, "sft")


@torch.no_grad()
def _measured(
    module: LanguageLoss,
    examples: Sequence[Example],
    tool_id: int,
    device: str,
    micro_batch_tokens: int,
    precision: str,
) -> dict[str, float]:
    count = totals(examples)
    sums: dict[str, float] = {}
    tally = Tally()
    with packed_attention(module.model), autocast(device, precision):
        for micro in micro_batches(examples, micro_batch_tokens, device):
            look = module.look(micro, count)
            for name, value in {"loss": look.loss, **look.sums}.items():
                sums[name] = sums.get(name, 0.0) + float(value)
            _count(module, micro, look, tool_id, tally)
    return {f"dev_{name}": value for name, value in sums.items()} | tally.rates()


@dataclass
class Tally:
    """Counts behind the rates."""

    turns: int = 0
    right: int = 0
    agree: int = 0
    calls: int = 0
    exact: int = 0
    argument_tokens: int = 0
    argument_right: int = 0

    def rates(self) -> dict[str, float]:
        return {
            "dev_tool_accuracy": self.right / max(1, self.turns),
            "dev_exact_call": self.exact / max(1, self.calls),
            "dev_argument_token_accuracy": self.argument_right / max(1, self.argument_tokens),
            "dev_tool_head_agreement": self.agree / max(1, self.turns),
        }


def _count(module: LanguageLoss, micro: MicroBatch, look: Look, tool_id: int, tally: Tally) -> None:
    best = look.logits.argmax(-1)
    is_right = best == micro.targets
    is_argument = micro.parts == ARGUMENT_PART
    tally.argument_tokens += int(is_argument.sum())
    tally.argument_right += int((is_right & is_argument).sum())
    predicted = torch.full((micro.tokens,), -1, dtype=torch.long, device=best.device)
    predicted[micro.rows + 1] = best
    right = (predicted == micro.packed.ids).tolist()
    called = (predicted == tool_id).tolist()
    heads = module.heads.tool_logits(look.hidden[micro.start_rows].float()).argmax(-1).tolist()
    begins = zip(micro.packed.cu_seqlens, micro.examples, strict=False)
    starts = [(start, begin + start.at + 1) for begin, example in begins for start in example.starts]
    for (start, first), head in zip(starts, heads, strict=True):
        act_end, call_end = first + start.act_end - start.at - 1, first + start.call_end - start.at - 1
        named = bool(start.tool) and all(right[first:act_end])
        decided = start.tool if named else -1 if called[first] else 0
        tally.turns += 1
        tally.right += decided == start.tool
        tally.agree += decided == head
        tally.calls += bool(start.tool)
        tally.exact += bool(start.tool) and all(right[first:call_end])
