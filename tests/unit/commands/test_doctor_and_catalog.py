"""`muse doctor` and `muse catalog check`."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from flows.commands import catalog, doctor, doctor_servers
from flows.services import Service, write_services
from muse_core.artifacts import ArtifactStore
from muse_core.config.load import load_config
from muse_core.errors import CatalogError, ConfigError, MuseError
from muse_core.models.cpu import capability, native_bf16, thread_count, threads_in_words
from muse_core.models.cpu_linear import uses_onednn
from tasks.tracking import TrackingPlace, open_client


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


def test_lost_events_of_prefects_server_are_said(tmp_path: Path) -> None:
    assert list(doctor_servers.lost_events(tmp_path)) == []
    (tmp_path / "prefect" / "dlq").mkdir(parents=True)
    (tmp_path / "prefect" / "dlq" / "975ab5").write_text("{}")
    (found,) = doctor_servers.lost_events(tmp_path)
    assert found.state == "note" and found.text.startswith("1 events") and "flow-run retry" in found.mend


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


def found_of(home: Path) -> dict[str, doctor.Finding]:
    return {one.name: one for one in doctor_servers.servers(home)} | {"locks": doctor_servers.locks(home)}


def test_tables_of_another_mlflow_are_wrong_and_it_says_how_to_mend_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)  # another test's run may have set its own
    assert found_of(tmp_path)["mlflow"].text.endswith("will be created")
    place = TrackingPlace(f"sqlite:///{tmp_path / 'mlflow.db'}", None, tmp_path)
    open_client(place)
    assert found_of(tmp_path)["mlflow"].state == "ok"
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as database:
        database.execute("update alembic_version set version_num = 'of-the-future'")
        database.commit()
    found = found_of(tmp_path)["mlflow"]
    assert found.state == "wrong" and "of-the-future" in found.text
    assert found.mend.startswith(f"mlflow db upgrade sqlite:///{tmp_path}/mlflow.db")


def test_a_held_lock_is_told(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path / "artifacts")
    assert doctor_servers.locks(tmp_path).text == "none is held"
    with store.lock("ab" * 32):
        assert "1 stages are being made now: abababab" in doctor_servers.locks(tmp_path).text
    assert doctor_servers.locks(tmp_path).text == "none is held"


def test_a_file_system_without_locks_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_servers.fcntl, "flock", lambda *_: None)
    assert doctor_servers.locks(tmp_path).state == "wrong"


def test_services_that_were_killed_are_told(tmp_path: Path) -> None:
    gone = Service("worker", 2**22 + 1, "token", "", "", "")
    write_services(tmp_path, {"worker": gone})
    found = found_of(tmp_path)["services"]
    assert found.state == "wrong" and "worker" in found.text and found.mend == "muse up"


def test_a_library_of_another_version_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor.versions().state == "ok"
    monkeypatch.setattr(doctor, "_version", lambda name: "0.200" if name == "fastapi" else None)
    found = doctor.versions()
    assert found.state == "wrong" and "fastapi 0.200 (needs " in found.text and "pip install" in found.mend


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
