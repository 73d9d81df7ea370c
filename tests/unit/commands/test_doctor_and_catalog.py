"""`muse doctor` and `muse catalog check`."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from flows.commands import catalog, doctor
from muse_core.errors import CatalogError, ConfigError, MuseError


def states(home: Path) -> dict[str, str]:
    return {finding.name: finding.state for finding in doctor.examine(home)}


def test_this_machine_can_run_muse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    doctor.doctor(tmp_path / "home", True)
    found = json.loads(capsys.readouterr().out)
    assert found["ok"] is True and not (tmp_path / "home").exists()
    doctor.doctor(tmp_path / "home", False)
    text = capsys.readouterr().out
    assert all(name in text for name in ("python", "torch", "disk", "gpu", "tensorrt"))


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
