"""What stops DPO before its first step, with the cause, and what it warns of later."""

from __future__ import annotations

import logging
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from muse_core.config.run_config import DpoConfig
from muse_core.context import StageContext
from muse_core.errors import MuseError
from muse_core.examples.example import Example
from muse_core.models import chat_format, device
from muse_core.models.loading import LoadedModel
from muse_core.models.packed_sequences import packed_attention
from muse_core.models.tokenizer import train_tokenizer
from muse_core.training.batches import MicroBatch, micro_batches
from muse_core.training.flight_recorder import (
    FlightRecorder,
    check_start,
    epoch_line,
    judge,
    length_correlation,
    measure,
)
from muse_core.training.preference_loss import Judged, PreferenceLoss
from muse_core.training.references import References, references_of
from tests.unit.models.builders_models import talk, tiny_model
from tests.unit.training.builders_dpo import module_of, pair_examples, prepared
from tests.unit.training.builders_training import context

OBJECTIVES: list[dict[str, Any]] = [
    {}, {"loss": "ipo"}, {"label_smoothing": 0.3}, {"normalize": "token"}, {"nll_weight": 1.0},
    {"normalize": "act", "loss": "ipo"}, {"loss": "sft"},
]  # fmt: skip

Setting = tuple[LoadedModel, PreferenceLoss, dict[str, Example], References, StageContext]


@pytest.mark.parametrize("objective", OBJECTIVES, ids=str)
def test_a_model_that_is_its_reference_may_start(tmp_path: Path, objective: dict[str, Any]) -> None:
    loaded, module, pairs, references, ctx = prepared(tmp_path, **objective)
    check_start(module, loaded, pairs, references, ctx)
    values = measure(module, list(references.given_to(pairs).values()), ctx)
    nll = -sum(references.log_probs[name][0] / references.tokens[name][0] for name in pairs) / len(pairs)
    constant = {"ipo": 25.0, "sft": nll}.get(objective.get("loss", ""), math.log(2))
    assert values["dev_dpo_loss"] == pytest.approx(constant, rel=1e-4)
    assert values["dev_margin"] == values["dev_chosen_drift"] == pytest.approx(0.0, abs=1e-5)


