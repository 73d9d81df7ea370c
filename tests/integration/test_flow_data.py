"""The flow over the data stages, small: what runs, what is cached, what damage does."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from muse_core.artifacts import ArtifactStore
from muse_core.errors import ConfigError, ContractViolation
from muse_core.types import ArtifactRef

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("prefect_server")]

SMALL = [
    "catalog.synthetic_products=120",
    "profiles.count=30",
    "conversations.count=60",
    "execution.workers=1",
]
DATA = ["catalog", "profiles", "conversations"]


def run(*overrides: str, stage: str = "conversations") -> dict[str, Any]:
    from flows.pipeline import muse

    summary: dict[str, Any] = muse("quickstart", [*SMALL, *overrides], stage)
    return summary


def status(summary: dict[str, Any]) -> dict[str, str]:
    return {stage["name"]: stage["status"] for stage in summary["stages"]}


@pytest.fixture(scope="module")
def first(prefect_server: None, home: Path) -> dict[str, Any]:
    return run()


@pytest.fixture
def store(first: dict[str, Any], home: Path) -> ArtifactStore:
    return ArtifactStore(home / "artifacts")


def newest(store: ArtifactStore, kind: str) -> ArtifactRef:
    manifest = store.latest(kind)
    assert manifest is not None
    return ArtifactRef(**manifest["ref"])


def test_the_first_run_makes_everything(first: dict[str, Any], store: ArtifactStore) -> None:
    assert status(first) == dict.fromkeys(DATA, "ran")
    assert (first["results"], first["registered"]) == ({}, None)
    assert "the data of this run" in Path(first["report"]).read_text("utf-8")
    for kind, rows in (("products", 120), ("profiles", 30), ("conversations", 60)):
        manifest = store.manifest(newest(store, kind))
        assert manifest["ref"]["rows"] == rows
        assert manifest["validated_by"].startswith("gx:")
        assert manifest["seconds"] > 0
    assert not list((store.root / "work").iterdir())


def test_the_second_run_runs_nothing(first: dict[str, Any], store: ArtifactStore) -> None:
    before = [ref.path for ref in store.list()]
    assert status(run()) == dict.fromkeys(DATA, "cached")
    assert [ref.path for ref in store.list()] == before


def test_a_changed_key_runs_what_reads_it(first: dict[str, Any]) -> None:
    found = status(run("conversations.noise=0.3"))
    assert found == {"catalog": "cached", "profiles": "cached", "conversations": "ran"}
    assert status(run("dpo.beta=0.3")) == dict.fromkeys(DATA, "cached")


def test_a_part_stops_where_it_is_asked_to(first: dict[str, Any]) -> None:
    assert status(run(stage="profiles")) == {"catalog": "cached", "profiles": "cached"}


def test_a_deleted_artifact_is_made_again(first: dict[str, Any], store: ArtifactStore) -> None:
    profiles = newest(store, "profiles")
    shutil.rmtree((store.root / profiles.path).parent)
    assert status(run(stage="profiles")) == {"catalog": "cached", "profiles": "ran"}
    assert newest(store, "profiles") == profiles  # the same bytes
    assert status(run()) == dict.fromkeys(DATA, "cached")


def test_a_damaged_file_is_made_again(first: dict[str, Any], store: ArtifactStore) -> None:
    catalog = newest(store, "products")
    path = store.root / catalog.path
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    assert status(run()) == {"catalog": "ran", "profiles": "cached", "conversations": "cached"}
    assert newest(store, "products") == catalog


def test_a_lost_manifest_is_made_again(first: dict[str, Any], store: ArtifactStore) -> None:
    (store.root / newest(store, "profiles").path).with_name("manifest.json").unlink()
    assert status(run(stage="profiles"))["profiles"] == "ran"


def test_a_changed_contract_is_checked_without_running(
    first: dict[str, Any], store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    from data_contracts import validate

    def refuse(kind: str, table: Any) -> str:
        raise ContractViolation(f"{kind}: refused")

    monkeypatch.setattr(validate, "signature", lambda kind: "gx:other")
    monkeypatch.setattr(validate, "validate", lambda kind, table: "gx:other")
    assert status(run(stage="profiles")) == {"catalog": "cached", "profiles": "cached"}
    assert store.manifest(newest(store, "profiles"))["validated_by"] == "gx:other"
    monkeypatch.setattr(validate, "signature", lambda kind: "gx:stricter")
    monkeypatch.setattr(validate, "validate", refuse)
    with pytest.raises(ContractViolation, match="refused"):
        run(stage="profiles")


def test_mistakes_end_the_flow_before_a_stage(first: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="unknown stage"):
        run(stage="training")
    with pytest.raises(ConfigError, match=r"dpo\.beta"):
        run("dpo.beta=-1")


def test_mlflow_shows_the_run_and_its_stages(first: dict[str, Any], home: Path) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{home}/mlflow.db")
    experiment = client.get_experiment_by_name("muse")
    runs = client.search_runs([experiment.experiment_id], max_results=1000)
    parents = {run.info.run_id: run for run in runs if "mlflow.parentRunId" not in run.data.tags}
    children = [run for run in runs if "mlflow.parentRunId" in run.data.tags]
    assert children and all(run.data.tags["mlflow.parentRunId"] in parents for run in children)
    cached = [run for run in children if "cached_from" in run.data.tags and run.info.run_name == "profiles"]
    ran = [run for run in children if "cached_from" not in run.data.tags and run.info.run_name == "profiles"]
    assert cached and ran
    assert cached[0].data.params["count"] == "30"
    assert cached[0].data.metrics.keys() <= ran[-1].data.metrics.keys()


def test_prefect_shows_stages_and_their_inputs(first: dict[str, Any]) -> None:
    from prefect.artifacts import Artifact
    from prefect.client.orchestration import get_client

    table = Artifact.get("muse-stages")
    assert table is not None and table.type == "table"
    with get_client(sync_client=True) as client:
        runs = client.read_task_runs(limit=200)
    inputs = [run.task_inputs for run in runs if run.name == "conversations"]
    assert inputs and all(len(one["profiles"]) == 1 for one in inputs)


def test_shards_as_prefect_tasks_keep_their_order(first: dict[str, Any]) -> None:
    from prefect import flow
    from prefect.task_runners import ThreadPoolTaskRunner

    from tasks.execution import map_in_tasks

    @flow
    def square_all() -> list[int]:
        return list(map_in_tasks(_square, range(5), ThreadPoolTaskRunner(max_workers=2)))

    assert square_all() == [0, 1, 4, 9, 16]


def _square(number: int) -> int:
    return number * number


def test_nothing_is_written_outside_the_home(first: dict[str, Any], home: Path) -> None:
    ours = {"artifacts", "mlflow.db", "mlflow.lock", "mlruns", "reports"}
    assert {entry.name for entry in home.iterdir()} <= ours
