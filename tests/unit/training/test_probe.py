"""The probe trains for real: a model of the run's size, with its optimizer, for about as long as it may."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from muse_core.config.run_config import RunConfig, SftConfig
from muse_core.training import probe as probing
from muse_core.training.loop import take_step
from muse_core.training.optimizer import MuonWithAdamW
from muse_core.training.probe import probe
from tests.unit.models.builders_models import TINY

CONFIG = RunConfig(
    base=TINY,
    sft=SftConfig(
        batch_size=4, gradient_accumulation_steps=1, single_turn_tokens=1000, muon_learning_rate=0.02,
        utterance_weight=1.0,
    ),
)  # fmt: skip


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, float]]:
    """What the loop's own step returned, each time that the probe took one."""
    taken = []

    def step(run: probing.Run) -> dict[str, float]:
        taken.append(take_step(run) | {"tokens": float(run.state.tokens), "parameters": float(_size(run))})
        assert isinstance(run.optimizer.optimizer, MuonWithAdamW)
        return taken[-1]

    monkeypatch.setattr(probing, "take_step", step)
    return taken


def _size(run: probing.Run) -> int:
    return sum(p.numel() for p in run.module.model.parameters())


def test_it_takes_steps_of_the_houses_own_loop_with_the_runs_model(steps: list[dict[str, float]]) -> None:
    found = probe(CONFIG, seconds=0.3)
    assert found.steps == len(steps) - 1 >= 1  # the warm-up is not measured
    trained = steps[-1]["tokens"] - steps[0]["tokens"]
    assert 0.2 < found.tokens_per_second * found.seconds / trained < 5  # the median of the steps' own rates
    assert all(one["loss"] > 0 and one["grad_norm"] > 0 for one in steps)
    assert steps[0]["parameters"] > TINY.vocab_size * TINY.hidden_size
    assert (found.threads, found.device) == (torch.get_num_threads(), "cpu")


def test_a_slow_machine_still_takes_some_steps_and_one_that_was_disturbed_does_not_decide(
    steps: list[dict[str, float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = iter([900.0, 3.0, 1000.0])
    monkeypatch.setattr(probing, "_rate", lambda run: probing._advance(run) or next(rates))
    found = probe(CONFIG, seconds=0.0)
    assert found.steps == len(steps) - 1 == 3 and found.tokens_per_second == 900.0


def test_it_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.chdir(tmp_path)
    before = torch.random.get_rng_state()
    probe(CONFIG, seconds=0.0)
    assert list(tmp_path.iterdir()) == []
    assert torch.equal(torch.random.get_rng_state(), before)


def test_without_single_turns_it_reads_conversations_alone() -> None:
    plain = CONFIG.model_copy(update={"sft": SftConfig(batch_size=2, gradient_accumulation_steps=2)})
    examples, plan = probing._documents(plain, probing.np.random.default_rng(1))
    assert {len(step) for step in plan.order} == {4}
    assert min(len(example) for example in examples) >= min(probing.TALK_TOKENS[0], TINY.max_positions)