def test_rounding_in_bf16_is_no_alarm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check runs the same micro-batches as the references, not only the same pairs."""
    monkeypatch.setattr(device, "native_bf16", lambda: True)
    loaded, ctx = tiny_model(), context(tmp_path, precision="bf16")
    module = PreferenceLoss(loaded.model, DpoConfig(micro_batch_tokens=900, beta=1.0))
    pairs = pair_examples(loaded, 90)
    check_start(module, loaded, pairs, references_of(module, loaded, pairs, ctx), ctx)


@pytest.fixture
def sound(tmp_path: Path) -> Setting:
    return prepared(tmp_path)


def stopped(setting: Setting, **changes: Any) -> str:
    """What is said when something of a sound setting is replaced."""
    names = ("module", "loaded", "pairs", "references", "ctx")
    loaded, module, pairs, references, ctx = setting
    given = dict(zip(names, (module, loaded, pairs, references, ctx), strict=True)) | changes
    with pytest.raises(MuseError) as caught:
        check_start(**given)
    return str(caught.value)


def test_another_models_reference_is_named(sound: Setting) -> None:
    _, _, pairs, _, ctx = sound
    other = tiny_model(seed=4)
    swapped = references_of(module_of(other), other, pairs, ctx)
    text = stopped(sound, references=swapped)
    assert "another model than the one that training starts from" in text and "nats per token" in text
    assert "expected 0.693147 within 0.0001" in text and "Compute its log-probs with this model" in text


def test_a_reference_that_is_only_a_little_off_is_stopped_too(sound: Setting) -> None:
    """The mean loss is ln 2 to 1e-4, the margins of two pairs are not 0."""
    references = sound[3]
    moved = dict(references.log_probs)
    for name, shift in (("c0.0", 0.05), ("c1.0", -0.05)):
        chosen, rejected = moved[name]
        moved[name] = (chosen + shift, rejected)
    assert "margins from -0.005 to 0.005" in stopped(sound, references=replace(references, log_probs=moved))


def test_swapped_sides_are_named(sound: Setting) -> None:
    references = sound[3]
    swapped = {name: (rejected, chosen) for name, (chosen, rejected) in references.log_probs.items()}
    text = stopped(sound, references=replace(references, log_probs=swapped))
    assert "chosen and rejected are swapped in the reference" in text


def test_the_seeds_formula_without_reference_is_named(sound: Setting) -> None:
    references = sound[3]
    none = replace(references, log_probs=dict.fromkeys(references.log_probs, (0.0, 0.0)))
    text = stopped(sound, references=none)
    assert "there is no reference" in text and "raw log-odds (docs/seed.md#the-dpo-loss)" in text


class SeedsFormula(PreferenceLoss):
    """−log σ of the log-odds over beta; the references are ignored."""

    def judge(self, micro: MicroBatch) -> Judged:
        policy, tokens = self.log_probs(micro)
        odds = (policy[:, 0] - policy[:, 1]) / self.config.beta
        losses = -torch.nn.functional.logsigmoid(odds)
        return Judged(policy, micro.references, tokens, odds, losses)


def test_the_seeds_formula_beside_right_references_is_named(sound: Setting) -> None:
    text = stopped(sound, module=SeedsFormula(sound[0].model, sound[1].config))
    assert "raw log-odds (docs/seed.md#the-dpo-loss)" in text and "does not subtract them" in text


def shifted(example: Example, by: int) -> Example:
    nothing = [0] * abs(by)
    moved = [*nothing, *example.parts[:-by]] if by > 0 else [*example.parts[-by:], *nothing]
    return replace(example, parts=moved)


@pytest.mark.parametrize(
    ("by", "said"),
    [(1, "leaves out the first or the last token"), (-1, "counts tokens of the prompt")],
)
def test_a_shifted_mask_is_named_though_both_sides_share_it(sound: Setting, by: int, said: str) -> None:
    """Its references are computed with the same wrong mask: loss and margins look right."""
    loaded, module, pairs, _, ctx = sound
    wrong = {name: shifted(pair, by) for name, pair in pairs.items()}
    text = stopped(sound, pairs=wrong, references=references_of(module, loaded, wrong, ctx))
    assert f"the mask of pair c0.0 {said}" in text and "shifted" in text


def test_a_mask_that_ends_within_an_act_is_named(sound: Setting) -> None:
    """The chosen turn's counted tokens stop three short of the end of its call."""
    loaded, module, pairs, _, ctx = sound
    wrong = {}
    for name, pair in pairs.items():
        first, second = pair.fork or (0, 0)
        end = next(at for at in range(first, second) if not pair.parts[at]) - 3
        parts = [*pair.parts[:end], *[0] * (second - end), *pair.parts[second:]]
        wrong[name] = replace(pair, parts=parts)
    text = stopped(sound, pairs=wrong, references=references_of(module, loaded, wrong, ctx))
    assert "the mask of pair c0.0 leaves out the first or the last token" in text


def test_a_mask_that_covers_results_is_named(sound: Setting) -> None:
    loaded, module, pairs, _, ctx = sound
    covering = {
        name: replace(pair, parts=[0 if at < pair.fork[0] else 3 for at in range(len(pair))])
        for name, pair in pairs.items()
        if pair.fork
    }
    text = stopped(sound, pairs=covering, references=references_of(module, loaded, covering, ctx))
    assert "the mask of pair c0.0 counts what a tool returned" in text


def test_a_mask_that_is_shifted_on_one_side_only_is_named(sound: Setting) -> None:
    loaded, module, pairs, _, ctx = sound
    wrong = {name: shifted(pair, 1) for name, pair in pairs.items()}
    text = stopped(sound, references=references_of(module, loaded, wrong, ctx))
    assert "the mask has shifted" in text and "(pair 1: [" in text


def test_a_reference_of_another_tokenizer_is_named(sound: Setting) -> None:
    ctx = sound[4]
    other = tiny_model(seed=3)
    texts = [chat_format.render(talk(n, 2).messages) for n in range(9)]
    other = replace(other, tokenizer=train_tokenizer(texts, 640))
    theirs = references_of(module_of(other), other, pair_examples(other), ctx)
    assert "made with another tokenizer" in stopped(sound, references=theirs)


# ---- figures ----------------------------------------------------------------------------------------


