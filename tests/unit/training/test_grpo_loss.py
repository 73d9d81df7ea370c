"""GRPO's loss by hand, cut into micro-batches, and against TRL where it is installed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from muse_core.config.post_sections import GrpoConfig
from muse_core.errors import MuseError
from muse_core.examples.example import FLUENCY_PART
from muse_core.examples.sampled import SampledTurn
from muse_core.models.packed_sequences import packed_attention
from muse_core.training.advantages import advantages_of
from muse_core.training.batches import micro_batches, totals
from muse_core.training.grpo_loss import GrpoLoss, known_log_probs, token_losses, token_weights
from tests.unit.models.builders_models import tiny_model

OPTIONS: list[dict[str, Any]] = [
    {"loss_type": "grpo"},
    {"loss_type": "dapo"},
    {"loss_type": "dr_grpo", "max_new_tokens": 24},
    {"loss_type": "grpo", "beta": 0.3, "use_bias_correction_kl": False},
    {"loss_type": "dapo", "beta": 0.04, "temperature": 0.7},
    {"loss_type": "dapo", "epsilon": 0.1, "epsilon_high": 0.5},
]
NAMES = ["-".join(f"{k}={v}" for k, v in option.items()) for option in OPTIONS]


def sampled(count: int = 6) -> list[SampledTurn]:
    """Turns of several lengths, some with a tool's result inside, one of each sign of advantage; `old` and
    `reference` are not the model's, so that ratios are clipped on both sides."""
    rng, loaded = np.random.default_rng(5), tiny_model(4)
    made = []
    for number in range(count):
        prompt, own = (rng.integers(20, 300, size=int(rng.integers(6, 15))).tolist() for _ in range(2))
        parts = [0] * len(prompt) + [FLUENCY_PART] * len(own)
        if number % 2:
            parts[len(prompt) + 2 : len(prompt) + 4] = [0, 0]
        made.append(SampledTurn([*prompt, *own], parts, credit=(-1.0) ** number * (0.3 + 0.1 * number)))
    near = known_log_probs(tiny_model().model, made, GrpoConfig(), "cpu", "fp32")
    far = known_log_probs(loaded.model, made, GrpoConfig(), "cpu", "fp32")
    noise = [tuple(value + rng.normal(0, 0.4) for value in values) for values in near]
    return [
        replace(turn, old=old, reference=reference)
        for turn, old, reference in zip(made, noise, far, strict=True)
    ]


def loss_and_gradients(
    turns: Sequence[SampledTurn], max_tokens: int = 10**6, **options: Any
) -> tuple[dict[str, float], dict[str, torch.Tensor]]:
    module = GrpoLoss(tiny_model().model, GrpoConfig(**options))
    sums: dict[str, float] = {"loss": 0.0}
    with packed_attention(module.model):
        for micro in micro_batches(turns, max_tokens, "cpu"):
            loss, figures = module(micro, totals(turns))
            loss.backward()
            for name, value in {"loss": loss.detach(), **figures}.items():
                sums[name] = sums.get(name, 0.0) + float(value)
    found = {name: p.grad.clone() for name, p in module.model.named_parameters() if p.grad is not None}
    return sums, found


# ---- by hand ----------------------------------------------------------------------------------------


def test_a_tokens_loss_is_equation_three() -> None:
    """A = 2: a ratio of 1.1 counts, one of 2 is clipped to 1.28; A = −1: 0.5 is clipped to 0.8."""
    log_probs = torch.tensor([math.log(1.1), math.log(2.0), math.log(0.5)])
    found = token_losses(log_probs, torch.zeros(3), torch.tensor([2.0, 2.0, -1.0]), GrpoConfig())
    assert found.losses.tolist() == pytest.approx([-2.2, -2.56, 0.8], abs=1e-6)
    assert found.clipped.tolist() == [False, True, True] and found.kl.tolist() == [0.0, 0.0, 0.0]


def test_a_step_too_far_the_wrong_way_is_not_clipped() -> None:
    """A bad turn that became likelier, and a good one that became less likely, are pulled back in full."""
    log_probs = torch.tensor([math.log(3.0), math.log(0.3)])
    found = token_losses(log_probs, torch.zeros(2), torch.tensor([-1.0, 1.0]), GrpoConfig())
    assert found.losses.tolist() == pytest.approx([3.0, -0.3], abs=1e-6)
    assert not found.clipped.any()


