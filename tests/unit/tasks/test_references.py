"""Which artifacts MLflow's runs and versions name; `muse artifacts gc` keeps those."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows.commands.artifacts_gc import gc
from flows.environment import tracing
from muse_core.artifacts import ArtifactStore
from muse_core.errors import TransientError
from tasks.references import named_in_mlflow
from tasks.tracking import TrackingPlace, open_client


def place(home: Path) -> TrackingPlace:
    return TrackingPlace(f"sqlite:///{home / 'mlflow.db'}", (home / "mlruns").as_uri(), home)


def named(home: Path) -> set[str]:
    where = place(home)
    return named_in_mlflow(where.uri, where.artifact_root, home)


def test_no_database_names_nothing_and_is_not_made(tmp_path: Path) -> None:
    assert named(tmp_path) == set()
    assert list(tmp_path.iterdir()) == []


def test_runs_and_versions_name_until_they_are_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr("tasks.references.PAGE", 2)  # several pages
    client, experiment = open_client(place(tmp_path))
    runs = [
        client.create_run(experiment, tags={"artifact": f"model/{number}/folder"}).info.run_id
        for number in range(5)
    ]
    client.create_run(experiment, tags={"cached_from": "products/7/data.parquet"})
    client.create_registered_model("muse")
    client.create_model_version("muse", "nowhere", runs[0], tags={"sft_digest": "d" * 64, "x": "y"})
    assert named(tmp_path) - {""} == {*(f"model/{n}" for n in range(5)), "products/7", "d" * 64}
    client.delete_run(runs[3])
    assert "model/3" not in named(tmp_path)

    store = ArtifactStore(tmp_path / "artifacts").for_stage("sft", {})
    paths = []
    for number in range(3):
        ref = store.write_folder("model", lambda f: (f / "w").write_text("x") and None, str(number))
        paths.append(ref.path.rpartition("/")[0])
    client.set_tag(runs[1], "artifact", f"{paths[1]}/folder")
    assert tracing(tmp_path)[0] == place(tmp_path).uri
    gc(False, tmp_path, True)
    told = json.loads(capsys.readouterr().out)
    # equal bytes: whoever names one of them by its digest keeps it, but no one does
    assert (told["deleted"], [one["path"] for one in told["leftovers"]]) == (False, [paths[0]])
    assert len(store.list()) == 3
    gc(True, tmp_path, False)
    assert "deleted 1 folders" in " ".join(capsys.readouterr().out.split())
    assert [ref.path.rpartition("/")[0] for ref in store.list()] == paths[1:]
    gc(True, tmp_path, False)
    assert "can go" in capsys.readouterr().out


def test_nothing_is_deleted_while_mlflow_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ArtifactStore(tmp_path / "artifacts").for_stage("sft", {})
    for number in range(2):
        store.write_folder("model", lambda f: (f / "w").write_text("x") and None, str(number))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(TransientError, match="MLflow"):
        gc(True, tmp_path, False)
    assert len(store.list()) == 2
