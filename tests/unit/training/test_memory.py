"""Out of memory: real errors of the real allocators, raised from the forward pass."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from muse_core.config.load import all_keys
from muse_core.errors import HardwareError
from muse_core.training.batches import MicroBatch, Totals, plan_steps
from muse_core.training.checkpoints import TrainingState, weights_digest
from muse_core.training.loop import Optimization, train
from muse_core.training.losses import LanguageLoss, Look, Sums
from muse_core.training.memory import halved, is_out_of_memory
from muse_core.training.sft import measure
from tests.unit.models.builders_models import tiny_model
from tests.unit.training.builders_training import ALL_LOSSES, context, examples

HOW = Optimization(3e-3, micro_batch_tokens=4096, note="sft")


def cpu_allocator() -> None:
    torch.empty(1 << 60)


def python_allocator() -> None:
    bytearray(1 << 62)


def gpu_allocator() -> None:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


class SmallMachine(LanguageLoss):
    """Runs out of memory behind the forward pass of more than `room` tokens."""

    room = 400
    fail: Callable[[], None] = staticmethod(cpu_allocator)

    def forward(self, micro: MicroBatch, totals: Totals) -> tuple[torch.Tensor, Sums]:
        found = super().forward(micro, totals)
        if micro.tokens > self.room:
            type(self).fail()
        return found


def run(root: Path, kind: type[LanguageLoss]) -> TrainingState:
    loaded = tiny_model()
    found = examples(loaded)
    plan = plan_steps([len(e) for e in found], 4, 2, np.random.default_rng(0))
    module = kind(loaded, ALL_LOSSES)
    return train(module, found, plan, HOW, context(root, kind.__name__))


@pytest.mark.parametrize("fail", [cpu_allocator, python_allocator, gpu_allocator])
def test_a_step_that_does_not_fit_is_repeated_with_the_same_samples(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, fail: Callable[[], None]
) -> None:
    class Failing(SmallMachine):
        pass

    Failing.fail = staticmethod(fail)
    logged: list[dict[str, float]] = []

    class Sink:
        def log(self, metrics: dict[str, float], step: int | None = None) -> None:
            logged.append(dict(metrics))

    loaded = tiny_model()
    found = examples(loaded)
    plan = plan_steps([len(e) for e in found], 4, 2, np.random.default_rng(0))
    with caplog.at_level(logging.WARNING):
        state = train(
            Failing(loaded, ALL_LOSSES), found, plan, HOW, context(tmp_path, "small", metrics=Sink())
        )
    assert "out of memory at step 1: repeated with micro-batches of" in caplog.text
    assert state.retries >= 1 and state.tokens == 2 * sum(len(e) for e in found)
    cut = int(
        next(entry["micro_batch_tokens"] for entry in reversed(logged) if "micro_batch_tokens" in entry)
    )

    other = tiny_model()  # a machine that was asked for the small micro-batches at once
    small = Optimization(3e-3, micro_batch_tokens=cut, note="sft")
    train(LanguageLoss(other, ALL_LOSSES), found, plan, small, context(tmp_path, "asked"))
    assert weights_digest(other.model) == weights_digest(loaded.model)


def test_measuring_on_dev_is_done_again_in_smaller_pieces() -> None:
    sizes: list[int] = []

    class Small(LanguageLoss):
        def look(self, micro: MicroBatch, totals: Totals) -> Look:
            sizes.append(micro.tokens)
            if micro.tokens > SmallMachine.room:
                cpu_allocator()
            return super().look(micro, totals)

    loaded = tiny_model()
    found, tool_id = examples(loaded), loaded.tokenizer.convert_tokens_to_ids("<tool>")
    expected = measure(LanguageLoss(loaded, ALL_LOSSES), found, tool_id, "cpu", 4096)
    assert measure(Small(loaded, ALL_LOSSES), found, tool_id, "cpu", 4096) == pytest.approx(expected)
    assert max(sizes) > SmallMachine.room >= sizes[-1]


def test_one_document_that_does_not_fit_is_refused_with_advice(tmp_path: Path) -> None:
    class Tiny(SmallMachine):
        room = 10

    with pytest.raises(HardwareError, match=r"sft\.max_sequence_length"):
        run(tmp_path, Tiny)


def test_other_errors_are_not_mistaken_for_memory(tmp_path: Path) -> None:
    class Broken(LanguageLoss):
        def forward(self, micro: MicroBatch, totals: Totals) -> tuple[torch.Tensor, Sums]:
            raise RuntimeError("mat1 and mat2 shapes cannot be multiplied (3x4 and 5x6)")

    with pytest.raises(RuntimeError, match="mat1"):
        run(tmp_path, Broken)
    assert is_out_of_memory(
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes")
    )


def test_an_optimizer_that_does_not_fit_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.optim.AdamW, "step", lambda *_, **__: cpu_allocator())
    with pytest.raises(HardwareError, match="lora_rank=16"):
        run(tmp_path, LanguageLoss)


def test_halving_goes_below_what_the_step_really_held() -> None:
    found = examples(tiny_model())[:4]
    whole = sum(len(e) for e in found)
    assert halved(found, 10**6, "sft") == whole // 2
    with pytest.raises(HardwareError):
        halved(found, 1, "sft")


@pytest.mark.parametrize(
    ("stage", "advised"),
    [
        ("base", "base.max_positions"),
        ("sft", "sft.gradient_checkpointing=true"),
        *((method, f"{method}.lora_rank=16") for method in ("dpo", "rft", "grpo")),
    ],
)
def test_each_stage_is_told_what_it_can_set(stage: str, advised: str) -> None:
    with pytest.raises(HardwareError) as told:
        halved(examples(tiny_model()), 1, stage)
    keys = re.findall(r"\b(?:base|sft|dpo|rft|grpo)\.[a-z_]+", str(told.value))
    assert advised in str(told.value) and set(keys) <= set(all_keys())
