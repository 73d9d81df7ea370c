"""Each disease is named once, with what to set; a healthy training is left alone."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from muse_core.training.on_policy_recorder import WINDOW, OnPolicyRecorder
from tests.unit.training.builders_training import context

SAMPLES = {
    "reward": 0.6, "reward_decision": 0.7, "reward_arguments": 0.6, "reward_language": 0.8, "turn_tokens":
    40.0, "no_spread": 0.3, "malformed": 0.1,
}  # fmt: skip
STEP = {"loss": 0.0, "grad_norm": 1.0, "entropy": 0.5, "kl": 0.01, "clipped": 0.0}


def warnings(tmp_path: Path, caplog: pytest.LogCaptureFixture, **later: float) -> list[str]:
    """What is said when the figures become `later` after the first steps, and stay there. The mean over the
    last steps gets there bit by bit, so that a warning comes as soon as it crosses the border."""
    recorder = OnPolicyRecorder(context(tmp_path))
    with caplog.at_level(logging.WARNING):
        for step in range(3 * WINDOW):
            changed = later if step >= WINDOW else {}
            recorder.drawn(step, SAMPLES | {k: v for k, v in changed.items() if k in SAMPLES})
            recorder.learnt(step + 1, STEP | {k: v for k, v in changed.items() if k in STEP})
    return [record.getMessage() for record in caplog.records]


def test_a_healthy_training_is_left_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    better = {
        "reward": 0.8,
        "reward_decision": 0.85,
        "reward_arguments": 0.8,
        "entropy": 0.3,
        "turn_tokens": 45.0,
    }
    assert warnings(tmp_path, caplog, **better) == []


@pytest.mark.parametrize(
    ("later", "disease", "advice"),
    [
        ({"entropy": 0.02}, "entropy collapse: 0.0", "grpo.epsilon_high"),
        ({"no_spread": 0.97}, "groups without spread: 9", "grpo.samples_per_context"),
        ({"turn_tokens": 90.0}, "length growth: ", "grpo.loss_type=dapo"),
        ({"kl": 0.7}, "drift: 0.", "grpo.beta"),
        ({"clipped": 0.5}, "steps too large", "grpo.learning_rate"),
        (
            {"reward": 0.65, "reward_decision": 0.5, "reward_language": 1.0},
            "what pays is language",
            "grpo.beta",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_disease_is_named_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, later: dict[str, float], disease: str, advice: str
) -> None:
    (said,) = warnings(tmp_path, caplog, **later)
    assert disease in said and advice in said


def test_a_part_that_falls_with_the_reward_is_no_hacking(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert warnings(tmp_path, caplog, reward=0.5, reward_decision=0.5) == []
