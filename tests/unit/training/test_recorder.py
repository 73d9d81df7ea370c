from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import pytest

from muse_core.progress import Silent
from muse_core.training.checkpoints import TrainingState
from muse_core.training.recorder import Recorder
from tests.unit.training.builders_training import context


def tell(
    root: Path, losses: list[float], norms: list[float], **changes: object
) -> list[tuple[int | None, Mapping[str, float]]]:
    logged: list[tuple[int | None, Mapping[str, float]]] = []

    class Sink:
        def log(self, metrics: Mapping[str, float], step: int | None = None) -> None:
            logged.append((step, metrics))

    recorder = Recorder(context(root, metrics=Sink(), **changes), "sft", [100] * len(losses))
    for at, (loss, norm) in enumerate(zip(losses, norms, strict=True), 1):
        state = TrainingState(at, tokens=100 * at, supervised=25 * at, seconds=2.0 * at)
        recorder.step(state, {"loss": loss, "grad_norm": norm}, 1e-3)
    return logged


def test_speed_share_and_time_left_are_measured(tmp_path: Path) -> None:
    logged = tell(tmp_path, [2.0] * 3 + [1.0] * 9, [1.0] * 12)
    assert [step for step, _ in logged] == [5, 10, 12]
    first = logged[0][1]
    assert first["tokens_per_second"] == 50 and first["supervised_share"] == 0.25
    assert first["seconds_left"] == 14 and first["train_loss"] == 1.0 and first["learning_rate"] == 1e-3


def test_a_gradient_spike_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        tell(tmp_path, [3.0 - 0.1 * n for n in range(25)], [1.0] * 15 + [50.0, 50.0] + [1.0] * 8)
    assert caplog.text.count("50 times its usual 1") == 1 and "step 16" in caplog.text


def test_a_loss_that_stands_still_is_told_half_way_and_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        tell(tmp_path, [3.0] * 40, [1.0] * 40)
    assert caplog.text.count("the loss did not fall") == 1 and "after 20 steps" in caplog.text
    assert "raise learning_rate" in caplog.text


def test_a_training_that_goes_on_is_not_judged_by_the_end_that_it_sees(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Seen: resumed at step 40 of 50, where the rate is next to nothing."""
    recorder = Recorder(context(tmp_path), "dpo", [100] * 50)
    recorder.begin(30)
    with caplog.at_level(logging.WARNING):
        for at in range(31, 51):
            recorder.step(TrainingState(at, seconds=at), {"loss": 0.4, "grad_norm": 1.0}, 1e-3)
    assert "did not fall" not in caplog.text


def test_turns_that_the_model_wrote_itself_need_not_fall(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Seen: RFT's rounds, each on other turns, whose loss stands near its least from the beginning."""
    recorder = Recorder(context(tmp_path), "rft", [100] * 20, must_fall=False)
    with caplog.at_level(logging.WARNING):
        for at in range(1, 21):
            recorder.step(TrainingState(at, seconds=at), {"loss": 0.4, "grad_norm": 1.0}, 1e-3)
    assert "did not fall" not in caplog.text


def test_of_dpo_the_preferences_have_to_fall_not_the_sum_with_the_nll(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = Recorder(context(tmp_path), "dpo", [100] * 20)
    with caplog.at_level(logging.WARNING):
        for at in range(1, 21):
            values = {"loss": 1.5 + 0.01 * at, "dpo_loss": 0.69 - 0.005 * at, "grad_norm": 1.0}
            recorder.step(TrainingState(at, tokens=100 * at, seconds=2.0 * at), values, 1e-4)
    assert not caplog.text


def test_a_healthy_run_is_quiet(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        tell(tmp_path, [3.0 - 0.05 * n for n in range(40)], [1.0 + 0.2 * (n % 5) for n in range(40)])
    assert not caplog.text


class Told(Silent):
    """A progress that remembers."""

    def __init__(self) -> None:
        self.phases: list[tuple[int, int, str, tuple[float, float]]] = []
        self.updates: list[tuple[int, int]] = []
        self.notes: list[str] = []

    def update(self, done: int, total: int, note: str = "") -> None:
        self.updates.append((done, total))
        self.notes.append(note)

    def phase(self, number: int, of: int, name: str, span: tuple[float, float]) -> None:
        self.phases.append((number, of, name, span))


def test_the_change_from_single_turns_to_conversations_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Ten steps of 50 tokens, then five of 300: a quarter of the work, then three quarters."""
    told = Told()
    parts = (("single turns", 0), ("whole conversations", 10))
    recorder = Recorder(context(tmp_path, progress=told), "sft", [50] * 10 + [300] * 5, parts)
    recorder.begin(0)
    with caplog.at_level(logging.INFO):
        for at in range(1, 16):
            state = TrainingState(at, tokens=50 * at, seconds=float(at))
            recorder.step(state, {"loss": 1.0, "grad_norm": 1.0}, 1e-3)
    assert told.phases == [
        (1, 2, "single turns", (0.0, 0.25)),
        (2, 2, "whole conversations", (0.25, 1.0)),
    ]
    assert told.updates == [(5, 10), (10, 10), (5, 5)]
    assert caplog.text.count("10 steps of single turns are done; whole conversations from here on") == 1


def test_a_resumed_training_says_in_which_part_it_is(tmp_path: Path) -> None:
    told = Told()
    parts = (("single turns", 0), ("whole conversations", 10))
    Recorder(context(tmp_path, progress=told), "sft", [100] * 20, parts).begin(12)
    assert told.phases == [(2, 2, "whole conversations", (0.5, 1.0))]


def test_the_time_left_counts_tokens_not_steps(tmp_path: Path) -> None:
    """Half of the steps are done, but a tenth of the tokens."""
    told = Told()
    recorder = Recorder(context(tmp_path, progress=told), "sft", [100] * 10 + [900] * 10)
    for at in range(1, 11):
        state = TrainingState(at, tokens=100 * at, seconds=0.1 * at)
        recorder.step(state, {"loss": 1.0, "grad_norm": 1.0}, 1e-3)
    assert told.notes[-1] == "steps, loss 1.000, 1,000 tokens/s, 9 s left"