def test_measured_figures_are_means_over_all_pairs(sound: Setting) -> None:
    _, module, pairs, references, ctx = sound
    moved = {name: (c - 1.0, r + 0.5) for name, (c, r) in references.log_probs.items()}
    given = list(replace(references, log_probs=moved).given_to(pairs).values())
    values = measure(module, given, ctx)
    assert values["dev_margin"] == pytest.approx(0.1 * 1.5, abs=1e-4) and values["dev_accuracy"] == 1.0
    assert values["dev_dpo_loss"] == pytest.approx(math.log1p(math.exp(-0.15)), abs=1e-4)
    tokens = [references.tokens[name] for name in pairs]
    drift = sum(1 / chosen for chosen, _ in tokens) / len(tokens)
    assert values["dev_chosen_drift"] == pytest.approx(drift, abs=1e-4) and values["dev_rejected_drift"] < 0
    assert values["dev_loss"] == values["dev_dpo_loss"]
    with torch.no_grad(), packed_attention(module.model):
        [micro] = micro_batches(given, 10**6, "cpu")
        assert float(module.judge(micro).margins.mean()) == pytest.approx(values["dev_margin"], abs=1e-4)
    assert len(judge(module, given, ctx).losses) == 6
    assert "Preference Accuracy: 100.0%" in epoch_line(3, values)


def test_the_length_correlation_is_of_margin_and_extra_tokens() -> None:
    tokens = torch.tensor([[9, 4], [8, 4], [7, 4], [6, 4]])
    flat = torch.zeros(4, 2)

    def of(margins: list[float]) -> float:
        return float(length_correlation(Judged(flat, flat, tokens, torch.tensor(margins), torch.zeros(4))))

    assert of([4.0, 3.0, 2.0, 1.0]) == pytest.approx(1.0) and of([1.0, 2.0, 3.0, 4.0]) == pytest.approx(-1.0)
    assert of([2.0, 1.0, 1.0, 2.0]) == pytest.approx(0.0, abs=1e-6) and of([1.0] * 4) == 0.0


# ---- warnings ---------------------------------------------------------------------------------------

HEALTHY = {
    "dev_dpo_loss": 0.5, "dev_accuracy": 0.8, "dev_margin": 0.6, "dev_chosen_drift": 0.01,
    "dev_rejected_drift": -0.05, "dev_kl": 0.02, "dev_length_correlation": 0.1,
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"dev_chosen_drift": -0.4}, "likelihood displacement: accuracy is 0.80"),
        ({"dev_chosen_drift": -0.4}, "Set dpo.nll_weight=4 (now 2)"),
        ({"dev_length_correlation": 0.8}, "learns to write more. Set dpo.scope=act"),
        ({"dev_length_correlation": -0.8}, "learns to write less"),
        ({"dev_dpo_loss": 0.001, "dev_margin": 8.0}, "saturation"),
        ({"dev_margin": 14.0}, "dpo.patience=1"),
    ],
)
def test_dangers_are_told_once_with_advice(
    change: dict[str, float], said: str, caplog: pytest.LogCaptureFixture
) -> None:
    recorder = FlightRecorder(DpoConfig(nll_weight=2.0), 40)
    with caplog.at_level(logging.WARNING):
        recorder.epoch(1, HEALTHY)
        assert not caplog.text
        recorder.epoch(2, HEALTHY | change)
        recorder.epoch(3, HEALTHY | change)
    assert caplog.text.count(said) == 1 and "epoch 2" in caplog.text


def test_a_length_runaway_within_an_act_has_a_remedy_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        FlightRecorder(DpoConfig(scope="act"), 40).epoch(1, HEALTHY | {"dev_length_correlation": -0.8})
    assert "learns to write less. Set dpo.normalize=token" in caplog.text


def test_what_is_no_danger_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        FlightRecorder(DpoConfig(loss="ipo"), 40).epoch(1, HEALTHY | {"dev_dpo_loss": 0.001})
        FlightRecorder(DpoConfig(), 5).epoch(1, HEALTHY | {"dev_length_correlation": 0.9})
        FlightRecorder(DpoConfig(), 40).epoch(1, HEALTHY | {"dev_chosen_drift": -0.4, "dev_accuracy": 0.4})
    assert not caplog.text
