"""The losses by hand, against an independent plain formula, and against TRL where it is installed."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from muse_core.config.run_config import DpoConfig
from muse_core.examples.example import Example
from muse_core.models.packed_sequences import packed_attention
from muse_core.training.batches import micro_batches
from muse_core.training.preference_loss import PreferenceLoss, acts_of, first_loss, preference_losses
from tests.unit.models.builders_models import tiny_model
from tests.unit.training.builders_dpo import gradients, tree

OPTIONS: list[dict[str, Any]] = [
    {},
    {"loss": "ipo"},
    {"normalize": "token"},
    {"normalize": "act"},
    {"loss": "ipo", "normalize": "token"},
    {"label_smoothing": 0.2},
    {"nll_weight": 0.7},
    {"loss": "sft"},
    {"loss": "ipo", "normalize": "act", "label_smoothing": 0.1, "nll_weight": 1.0, "beta": 0.3},
]
NAMES = ["-".join(f"{k}={v}" for k, v in option.items()) or "plain" for option in OPTIONS]


def pairs(count: int = 5) -> list[Example]:
    """Of several lengths, with references that are not the model's."""
    rng = np.random.default_rng(11)

    def words(low: int, high: int) -> list[int]:
        return rng.integers(20, 300, size=rng.integers(low, high)).tolist()

    made = [
        tree(words(5, 30), words(2, 12), words(2, 12), tuple(-rng.uniform(20, 90, 2))) for _ in range(count)
    ]
    for example in made[::2]:  # a result inside the chosen turn: two acts
        if example.fork and example.fork[1] - example.fork[0] > 4:
            example.parts[example.fork[0] + 2] = 0
    return made


# ---- by hand ----------------------------------------------------------------------------------------


def test_sigmoid_is_equation_seven() -> None:
    h = (-4 + 5) - (-9 + 7)  # chosen −4 against the reference's −5, rejected −9 against −7
    expected = -math.log(1 / (1 + math.exp(-0.5 * h)))
    found = preference_losses(torch.tensor([float(h)]), DpoConfig(beta=0.5))
    assert float(found) == pytest.approx(expected, abs=1e-6) and expected == pytest.approx(0.201413, abs=1e-6)


def test_ipo_pulls_the_difference_to_half_of_one_over_beta() -> None:
    config = DpoConfig(loss="ipo", beta=0.25)  # the target is 2
    found = preference_losses(torch.tensor([0.0, 2.0, 3.0, 5.0]), config)
    assert found.tolist() == [4.0, 0.0, 1.0, 9.0]


def test_label_smoothing_expects_a_share_of_wrong_labels() -> None:
    """βh = 1: 0.9 · 0.313262 + 0.1 · 1.313262; the least loss is where σ(βh) = 0.9."""
    config = DpoConfig(beta=0.5, label_smoothing=0.1)
    assert float(preference_losses(torch.tensor([2.0]), config)) == pytest.approx(0.413262, abs=1e-6)
    h = torch.linspace(-10, 10, 2001)
    best = float(h[preference_losses(h, config).argmin()])
    assert best == pytest.approx(math.log(9) / 0.5, abs=0.02)


def test_the_first_loss_is_ln_two_ipos_constant_or_the_references_nll() -> None:
    of = torch.tensor([[-6.0, -9.0], [-1.0, -2.0]]), torch.tensor([[3, 3], [2, 1]])
    assert first_loss(DpoConfig(), *of) == first_loss(DpoConfig(label_smoothing=0.3), *of)
    assert first_loss(DpoConfig(), *of) == pytest.approx(math.log(2))
    assert first_loss(DpoConfig(loss="ipo", beta=0.1), *of) == pytest.approx(25.0)
    assert first_loss(DpoConfig(loss="sft"), *of) == pytest.approx((2.0 + 0.5) / 2)


def test_acts_are_runs_of_what_the_model_writes() -> None:
    call_result_reply, reply = [1, 2, 0, 0, 3, 3], [3, 3]
    example = Example([9] * 11, [0, 0, 0, *call_result_reply, *reply], fork=(3, 9))
    assert acts_of(example) == (2, 1)
    behind_a_reply = Example([9] * 7, [0, 3, 3, 1, 0, 0, 3], fork=(1, 3))
    assert acts_of(behind_a_reply) == (1, 2)


