"""The lines of README and docs/ that need a model or an artifact, run as they stand where there is one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from mlflow.tracking._tracking_service import utils as tracking
from typer.testing import CliRunner

from flows.cli import app
from muse_core.artifacts import ArtifactStore
from muse_core.records import to_table
from muse_core.types import ArtifactRef
from tasks.registered_model import ModelParts
from tasks.tracking import TrackingPlace
from tests import builders
from tests.integration.test_registry import parts, put  # noqa: F401  (a fixture, and how a version is made)
from tests.integration.test_two_processes import inputs
from tests.unit.documents.pages import ROOT, block, command, commands
from tests.unit.training.builders_training import context

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a reader stands after a first run: `.muse` is here, and nothing is set."""
    for name in [name for name in os.environ if name.startswith(("MUSE_", "MLFLOW_", "PREFECT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PREFECT_PROFILES_PATH", str(tmp_path / "no-profiles.toml"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".muse").mkdir()
    return tmp_path


@pytest.fixture
def registered(folder: Path, parts: ModelParts) -> Path:  # noqa: F811
    home = folder / ".muse"
    put(TrackingPlace(f"sqlite:///{home / 'mlflow.db'}", (home / "mlruns").as_uri(), home), parts)
    return folder


def line_of(beginning: str) -> list[str]:
    return command(next(line for line in commands() if line.startswith(beginning))).words


def test_the_python_answers(registered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking, "_tracking_uri", None)  # what the block sets is forgotten afterwards
    known: dict[str, object] = {}
    code = block("python", "import mlflow").text.replace("model.predict", "answers = model.predict")
    exec(compile(code, "README.md", "exec"), known)
    answers = known["answers"]
    assert isinstance(answers, list) and {"text", "calls", "messages"} <= set(answers[0])
    assert {path.name for path in registered.iterdir()} == {".muse"}  # no store beside it


def test_the_case_is_scored_on_the_registered_model(registered: Path) -> None:
    (registered / "my_cases.jsonl").write_text(block("json", "{").text)
    result = CliRunner().invoke(app, [*line_of("muse eval --cases")[1:], "--json", "--quiet"])
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["n"] == 1 and result.stderr == ""


def test_the_report_opens(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ArtifactStore(folder / ".muse" / "artifacts")
    store.write_table("conversations", to_table("conversations", [builders.conversation()]), "ab" * 32)
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    result = CliRunner().invoke(app, line_of("muse report")[1:])
    assert result.exit_code == 0, result.stderr
    assert opened == [Path(result.stdout.split()[0]).as_uri()]


def test_a_table_is_exported(folder: Path) -> None:
    store = ArtifactStore(folder / ".muse" / "artifacts")
    store.write_table("conversations", to_table("conversations", [builders.conversation()]), "ab" * 32)
    result = CliRunner().invoke(app, line_of("muse artifacts export conversations")[1:])
    assert result.exit_code == 0 and len(result.stdout.splitlines()) == 1


def test_sft_is_trained_by_torchrun(folder: Path) -> None:
    """As it stands but for how long it reads; the base is a tiny one."""
    store = ArtifactStore(folder / ".muse" / "artifacts")
    ctx = context(folder, "made by muse run")
    for stage, ref in inputs(ctx).items():
        _publish(store.for_stage(stage, {}), ctx.store, ref)
    _, *words = line_of("torchrun")
    short = [word for setting in ("sft.single_turn_tokens=0", "sft.max_tokens=2000", "sft.num_epochs=1")
             for word in ("--set", setting)]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", *words, *short],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert store.latest("model", "sft") is not None


def _publish(store: ArtifactStore, made_in: ArtifactStore, ref: ArtifactRef) -> None:
    if ref.kind == "model":
        source = made_in.folder(ref)
        store.write_folder(
            "model", lambda draft: shutil.copytree(source, draft, dirs_exist_ok=True) and None, "ab" * 32
        )
    else:
        store.write_table(ref.kind, made_in.read_table(ref), "ab" * 32)


def test_mlflow_ui_knows_its_options_and_its_variable() -> None:
    from mlflow import environment_variables
    from mlflow.cli import cli

    line = next(line for line in commands() if "mlflow ui" in line)
    variables, words = command(line)
    assert all(hasattr(environment_variables, name) for name in variables)
    with cli.make_context("mlflow", words[1:], resilient_parsing=True) as parent:
        verb = cli.get_command(parent, words[1])
        assert verb is not None
        options = verb.make_context(words[1], words[2:], parent=parent).params
    assert options["workers"] == "1" and options["backend_store_uri"] == "sqlite:///.muse/mlflow.db"
