"""`muse artifacts ls|show|verify` on a small store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows.commands import artifacts
from muse_core import records
from muse_core.artifacts import ArtifactStore
from muse_core.errors import ArtifactError
from muse_core.types import ArtifactRef
from tests import builders

KEY = "ab" * 32


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def refs(home: Path) -> list[ArtifactRef]:
    store = ArtifactStore(home / "artifacts").for_stage("catalog", {})
    table = records.to_table("products", [builders.product(image=b"123", description="x" * 500)])
    model = store.write_folder("model", lambda f: (f / "weights").write_bytes(b"12") and None, "cd" * 32)
    return [store.write_table("products", table, KEY, metrics={"products": 1}), model]


def test_ls(home: Path, refs: list[ArtifactRef], capsys: pytest.CaptureFixture[str]) -> None:
    artifacts.ls(home, False)
    text = capsys.readouterr().out
    assert f"products/{KEY[:16]}" in text and "model/cdcdcdcdcdcdcdcd" in text and "catalog" in text
    artifacts.ls(home, True)
    found = json.loads(capsys.readouterr().out)["artifacts"]
    assert {entry["kind"] for entry in found} == {"products", "model"}


def test_ls_of_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    artifacts.ls(home, False)
    assert "muse run" in " ".join(capsys.readouterr().out.split())
    assert list(home.iterdir()) == []


def test_show_a_table(home: Path, refs: list[ArtifactRef], capsys: pytest.CaptureFixture[str]) -> None:
    artifacts.show("products/", 3, home, False)
    text = capsys.readouterr().out
    assert "Aravali" in text and "3 bytes" in text and "characters)" in text and "products = 1.0" in text
    artifacts.show("products/", 3, home, True)
    found = json.loads(capsys.readouterr().out)
    assert found["rows"][0]["product_id"] == "p1" and found["manifest"]["fingerprint"] == KEY


def test_show_a_folder(home: Path, refs: list[ArtifactRef], capsys: pytest.CaptureFixture[str]) -> None:
    artifacts.show("cdcd", 3, home, True)
    assert json.loads(capsys.readouterr().out)["files"] == [{"name": "weights", "nbytes": 2}]


def test_verify(home: Path, refs: list[ArtifactRef], capsys: pytest.CaptureFixture[str]) -> None:
    artifacts.verify(home, False)
    assert "all intact" in " ".join(capsys.readouterr().out.split())
    (home / "artifacts" / refs[1].path / "weights").write_bytes(b"13")
    with pytest.raises(ArtifactError, match="model/cdcdcdcdcdcdcdcd: folder is damaged"):
        artifacts.verify(home, True)
    assert json.loads(capsys.readouterr().out)["damaged"][0]["path"] == "model/cdcdcdcdcdcdcdcd"