@pytest.mark.parametrize(("normalize", "sizes"), [("none", (1, 1)), ("token", (5, 3)), ("act", (2, 1))])
def test_normalising_divides_each_turns_log_ratio(normalize: Any, sizes: tuple[int, int]) -> None:
    example = tree([30, 31, 32], [40, 41, 42, 43, 44, 45], [50, 51, 52], (-30.0, -25.0))
    example.parts[3 + 2] = 0  # the chosen turn: two acts of together five tokens
    module = PreferenceLoss(tiny_model().model, DpoConfig(normalize=normalize, beta=0.5))
    with torch.no_grad(), packed_attention(module.model):
        [micro] = micro_batches([example], 10**6, "cpu")
        judged = module.judge(micro)
    chosen, rejected = (judged.policy[0] - judged.reference[0]).tolist()
    h = chosen / sizes[0] - rejected / sizes[1]
    assert float(judged.margins) == pytest.approx(0.5 * h, rel=1e-5)
    assert float(judged.losses) == pytest.approx(math.log1p(math.exp(-0.5 * h)), rel=1e-4)


def test_rpo_adds_the_chosen_nll_per_token() -> None:
    found = {}
    for weight in (0.0, 2.0):
        module = PreferenceLoss(tiny_model().model, DpoConfig(nll_weight=weight))
        found[weight] = gradients(module, pairs(1))["loss"]
    with torch.no_grad(), packed_attention(module.model):
        [micro] = micro_batches(pairs(1), 10**6, "cpu")
        policy, tokens = module.log_probs(micro)
    assert found[2.0] - found[0.0] == pytest.approx(float(-2 * policy[0, 0] / tokens[0, 0]), rel=1e-4)


def test_figures_add_up_over_micro_batches_and_count_ties_half() -> None:
    module = PreferenceLoss(tiny_model().model, DpoConfig())
    batch = pairs()
    with torch.no_grad(), packed_attention(module.model):
        [whole] = [module.judge(micro) for micro in micro_batches(batch, 10**6, "cpu")]
        parts = [module.judge(micro).figures(len(batch)) for micro in micro_batches(batch, 1, "cpu")]
        tied = replace(whole, margins=torch.tensor([0.0, 1.0, -1.0, 0.0, 2.0])).figures(len(batch))
    for name, value in whole.figures(len(batch)).items():
        assert float(sum(part[name] for part in parts)) == pytest.approx(float(value), abs=1e-4), name
    assert float(tied["accuracy"]) == pytest.approx(0.6)


def test_kl_and_drift_are_nats_per_token() -> None:
    module = PreferenceLoss(tiny_model().model, DpoConfig())
    example = tree([30, 31], [40, 41, 42, 43], [50, 51], (0.0, 0.0))
    with torch.no_grad(), packed_attention(module.model):
        [micro] = micro_batches([example], 10**6, "cpu")
        policy, _ = module.log_probs(micro)
        moved = replace(micro, references=policy + torch.tensor([[0.8, -0.6]]))
        figures = module.judge(moved).figures(1)
    found = {name: round(float(figures[name]), 4) for name in ("chosen_drift", "rejected_drift", "kl")}
    assert found == {"chosen_drift": -0.2, "rejected_drift": 0.3, "kl": round((0.8 - 0.6) / 6, 4)}


# ---- against independent computations -----------------------------------------------------------------


def plain(model: Any, batch: list[Example], config: DpoConfig) -> torch.Tensor:
    """The same loss from transformers' own logits, two sequences per pair, one at a time."""
    losses = []
    for example in batch:
        first, second = example.fork or (0, 0)
        runs = [slice(first, second), slice(second, None)]
        ratios = []
        for number, run in enumerate(runs):
            ids, parts = example.ids[:first] + example.ids[run], example.parts[:first] + example.parts[run]
            logits = model(torch.tensor([ids])).logits[0].log_softmax(-1)
            counted = [at for at, part in enumerate(parts) if part]
            log_prob = sum(logits[at - 1, ids[at]] for at in counted)
            acts = sum(part > 0 and parts[at - 1] == 0 for at, part in enumerate(parts))
            size = {"none": 1, "token": len(counted), "act": acts}[config.normalize]
            ratios.append((log_prob - example.references[number]) / size)
            if number == 0:
                nll = -log_prob / len(counted)
        h = ratios[0] - ratios[1]
        wrong = config.label_smoothing
        if config.loss == "ipo":
            target = 0.5 / config.beta
            loss = (1 - wrong) * (h - target) ** 2 + wrong * (-h - target) ** 2
        elif config.loss == "sft":
            loss = nll
        else:
            right = torch.sigmoid(config.beta * h)
            loss = -(1 - wrong) * right.log() - wrong * (1 - right).log()
        losses.append(loss + config.nll_weight * nll)
    return torch.stack(losses).mean()


