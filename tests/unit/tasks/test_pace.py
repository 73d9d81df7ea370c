"""The probe trains the run's own model: a base's architecture too, in the precision that is faster here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from muse_core.config.load import load_config
from muse_core.config.run_config import RunConfig
from muse_core.errors import ConfigError
from muse_core.models.base_check import parameters_of, untrained
from muse_core.models.cpu import native_bf16
from muse_core.training import probe as probing
from muse_core.training.probe import LEAST_STEPS, Probe
from tasks import pace as paces
from tasks.pace import fastest, pace
from tests.unit.models.builders_models import TINY, tokenizer
from tests.unit.models.families import random_model

RATES = {"auto": 200.0, "bf16": 300.0}


@pytest.fixture(params=["llama, tied", "gemma3, a short window"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    random_model(request.param).save_pretrained(tmp_path)
    tokenizer().save_pretrained(tmp_path)
    return tmp_path


def with_base(folder: Path, *settings: str) -> RunConfig:
    quick = [f"base.model={folder}", "base.trim_vocab=150", "sft.batch_size=2", "base.max_positions=64"]
    return load_config("cpu", None, [*quick, "base.vocab_size=150", *settings])[0]


def test_a_base_is_trained_in_its_own_size_with_what_is_kept_of_its_vocabulary(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "SECONDS", 0.0)
    before = torch.random.get_rng_state()
    found, parameters = pace(with_base(folder), "cpu")
    assert found.parameters == parameters == parameters_of(str(folder), 150)
    assert found.tokens_per_second > 0 and found.steps == LEAST_STEPS
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.skipif(not native_bf16(), reason="this CPU has no units for bf16")
def test_both_precisions_are_tried_in_one_process_and_a_training_may_follow_in_either(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "SECONDS", 0.0)
    monkeypatch.setattr(paces, "FASTER", 0.0)
    quick, found, _ = fastest(with_base(folder), "cpu")
    assert quick.execution.precision == "bf16" and found.tokens_per_second > 0
    assert pace(with_base(folder, "execution.precision=fp32"), "cpu")[0].tokens_per_second > 0


def test_a_run_from_scratch_and_a_large_or_lora_base_take_the_small_model(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "SECONDS", 0.0)
    assert pace(RunConfig(base=TINY), "cpu")[1] is None
    lora, parameters = pace(with_base(folder, "sft.lora_rank=4"), "cpu")
    assert parameters and lora.parameters != parameters
    monkeypatch.setattr(paces, "MEASURED", 10)
    assert pace(with_base(folder), "cpu")[0].parameters == lora.parameters


def test_a_base_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be a base"):
        untrained(str(tmp_path / "none.gguf"))


@pytest.fixture
def rates(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, float]]:
    """Precision -> what the probe finds in it, on a CPU with units for bf16."""
    rates = dict(RATES)
    asked = Probe(0.0, 2, "cpu", 1, 2.0, 7)

    def measured(config: RunConfig, device: str) -> tuple[Probe, int]:
        return replace(asked, tokens_per_second=rates[config.execution.precision]), 7

    monkeypatch.setattr(paces, "pace", measured)
    monkeypatch.setattr(paces, "native_bf16", lambda: True)
    yield rates


def test_bf16_is_taken_where_it_is_faster_by_a_tenth(rates: dict[str, float]) -> None:
    config = load_config("cpu")[0]
    quick, found, _ = fastest(config, "cpu")
    assert quick.execution.precision == "bf16" and found.tokens_per_second == 300.0
    rates["bf16"] = 215.0
    assert fastest(config, "cpu")[0] is config


def test_what_the_user_set_and_what_has_no_units_stays(
    rates: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    rates["fp32"] = 200.0
    asked = load_config("cpu", None, ["execution.precision=fp32"])[0]
    assert fastest(asked, "cpu")[0] is asked
    scratch = load_config("quickstart")[0]
    assert fastest(scratch, "cpu")[0] is scratch
    monkeypatch.setattr(paces, "native_bf16", lambda: False)
    config = load_config("cpu")[0]
    assert fastest(config, "cpu")[0] is config