def test_kl_is_k3_and_never_negative() -> None:
    log_probs, reference = torch.tensor([-1.0, -2.0]), torch.tensor([-1.0, -1.0])
    found = token_losses(log_probs, log_probs, torch.zeros(2), GrpoConfig(beta=0.5), reference)
    assert found.kl.tolist() == pytest.approx([0.0, math.e - 2], abs=1e-6)
    assert found.losses.tolist() == pytest.approx([0.0, 0.5 * (math.e - 2)], abs=1e-6)


def test_how_tokens_add_up() -> None:
    """Two turns of one and three tokens."""
    turns = torch.tensor([0, 1, 1, 1])
    weights = {
        kind: token_weights(turns, GrpoConfig(loss_type=kind, max_new_tokens=10), 2, 4.0, 2.0).tolist()
        for kind in ("grpo", "dapo", "dr_grpo")
    }
    assert weights["grpo"] == pytest.approx([1 / 2, 1 / 6, 1 / 6, 1 / 6])
    assert weights["dapo"] == pytest.approx([1 / 4] * 4)
    assert weights["dr_grpo"] == pytest.approx([1 / 20] * 4)


def test_on_policy_the_gradient_is_that_of_the_advantage_weighted_log_prob() -> None:
    turns = [replace(turn, old=(), reference=()) for turn in sampled(4)]
    _, found = loss_and_gradients(turns)
    module = GrpoLoss(tiny_model().model, GrpoConfig())
    from muse_core.training.grpo_loss import log_probs_at

    with packed_attention(module.model):
        (micro,) = micro_batches(turns, 10**6, "cpu")
        log_probs, _ = log_probs_at(module.model, micro, 1.0)
        credit = torch.tensor([turn.credit for turn in turns])[micro.branches // 2]
        (-(credit * log_probs).sum() / len(log_probs)).backward()
    for name, parameter in module.model.named_parameters():
        if parameter.grad is not None:
            assert torch.allclose(found[name], parameter.grad, atol=1e-7), name


def test_what_a_tool_returned_is_no_token_of_the_loss() -> None:
    """Another result of the same length, at the very end, changes nothing."""
    turn = sampled(1)[0]
    more = [
        replace(turn, ids=[*turn.ids, *result], parts=[*turn.parts, 0, 0]) for result in ([30, 31], [90, 91])
    ]
    (first, one), (second, other) = (loss_and_gradients([turn]) for turn in more)
    assert first["loss"] == second["loss"]
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("option", OPTIONS, ids=NAMES)
def test_micro_batches_change_nothing(option: dict[str, Any]) -> None:
    (whole, one), (cut, other) = (loss_and_gradients(sampled(), size, **option) for size in (10**6, 40))
    assert cut == pytest.approx(whole, rel=1e-5, abs=1e-7)
    assert 0 < whole["clipped"] < 1 and whole["entropy"] > 0
    largest = max(float(gradient.abs().max()) for gradient in one.values())
    for name, gradient in one.items():
        assert torch.allclose(gradient, other[name], rtol=0, atol=1e-5 * largest), name


def test_log_probs_of_other_tokens_are_refused() -> None:
    turn = sampled(1)[0]
    with pytest.raises(MuseError, match=r"log-probs for \d+ counted tokens.*tokenizer"):
        loss_and_gradients([replace(turn, old=turn.old[:-1])])


# ---- advantages -------------------------------------------------------------------------------------


def test_advantages_are_centred_and_scaled_only_where_asked() -> None:
    assert advantages_of([1.0, 0.0, 0.5], False) == pytest.approx([0.5, -0.5, 0.0])
    assert advantages_of([1.0, 0.0, 0.5], True) == pytest.approx([0.5 / 0.5001, -0.5 / 0.5001, 0.0])
    assert advantages_of([-3.0, -1.0], False) == [-1.0, 1.0]  # negative rewards are rewards


def test_a_group_without_spread_gives_none_and_bad_rewards_are_told() -> None:
    assert advantages_of([0.7, 0.7, 0.7 + 1e-9], False) is None
    for bad in (math.nan, math.inf):
        with pytest.raises(MuseError, match=r"1 of 2 rewards of a context are (nan|inf)"):
            advantages_of([0.5, bad], True)
    with pytest.raises(MuseError, match=r"at least 2 samples.*samples_per_context"):
        advantages_of([0.5], False)


# ---- against TRL --------------------------------------------------------------------------------------


def trl_trainer(loaded: Any, folder: Path, config: GrpoConfig) -> Any:
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer

    asked = GRPOConfig(
        output_dir=str(folder), per_device_train_batch_size=6, num_generations=6, max_steps=1, bf16=False,
        max_completion_length=config.max_new_tokens, epsilon=config.epsilon, fp16=False, use_cpu=True,
        epsilon_high=config.epsilon_high, loss_type=config.loss_type, temperature=config.temperature,
        scale_rewards=config.scale_rewards, beta=0.0, gradient_checkpointing=False, report_to=[],
        use_bias_correction_kl=config.use_bias_correction_kl,
        dataloader_pin_memory=False, save_strategy="no", logging_strategy="no", disable_tqdm=True,
    )  # fmt: skip
    made = GRPOTrainer(
        model=loaded.model, args=asked, reward_funcs=lambda completions, **_: [0.0] * len(completions),
        train_dataset=Dataset.from_list([{"prompt": "a"}] * 6), processing_class=loaded.tokenizer,
    )  # fmt: skip
    made.beta = config.beta  # given to the trainer, it would look for a reference model on the hub
    made.current_gradient_accumulation_steps = 1
    return made


def as_trl(turns: Sequence[SampledTurn]) -> dict[str, torch.Tensor]:
    """Padded tensors: prompts on the left, completions on the right, results masked."""
    begins = [next(at for at, part in enumerate(turn.parts) if part) for turn in turns]
    left, right = max(begins), max(len(turn) - begin for turn, begin in zip(turns, begins, strict=True))
    found: dict[str, list[list[float]]] = {}
    for turn, begin in zip(turns, begins, strict=True):
        own, lead, tail = len(turn) - begin, [0] * (left - begin), [0] * (right - len(turn) + begin)
        mask = [int(part > 0) for part in turn.parts[begin:]]
        rows: dict[str, Sequence[float]] = {
            "prompt_ids": [*lead, *turn.ids[:begin]], "prompt_mask": [*lead, *[1] * begin],
            "completion_ids": [*turn.ids[begin:], *tail], "completion_mask": [*[1] * own, *tail],
            "tool_mask": [*mask, *tail],
        }  # fmt: skip
        for name, values in (("old_per_token_logps", turn.old), ("ref_per_token_logps", turn.reference)):
            given = iter(values)
            rows[name] = [*(next(given) if counts else 0.0 for counts in mask), *map(float, tail)]
        for name, row in rows.items():
            found.setdefault(name, []).append(list(row))
    tensors = {name: torch.tensor(rows) for name, rows in found.items()}
    counted = sum(len(turn.old) for turn in turns)
    return tensors | {
        "advantages": torch.tensor([turn.credit for turn in turns]), "num_items_in_batch":
        torch.tensor(counted)
    }  # fmt: skip


@pytest.mark.parametrize("option", OPTIONS, ids=NAMES)
def test_loss_and_gradients_are_trls(option: dict[str, Any], tmp_path: Path) -> None:
    pytest.importorskip("trl", reason="TRL is not installed (extra `bench`)")
    turns, loaded = sampled(), tiny_model()
    trainer = trl_trainer(loaded, tmp_path, GrpoConfig(**option))
    loaded.model.train()
    loss = trainer._compute_loss(loaded.model, as_trl(turns))
    loss.backward()
    wanted = {name: p.grad.clone() for name, p in loaded.model.named_parameters() if p.grad is not None}
    found, gradients = loss_and_gradients(turns, **option)
    assert found["loss"] == pytest.approx(float(loss.detach()), rel=1e-5, abs=1e-7)
    assert gradients.keys() == wanted.keys()
    largest = max(float(gradient.abs().max()) for gradient in wanted.values())
    for name, gradient in gradients.items():
        assert torch.allclose(gradient, wanted[name], rtol=0, atol=1e-5 * largest), name


def test_the_deviation_is_trls() -> None:
    trl = pytest.importorskip("trl.trainer.utils", reason="TRL is not installed (extra `bench`)")
    rewards = [0.1, 0.45, 0.9, 0.9]
    deviation = float(trl.nanstd(torch.tensor(rewards), dim=0))
    mean = sum(rewards) / 4
    expected = [(reward - mean) / (deviation + 1e-4) for reward in rewards]
    assert advantages_of(rewards, True) == pytest.approx(expected, rel=1e-5)
