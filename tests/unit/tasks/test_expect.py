"""What a run says at its start of how long it will take, and when it says nothing."""

from __future__ import annotations

import logging
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from muse_core.artifacts import ArtifactStore
from muse_core.config.load import load_config
from muse_core.config.run_config import RunConfig
from muse_core.context import NoMetrics
from muse_core.fingerprint import fingerprint
from muse_core.stage_table import STAGE_NAMES, summed
from muse_core.training.probe import Probe
from tasks.estimate import StageEstimate, weights
from tasks.execution import Job, run_stage
from tasks.forecast import Forecast
from tasks.parts import REGISTER, wanted_stages
from tasks.pipeline_run import expect

QUICKSTART, _ = load_config("quickstart", None, ["catalog.synthetic_products=40"])


@pytest.fixture
def probed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[RunConfig, str]]:
    """The probes that were asked for, each answered with 5,000 tokens/s."""
    asked: list[tuple[RunConfig, str]] = []

    def probe(config: RunConfig, device: str, base: object = None) -> Probe:
        asked.append((config, device))
        return Probe(5000.0, 2, device, 5, 2.0, weights(QUICKSTART.base))

    monkeypatch.setattr("muse_core.training.probe.probe", probe)
    return asked


def test_a_fresh_run_is_probed_and_says_how_long_it_takes(
    tmp_path: Path, probed: list[tuple[RunConfig, str]], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        found = expect(QUICKSTART, ArtifactStore(tmp_path), wanted_stages("all"), "cpu")
    assert found is not None and list(summed(found.seconds)) == [*STAGE_NAMES, REGISTER]
    assert probed == [(QUICKSTART, "cpu")]
    assert "minutes on this machine" in caplog.text


def test_what_is_cached_is_not_counted_and_what_ran_keeps_its_estimate(
    tmp_path: Path, probed: list[tuple[RunConfig, str]]
) -> None:
    store = ArtifactStore(tmp_path)
    expected = StageEstimate(1.5, 40.0, 5000.0, 2, "cpu")
    forecast = Forecast({"catalog": 1.5, "base": 20.0})
    key = fingerprint("catalog", QUICKSTART, {})
    sink: Any = NoMetrics()
    ref = run_stage(Job("catalog", key, QUICKSTART, store, "cpu", sink, None, expected, forecast))
    assert store.manifest(ref)["about"]["estimate"] == asdict(expected)
    assert forecast.spent["catalog"] > 0
    found = expect(QUICKSTART, store, wanted_stages("base"), "cpu")
    assert found is not None and list(found.stages) == ["profiles", "conversations", "base"]


def test_a_run_that_asks_no_model_is_not_probed(
    tmp_path: Path, probed: list[tuple[RunConfig, str]], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        assert expect(QUICKSTART, ArtifactStore(tmp_path), wanted_stages("conversations"), "cpu") is None
    assert probed == [] and caplog.text == ""


def test_a_pretrained_base_is_slower_by_its_parameters(
    tmp_path: Path, probed: list[tuple[RunConfig, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    config, _ = load_config("cpu")
    store, wanted = ArtifactStore(tmp_path), wanted_stages("all")
    found = []
    monkeypatch.setattr("muse_core.models.base_check.untrained", lambda model, trim: None)
    for parameters in (100_000_000, 200_000_000):
        monkeypatch.setattr("muse_core.models.base_check.parameters_of", lambda model, trim, n=parameters: n)
        found.append(expect(config, store, wanted, "cpu"))
    small, large = (one.seconds for one in found if one is not None)
    assert large["sft"] == pytest.approx(2 * small["sft"]) and large["profiles"] == small["profiles"]
    assert 0.0 < small["base"] < 0.1 * small["sft"] and small["sft"] > 3600


def test_a_base_that_cannot_be_read_any_more_has_no_estimate_and_the_run_says_so(
    tmp_path: Path, probed: list[tuple[RunConfig, str]], caplog: pytest.LogCaptureFixture
) -> None:
    config, _ = load_config("cpu")
    gone = config.base.model_copy(update={"model": str(tmp_path / "none.gguf")})
    with caplog.at_level(logging.INFO):
        found = expect(
            config.model_copy(update={"base": gone}), ArtifactStore(tmp_path), wanted_stages("all"), "cpu"
        )
    assert found is None and probed == [] and "no estimate: " in caplog.text and "none.gguf" in caplog.text
