"""`muse models`: what is registered, and who is champion, as a user does it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from flows.cli import app
from muse_core.artifacts import ArtifactStore
from muse_core.records import to_table
from tasks.registered_model import MODEL_NAME
from tasks.tracking import TrackingPlace, open_client

CASES = Path(__file__).parents[1] / "evaluation" / "promotion_cases.jsonl"
HEALTHY = json.loads(CASES.read_text("utf-8").splitlines()[0])["rows"]
WORSE = [row | {"low": -0.055} if row["model"] == "dpo-sft" else row for row in HEALTHY]


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a verb sets for its process is gone behind it."""
    before = dict(os.environ)
    os.environ.pop("MLFLOW_TRACKING_URI", None)
    monkeypatch.setattr("flows.environment._last_home", [])
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Three versions: one that passes, one that is worse, and one whose figures are gone."""
    store = ArtifactStore(tmp_path / "artifacts")
    digests = [
        store.write_table("metrics", to_table("metrics", rows), key * 32).digest
        for rows, key in ((HEALTHY, "ab"), (WORSE, "cd"))
    ]
    uri, root = f"sqlite:///{tmp_path / 'mlflow.db'}", (tmp_path / "mlruns").as_uri()
    client, experiment = open_client(TrackingPlace(uri, root, tmp_path))
    run = client.create_run(experiment)
    client.create_registered_model(MODEL_NAME)
    for digest in (*digests, "gone"):
        tags = {"evaluate_digest": digest, "dpo.tool_accuracy": "0.9240"}
        client.create_model_version(MODEL_NAME, "x", run.info.run_id, tags=tags)
    return tmp_path


def muse(home: Path, *words: str) -> Any:
    return CliRunner().invoke(app, ["models", *words, "--home", str(home)])


def test_the_rule_decides_and_whoever_forces_says_why(home: Path) -> None:
    passed = muse(home, "promote", "1")
    assert passed.exit_code == 0 and passed.stdout.startswith("Promotion: passed.\n  passed: ")
    assert passed.stdout.endswith("muse version 1 is champion now (it passed the rule).\n")

    refused = muse(home, "promote", "2")
    assert refused.exit_code == 1 and "Promotion: blocked." in refused.stdout
    assert "blocked: tool_accuracy (all), not worse than SFT" in refused.stdout
    assert "version 2 was not promoted: blocked" in refused.stderr

    for words in (("--force",), ("--reason", "sale"), ("--force", "--reason", " ")):
        mistaken = muse(home, "promote", "2", *words)
        assert mistaken.exit_code == 2 and "--force and --reason TEXT go together" in mistaken.stderr
    forced = muse(home, "promote", "2", "--force", "--reason", "sale")
    assert forced.exit_code == 0 and "version 2 is champion now (forced: sale)" in forced.stdout

    assert "figures of version 3 are not here" in muse(home, "promote", "3").stdout
    assert "no version '9' of muse; versions: 3, 2, 1" in muse(home, "promote", "9").stderr

    listed = json.loads(muse(home, "ls", "--json").stdout)
    assert [(one["version"], one["why"]) for one in listed["champions"]] == [
        ("1", "it passed the rule"), ("2", "forced: sale"),
    ]  # fmt: skip
    assert [(one["number"], one["aliases"]) for one in listed["versions"]] == [
        ("3", []), ("2", ["champion"]), ("1", []),
    ]  # fmt: skip
    assert "version 1 is champion again" in muse(home, "rollback").stdout
    assert "0.9240" in muse(home, "ls").stdout


def test_another_rule_may_be_asked_for(home: Path) -> None:
    lenient = muse(home, "promote", "2", "--set", "promotion.margin=0.1")
    assert lenient.exit_code == 0 and "not worse than SFT by more than 10 points" in lenient.stdout


def test_an_empty_home(tmp_path: Path) -> None:
    assert "`muse run` registers its model" in muse(tmp_path, "ls").stdout
    assert muse(tmp_path, "promote").exit_code == 2 and muse(tmp_path, "rollback").exit_code == 2
