"""Hours become sizes: by the probe's rate, the user's own kept, and the same when a run goes on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from muse_core.config.load import load_config
from muse_core.config.run_config import BaseConfig, RunConfig
from muse_core.errors import ConfigError
from muse_core.fingerprint import own_parts
from muse_core.stage_table import STAGES
from muse_core.training.probe import Probe
from tasks.budget import FILE, Budget, decide, say_budget, with_values, within_budget
from tasks.estimate import COSTS, HOUR_S, estimate, weights
from tasks.parts import wanted_stages

SMOLLM2 = 134_515_008
SMALL = weights(BaseConfig())
ALL = wanted_stages("all")


def cpu(*settings: str) -> RunConfig:
    return load_config("cpu", None, list(settings))[0]


def probe(rate: float) -> Probe:
    return Probe(rate, 2, "cpu", 5, 2.0, SMALL)


@pytest.mark.parametrize("hours", [2.0, 3.0, 8.0])
@pytest.mark.parametrize("rate", [3000.0, 5000.0, 12_000.0])
def test_the_run_that_is_decided_takes_the_hours_that_were_given(hours: float, rate: float) -> None:
    config = cpu(f"cpu.hours={hours}")
    budget = decide(config, probe(rate), SMOLLM2)
    sized = with_values(config, budget.values)
    taken = estimate(sized, COSTS, probe(rate), SMOLLM2).total_s / HOUR_S
    assert 0.85 * hours <= taken <= 1.01 * hours
    assert RunConfig.model_validate(sized.model_dump()) == sized


def test_a_faster_machine_reads_more_and_single_turns_come_first() -> None:
    slow, fast = (decide(cpu(), probe(rate), SMOLLM2).values for rate in (4000.0, 12_000.0))
    assert fast["sft.max_tokens"] > 2 * slow["sft.max_tokens"]
    assert fast["pairs.contexts"] >= slow["pairs.contexts"]
    assert fast["evaluation.max_cases"] >= slow["evaluation.max_cases"]
    for values in (slow, fast):
        share = values["sft.single_turn_tokens"] / (
            values["sft.single_turn_tokens"] + values["sft.max_tokens"]
        )
        assert share == pytest.approx(0.6, abs=0.05)


def test_sizes_that_the_user_has_set_stay() -> None:
    budget = decide(cpu("sft.max_tokens=77000", "pairs.contexts=123"), probe(5000.0), SMOLLM2)
    assert "sft.max_tokens" not in budget.values and "pairs.contexts" not in budget.values
    assert "sft.single_turn_tokens" in budget.values


@pytest.mark.parametrize(("hours", "rate"), [(0.2, 2000.0), (1.0, 2700.0), (0.4, 9000.0)])
def test_hours_that_do_not_suffice_say_how_many_do(hours: float, rate: float) -> None:
    """Data and the least evaluation come first; what is left for SFT was negative once."""
    with pytest.raises(ConfigError, match=r"Set at least cpu\.hours=") as problem:
        decide(cpu(f"cpu.hours={hours}"), probe(rate), SMOLLM2)
    enough = float(str(problem.value).partition("at least cpu.hours=")[2].partition(",")[0])
    budget = decide(cpu(f"cpu.hours={enough}"), probe(rate), SMOLLM2)
    assert min(budget.values.values()) > 0
    with pytest.raises(ConfigError):
        decide(cpu(f"cpu.hours={enough - 0.1:.1f}"), probe(rate), SMOLLM2)


@pytest.fixture
def rates(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the next probes find; a probe without one left fails."""
    left: list[float] = []
    monkeypatch.setattr("tasks.budget.fastest", lambda config, device: (config, probe(left.pop(0)), SMOLLM2))
    return left


def keys(config: RunConfig) -> dict[str, dict[str, str]]:
    return {stage.name: own_parts(stage, config) for stage in STAGES}


def test_a_run_that_goes_on_has_the_same_keys_though_the_machine_is_slower_now(
    tmp_path: Path, rates: list[float]
) -> None:
    rates += [5000.0, 3000.0]
    first = say_budget(cpu(), tmp_path, ALL)
    again = say_budget(cpu("execution.threads=1"), tmp_path, ALL)
    assert rates == [3000.0]  # no second probe
    assert keys(again) == keys(first) != keys(cpu())
    other = say_budget(cpu("seed=5"), tmp_path, ALL)
    assert other.sft.max_tokens < first.sft.max_tokens
    assert len(json.loads((tmp_path / FILE).read_text())) == 2


def test_the_hours_themselves_are_in_no_key(rates: list[float], tmp_path: Path) -> None:
    values = decide(cpu(), probe(5000.0), SMOLLM2).values
    three, four = (with_values(cpu(f"cpu.hours={hours}"), values) for hours in (3, 4))
    assert keys(three) == keys(four)


def test_looking_keeps_nothing_and_without_hours_nothing_is_decided(
    tmp_path: Path, rates: list[float]
) -> None:
    rates.append(5000.0)
    sized, budget = within_budget(cpu(), tmp_path, "cpu", is_kept=False)
    assert isinstance(budget, Budget) and sized != cpu() and list(tmp_path.iterdir()) == []
    assert within_budget(cpu("cpu.hours=0"), tmp_path, "cpu") == (cpu("cpu.hours=0"), None)
    quickstart, _ = load_config("quickstart")
    assert within_budget(quickstart, tmp_path, "cpu") == (quickstart, None)


def test_stages_that_ask_no_model_need_no_base_to_be_read(tmp_path: Path, rates: list[float]) -> None:
    config = cpu()
    assert say_budget(config, tmp_path, wanted_stages("conversations")) == config


def test_a_damaged_record_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("{")
    with pytest.raises(ConfigError, match="delete it"):
        within_budget(cpu(), tmp_path, "cpu")


def test_a_precision_that_trains_faster_is_decided_with_the_sizes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = cpu("execution.precision=bf16")
    monkeypatch.setattr("tasks.budget.fastest", lambda config, device: (quick, probe(5000.0), SMOLLM2))
    first, budget = within_budget(cpu(), tmp_path, "cpu")
    assert first.execution.precision == "bf16" and budget is not None
    assert "execution.precision=bf16" in budget.line()
    assert within_budget(cpu(), tmp_path, "cpu") == (first, budget)  # as it was kept


def test_what_was_decided_is_said(
    tmp_path: Path, rates: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    rates.append(5000.0)
    with caplog.at_level("INFO"):
        sized = say_budget(cpu(), tmp_path, ALL)
    assert f"sft.max_tokens={sized.sft.max_tokens:,}" in caplog.text and "3 hours at" in caplog.text
