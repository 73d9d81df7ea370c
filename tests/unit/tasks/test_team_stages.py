"""A stage's run with a bucket behind the store: run once for all machines, shared at its end, tried again."""

from __future__ import annotations

import importlib
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import fsspec
import pytest

from muse_core.artifacts import ArtifactStore
from muse_core.config.load import load_config
from muse_core.context import NoMetrics
from muse_core.errors import ConfigError, TransientError
from muse_core.fingerprint import fingerprint, plan
from muse_core.remote import Remote
from muse_core.stage_table import stage_named
from muse_core.team_store import TeamStore
from tasks.execution import Job, run_stage
from tasks.gate import open_store
from tasks.parts import wanted_stages
from tasks.pipeline_run import PipelineRun, expect

QUICKSTART, _ = load_config("quickstart", None, ["catalog.synthetic_products=40"])
CATALOG = stage_named("catalog")
KEY = fingerprint("catalog", QUICKSTART, {})


def machine(tmp_path: Path, name: str) -> TeamStore:
    store = open_store(tmp_path / name, f"memory://stages/{tmp_path.name}")
    assert isinstance(store, TeamStore)
    return store


def job(store: ArtifactStore) -> Job:
    sink: Any = NoMetrics()
    return Job("catalog", KEY, QUICKSTART, store, "cpu", sink)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A line for each time that the stage is computed."""
    module, told = importlib.import_module(CATALOG.module), list[str]()
    run = module.run
    monkeypatch.setattr(module, "run", lambda *a, **k: (told.append("ran"), run(*a, **k))[1])
    return told


def test_a_stage_runs_once_for_all_machines(tmp_path: Path, runs: list[str]) -> None:
    here, there = machine(tmp_path, "here"), machine(tmp_path, "there")
    assert plan(QUICKSTART, there, [CATALOG])[0].status == "would run"
    ref = run_stage(job(here))
    assert plan(QUICKSTART, there, [CATALOG])[0].status == "cached" and not there.root.exists()
    assert run_stage(job(there)) == ref and runs == ["ran"]
    assert there.read_table(ref).equals(here.read_table(ref)) and not list(there.root.glob("work/*"))


def test_what_cannot_be_sent_is_tried_again_without_running_again(
    tmp_path: Path, runs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = machine(tmp_path, "here"), machine(tmp_path, "there")
    files = fsspec.filesystem("memory")
    with monkeypatch.context() as away:
        away.setattr(type(files), "put_file", lambda *a, **k: (_ for _ in ()).throw(ConnectionError("away")))
        with pytest.raises(TransientError, match="does not answer"):
            run_stage(job(here))
    assert there.find("products", KEY.value) is None
    assert run_stage(job(here)) == there.obtain("products", KEY.value)
    assert runs == ["ran"]


def test_a_bucket_that_is_away_is_left_to_the_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The flow goes on to the task, which raises what Prefect retries; nothing is computed meanwhile."""
    store = machine(tmp_path, "here")
    monkeypatch.setattr(Remote, "manifest", lambda *_: (_ for _ in ()).throw(TransientError("it is away")))
    run = cast(PipelineRun, SimpleNamespace(store=store))
    assert PipelineRun._known(run, CATALOG, KEY) is None and "it is away" in caplog.text
    with caplog.at_level(logging.INFO):
        assert expect(QUICKSTART, store, wanted_stages("all"), "cpu") is None
    assert "no estimate: it is away" in caplog.text
    with pytest.raises(TransientError):
        run_stage(job(store))
    assert store.list() == []


def test_the_claim_is_given_back_by_a_stage_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = machine(tmp_path, "here"), machine(tmp_path, "there")
    module = importlib.import_module(CATALOG.module)
    with monkeypatch.context() as broken:
        broken.setattr(module, "run", lambda *a, **k: (_ for _ in ()).throw(ConfigError("no")))
        with pytest.raises(ConfigError):
            run_stage(job(here))
    with there.lock(KEY.value):
        assert here.find("products", KEY.value) is None


def test_without_an_address_the_store_is_a_folder(tmp_path: Path) -> None:
    assert type(open_store(tmp_path)) is ArtifactStore
