from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from muse_core.errors import MuseError
from muse_core.training.batches import StepPlan, plan_steps
from muse_core.training.checkpoints import TrainingState, weights_digest
from muse_core.training.dropout import residual_dropout
from muse_core.training.loop import Optimization, rate_at, train
from muse_core.training.losses import LanguageLoss
from tests.unit.models.builders_models import tiny_model
from tests.unit.training.builders_training import ALL_LOSSES, context, examples

ROOT = Path(__file__).resolve().parents[3]
HOW = Optimization(3e-3, save_every_steps=2, micro_batch_tokens=300, note="test")


class Stop(Exception):
    """Stands for a killed process."""


class StopsAt:
    """A progress that interrupts the training at a step."""

    def __init__(self, step: int) -> None:
        self.step = step

    def update(self, done: int, total: int, note: str = "") -> None:
        if done >= self.step:
            raise Stop


def plan(epochs: int = 3) -> StepPlan:
    return plan_steps([1] * 8, 4, epochs, np.random.default_rng(0))


def run(
    root: Path, name: str, how: Optimization = HOW, **changes: object
) -> tuple[LanguageLoss, TrainingState]:
    loaded = tiny_model()
    module = LanguageLoss(loaded, ALL_LOSSES)
    documents = examples(loaded)

    def measure(epoch: int) -> Mapping[str, float]:
        return {"dev_loss": {1: 3.0, 2: 1.0, 3: 2.0}[epoch]}

    with residual_dropout(loaded.model, 0.1):
        state = train(module, documents, plan(), how, context(root, name, **changes), measure)
    return module, state


@pytest.mark.parametrize("how", [HOW, replace(HOW, muon_learning_rate=0.02)], ids=["adamw", "muon"])
def test_a_resumed_training_ends_with_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: Optimization
) -> None:
    """Interrupted at step 5 of 6 (after the best epoch was saved), resumed from step 4, with dropout."""
    monkeypatch.setattr("muse_core.training.recorder.LOG_EVERY_STEPS", 1)
    whole, state = run(tmp_path, "whole", how)
    with pytest.raises(Stop):
        run(tmp_path, "cut", how, progress=StopsAt(5))
    again, resumed = run(tmp_path, "cut", how)
    assert weights_digest(again) == weights_digest(whole)
    assert (resumed.step, resumed.best_step, resumed.tokens) == (6, 4, state.tokens)
    assert resumed.history == state.history


def test_the_best_epoch_is_what_remains(tmp_path: Path) -> None:
    module, state = run(tmp_path, "best")
    assert state.best_step == 4 and state.best_value == 1.0 and len(state.history) == 3
    again, _ = run(tmp_path, "best")  # nothing left to do: the same weights come back
    assert weights_digest(again) == weights_digest(module)


def test_patience_ends_a_training_that_gets_worse(tmp_path: Path) -> None:
    def worse(epoch: int) -> Mapping[str, float]:
        return {"dev_loss": float(epoch)}

    module = LanguageLoss(tiny_model(), ALL_LOSSES)
    documents, how = examples(tiny_model()), replace(HOW, patience=1)
    ctx = context(tmp_path, "patient")
    state = train(module, documents, plan(), how, ctx, worse)
    assert (state.step, state.best_step, len(state.history)) == (4, 2, 2)
    again = train(module, documents, plan(), how, ctx, worse)  # where it stopped, it stays
    assert (again.step, again.best_step) == (4, 2)
    assert len(run(tmp_path, "patient enough", replace(HOW, patience=2))[1].history) == 3


def test_training_leaves_the_global_generator_and_the_attention_alone(tmp_path: Path) -> None:
    state = torch.get_rng_state()
    module, _ = run(tmp_path, "quiet")
    assert torch.equal(torch.get_rng_state(), state)
    assert module.model.config._attn_implementation == "sdpa" and not module.training


def test_the_loss_falls(tmp_path: Path) -> None:
    logged: list[Mapping[str, float]] = []

    class Sink:
        def log(self, metrics: Mapping[str, float], step: int | None = None) -> None:
            logged.append(metrics)

    loaded = tiny_model()
    module = LanguageLoss(loaded, ALL_LOSSES)
    documents = examples(loaded)
    train(module, documents, plan(20), HOW, context(tmp_path, metrics=Sink()))
    losses = [entry["train_loss"] for entry in logged if "train_loss" in entry]
    assert losses[-1] < 0.7 * losses[0]
    assert {"train_tool", "train_position", "learning_rate", "tokens_per_second", "train_grad_norm"} <= set(
        logged[0]
    )


def test_a_loss_that_is_not_a_number_stops_with_advice(tmp_path: Path) -> None:
    loaded = tiny_model()
    with torch.no_grad():
        loaded.model.get_input_embeddings().weight[:] = float("nan")
    documents = examples(loaded)
    with pytest.raises(MuseError, match="Lower the learning rate"):
        train(LanguageLoss(loaded, ALL_LOSSES), documents, plan(), HOW, context(tmp_path))


def test_a_step_that_teaches_nothing_is_refused(tmp_path: Path) -> None:
    loaded = tiny_model()
    silent = [replace(example, parts=[0] * len(example)) for example in examples(loaded)]
    with pytest.raises(MuseError, match="0 of 8 samples have one"):
        train(LanguageLoss(loaded, ALL_LOSSES), silent, plan(), HOW, context(tmp_path))


def test_a_loss_that_stands_still_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    loaded = tiny_model()
    documents = examples(loaded)
    still = Optimization(1e-12, save_every_steps=100, note="still")
    with caplog.at_level(logging.WARNING):
        train(LanguageLoss(loaded, ALL_LOSSES), documents, plan(5), still, context(tmp_path))
    assert "the loss did not fall" in caplog.text


def test_the_learning_rate_warms_up_and_falls_to_zero() -> None:
    how = Optimization(1.0, warmup_ratio=0.2)
    rates = [rate_at(step, 10, how) for step in range(10)]
    assert rates[:3] == [0.5, 1.0, 1.0] and rates[-1] == pytest.approx(1 / 8)
    assert rates[2:] == sorted(rates[2:], reverse=True)


def test_dropout_only_acts_within_and_in_training() -> None:
    model = tiny_model().model
    ids = torch.tensor([[5, 6, 7]])
    plain = model(ids).logits
    with residual_dropout(model, 0.5):
        assert torch.equal(model(ids).logits, plain)
        model.train()
        assert not torch.equal(model(ids).logits, plain)
    assert torch.equal(model(ids).logits, plain)


def test_bf16_on_a_cpu_is_there_when_asked_for(tmp_path: Path) -> None:
    seen: list[torch.dtype] = []
    losses: dict[str, float] = {}
    for precision in ("bf16", "fp32"):
        loaded = tiny_model()
        module = LanguageLoss(loaded, ALL_LOSSES)
        loaded.model.get_output_embeddings().register_forward_hook(lambda *call: seen.append(call[2].dtype))

        class Sink:
            def log(self, metrics: Mapping[str, float], step: int | None = None, of: str = precision) -> None:
                losses[of] = metrics.get("train_loss", losses.get(of, 0.0))

        train(
            module,
            examples(loaded),
            plan(),
            HOW,
            context(tmp_path, precision, precision=precision, metrics=Sink()),
        )
        assert all(p.dtype == torch.float32 for p in loaded.model.parameters())
    assert seen[0] == torch.bfloat16 and seen[-1] == torch.float32
    assert losses["bf16"] == pytest.approx(losses["fp32"], rel=0.02) and losses["bf16"] != losses["fp32"]
