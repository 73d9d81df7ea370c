"""`muse artifacts ls|show|verify` on a small store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows.commands import artifacts
from muse_core import records
from muse_core.artifacts import ArtifactStore
from muse_core.errors import ArtifactError, ConfigError
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


def test_repair_says_what_it_did(
    home: Path, refs: list[ArtifactRef], capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "artifacts" / refs[0].path).write_bytes(b"damaged")
    artifacts.verify(home, False, is_repair=True)
    text = " ".join(capsys.readouterr().out.split())
    identity = refs[0].path.rpartition("/")[0]
    assert f"{identity}: data.parquet is damaged" in text
    assert f"moved to damaged/{identity.replace('/', '-')}" in text and "1 artifacts below" in text
    artifacts.verify(home, True, is_repair=True)
    assert json.loads(capsys.readouterr().out) == {"artifacts": 1, "damaged": [], "set_aside": []}


def test_repair_leaves_what_a_running_stage_holds(
    home: Path, refs: list[ArtifactRef], capsys: pytest.CaptureFixture[str]
) -> None:
    store = ArtifactStore(home / "artifacts")
    (store.root / refs[0].path).write_bytes(b"damaged")
    with store.lock(KEY), pytest.raises(ArtifactError, match="cannot be used"):
        artifacts.verify(home, False, is_repair=True)
    assert "a running stage holds its lock" in " ".join(capsys.readouterr().out.split())
    assert (store.root / refs[0].path).exists()


def test_the_bucket_is_not_repaired(home: Path) -> None:
    with pytest.raises(ConfigError, match="below the home"):
        artifacts.verify(home, False, is_repair=True, is_remote=True)