@pytest.mark.parametrize("option", OPTIONS, ids=NAMES)
def test_the_prefix_tree_equals_two_plain_sequences(option: dict[str, Any]) -> None:
    """Loss to 1e-5 of itself and gradients to 1e-5 of the largest."""
    loaded, config = tiny_model(), DpoConfig(**option)
    expected = plain(loaded.model, pairs(), config)
    expected.backward()
    wanted = {name: p.grad.clone() for name, p in loaded.model.named_parameters() if p.grad is not None}
    found = gradients(PreferenceLoss(loaded.model, config), pairs())
    assert found.pop("loss") == pytest.approx(float(expected.detach()), rel=1e-5)
    assert found.keys() == wanted.keys()
    largest = max(float(gradient.abs().max()) for gradient in wanted.values())
    for name, gradient in found.items():
        assert torch.allclose(gradient, wanted[name], rtol=0, atol=1e-5 * largest), name


@pytest.mark.parametrize("option", OPTIONS, ids=NAMES)
def test_cutting_a_step_into_micro_batches_changes_nothing(option: dict[str, Any]) -> None:
    found = [
        gradients(PreferenceLoss(tiny_model().model, DpoConfig(**option)), pairs(), n) for n in (10**6, 1)
    ]
    assert found[0].pop("loss") == pytest.approx(found[1].pop("loss"), rel=1e-5)
    largest = max(float(gradient.abs().max()) for gradient in found[0].values())
    for name, gradient in found[0].items():
        assert torch.allclose(gradient, found[1][name], rtol=0, atol=1e-5 * largest), name


# ---- against TRL --------------------------------------------------------------------------------------

THEIRS = [
    ({}, {"loss_type": ["sigmoid"]}),
    ({"beta": 0.5}, {"loss_type": ["sigmoid"], "beta": 0.5}),
    ({"normalize": "token"}, {"loss_type": ["sigmoid_norm"]}),
    ({"loss": "ipo", "normalize": "token"}, {"loss_type": ["ipo"]}),
    ({"nll_weight": 1.0}, {"loss_type": ["sigmoid", "sft"], "loss_weights": [1.0, 1.0]}),
    ({"loss": "sft"}, {"loss_type": ["sft"]}),
]


@pytest.mark.parametrize(("ours", "theirs"), THEIRS, ids=[str(theirs["loss_type"]) for _, theirs in THEIRS])
def test_loss_and_gradients_are_trls(ours: dict[str, Any], theirs: dict[str, Any], tmp_path: Any) -> None:
    """One pair, since TRL's NLL term averages over the tokens of a batch and ours over its pairs."""
    pytest.importorskip("trl", reason="TRL is not installed (extra `bench`)")
    from tests.benchmarks.dpo_vs_trl import trl_trainer

    batch = [tree(*run) for run in RUNS][: 1 if "sft" in theirs["loss_type"] else None]
    loaded = tiny_model()
    trainer = trl_trainer(loaded, batch, tmp_path, per_step=len(batch), steps=1, **({"beta": 0.1} | theirs))
    inputs = next(iter(trainer.get_train_dataloader()))
    values = [[one.references[side] for one in batch] for side in (0, 1)]
    inputs |= {"ref_chosen_logps": torch.tensor(values[0]), "ref_rejected_logps": torch.tensor(values[1])}
    loaded.model.train()
    loss = trainer.compute_loss(loaded.model, inputs)
    loss.backward()
    wanted = {name: p.grad.clone() for name, p in loaded.model.named_parameters() if p.grad is not None}
    found = gradients(PreferenceLoss(tiny_model().model, DpoConfig(**ours)), batch)
    assert found.pop("loss") == pytest.approx(float(loss.detach()), rel=1e-5)
    assert found.keys() == wanted.keys()
    largest = max(float(gradient.abs().max()) for gradient in wanted.values())
    for name, gradient in found.items():
        assert torch.allclose(gradient, wanted[name], rtol=0, atol=1e-5 * largest), name


RUNS = [
    (range(20, 40), range(100, 108), range(200, 205), (-41.0, -30.0)),
    (range(50, 55), range(110, 113), range(210, 222), (-18.0, -66.0)),
    (range(60, 71), range(120, 125), range(220, 226), (-28.0, -35.0)),
]
