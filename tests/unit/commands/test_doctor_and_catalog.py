"""`muse doctor` and `muse catalog check`."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from flows.commands import catalog, doctor
from muse_core.config.load import load_config
from muse_core.errors import CatalogError, ConfigError, MuseError
from muse_core.models.cpu import capability, native_bf16, thread_count, threads_in_words
from muse_core.models.cpu_linear import uses_onednn


@pytest.fixture(autouse=True)
def short_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    """One step, of a small model: real training all the same."""
    monkeypatch.setattr("muse_core.training.probe.SECONDS", 0.0)
    small = ["base.hidden_size=32", "base.num_layers=1", "base.num_heads=2", "base.intermediate_size=64"]
    monkeypatch.setattr(doctor, "load_config", lambda preset: load_config(preset, None, small))


def states(home: Path) -> dict[str, str]:
    return {finding.name: finding.state for finding in doctor.examine(home)}


def test_this_machine_can_run_muse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    doctor.doctor(tmp_path / "home", True)
    found = json.loads(capsys.readouterr().out)
    assert found["ok"] is True and not (tmp_path / "home").exists()
    doctor.doctor(tmp_path / "home", False)
    text = capsys.readouterr().out
    assert all(name in text for name in ("python", "torch", "disk", "gpu", "tensorrt"))


def test_it_says_what_models_compute_with_and_how_fast_that_is(tmp_path: Path) -> None:
    texts = {finding.name: finding.text for finding in doctor.examine(tmp_path)}
    bf16 = native_bf16()
    assert texts["cpu"].startswith(capability()) and ("no native bf16" in texts["cpu"]) is not bf16
    assert ("in bf16" if bf16 else "in fp32") in texts["optimizer"]
    assert ("oneDNN, which" in texts["products"]) is uses_onednn()
    assert texts["threads"].startswith(f"{thread_count()} torch thread")
    rate = float(texts["probe"].split(" tokens/s")[0].replace(",", ""))
    assert rate > 0 and "the quickstart takes" in texts["probe"]


@pytest.mark.parametrize(
    ("usable", "asked", "said"),
    [
        (2.0, 0, "2 torch threads on 2 usable CPUs"),
        (0.5, 0, "1 torch thread on 0.5 usable CPUs"),
        (1.0, 1, "1 torch thread on 1 usable CPU"),
        (2.0, 64, "2 torch threads on 2 usable CPUs (execution.threads=64 is more than that)"),
    ],
)
def test_threads_are_said_with_why_they_are_not_as_asked(
    usable: float, asked: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muse_core.models.cpu.usable_cpus", lambda: usable)
    assert threads_in_words(asked) == said


def test_a_machine_without_torch_is_still_examined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "library_versions", lambda: {"transformers": "5"})
    monkeypatch.setattr(doctor, "_version", lambda name: None if name == "torch" else "1")
    found = states(tmp_path)
    assert found["torch"] == "wrong" and "probe" not in found and found["disk"]


def test_a_home_that_cannot_be_written_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    assert states(tmp_path / "file")["home"] == "wrong"
    with pytest.raises(MuseError, match="home"):
        doctor.doctor(tmp_path / "file", True)


def test_a_configured_server_that_does_not_answer_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "PREFECT_API_URL", "http://127.0.0.1:9/api")
    assert states(tmp_path)["server"] == "wrong"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.csv"
    path.write_text("id,label,price,colour\n1,Blue Cotton Shirt,999,blue\n2,Red Silk Saree,,red\n")
    return path


def test_catalog_check(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = [f"catalog.file={json.dumps(str(shop))}", 'catalog.columns={title = "label"}']
    catalog.check(shop, None, settings, True)
    found = json.loads(capsys.readouterr().out)
    assert found["rows_read"] == 2 and found["columns"]["title"] == "label"
    assert {"rows_kept", "dropped", "prices", "colours", "categories"} <= found.keys()
    catalog.check(shop, None, settings, False)
    assert "2 of 2 rows kept" in capsys.readouterr().out


def test_catalog_check_refuses(shop: Path, tmp_path: Path) -> None:
    with pytest.raises(CatalogError):
        catalog.check(tmp_path / "none.csv", None, [], True)
    with pytest.raises(ConfigError):
        catalog.check(shop, None, ["catalog.colums={}"], True)
