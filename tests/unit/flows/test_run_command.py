from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from flows.commands.run import overrides_of, public, show
from flows.environment import Environment
from muse_core.config.load import load_config

SUMMARY = {
    "stages": [
        {"name": "catalog", "status": "cached", "seconds": 0.1},
        {"name": "sft", "status": "ran", "seconds": 9.0},
    ],
    "results": {"sft": {"tool_accuracy": 0.9}},
    "report": "/home/report.html",
    "model": "/home/model",
    "registered": {"uri": "models:/muse@candidate", "version": "3", "created": True},
    "promotion": {"outcome": "blocked", "conditions": []},
    "seconds": {"start-up": 8.0, "catalog": 0.1, "sft": 9.0, "register": 0.5},
    "estimate": {"seconds": {"sft": 6.0, "register": 0.5}, "tokens_per_second": 5800.0, "threads": 2},
    "table": {"columns": ["Stage", "Tool accuracy"], "rows": [["SFT", "90.0 %"]], "notes": ["a note"]},
}


@pytest.mark.parametrize(
    "settings",
    [
        [],
        ["dpo.beta=0.2", "sft.num_epochs=3"],
        ["catalog.columns={title = \"Product [Name]\"}", "seed=5"],
        ["report_to=[]", "base.model=null", "pairs.temperatures=[0.5, 1.0]"],
    ],
)  # fmt: skip
def test_overrides_carry_the_whole_config(settings: list[str], tmp_path: Path) -> None:
    catalog = tmp_path / "my shop.csv"
    catalog.write_text("title\nshirt\n")
    config, _ = load_config("quickstart", None, [*settings, f"catalog.file={catalog}"])
    overrides = overrides_of(config)
    assert load_config("quickstart", None, overrides)[0] == config
    assert json.loads(json.dumps(overrides)) == overrides


def test_overrides_make_files_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.csv").write_text("title\nshirt\n")
    config, _ = load_config("quickstart", None, ["catalog.file=shop.csv"])
    assert overrides_of(config) == [f'catalog.file="{tmp_path}/shop.csv"']


def test_the_json_object_has_the_promised_keys() -> None:
    promised = ["stages", "results", "report", "model", "registered", "promotion", "seconds", "estimate"]
    assert list(public(SUMMARY)) == promised


def test_the_terminal_shows_results_timings_and_places(tmp_path: Path) -> None:
    out = Console(file=io.StringIO(), width=100)
    show(SUMMARY, Environment(tmp_path, f"sqlite:///{tmp_path}/mlflow.db", None), out)
    text = out.file.getvalue()  # type: ignore[attr-defined]
    assert "90.0 %" in text and "a note" in text
    lines = {line.split()[1]: line.replace("│", "").split() for line in text.splitlines() if "│" in line}
    assert lines["sft"] == ["sft", "ran", "9.0", "6", "1.50", "×"]
    assert lines["catalog"] == ["catalog", "cached", "0.1"]  # found: nothing was expected of it
    assert lines["in"] == ["in", "all", "17.6", "6", "1.46", "×"]  # 9.5 s of the 6.5 s that had an estimate
    assert "/home/report.html" in text and "models:/muse@candidate (version 3)" in text
    assert "mlflow ui" in text


def test_without_a_probe_there_is_no_column_for_it(tmp_path: Path) -> None:
    out = Console(file=io.StringIO(), width=100)
    show(SUMMARY | {"estimate": None}, Environment(tmp_path, "http://there", None), out)
    text = out.file.getvalue()  # type: ignore[attr-defined]
    assert "17.6" in text and "expected" not in text and "×" not in text
