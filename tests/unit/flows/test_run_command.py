from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from flows.commands.run import absolute_files, check_cases, public, run_flow, show
from flows.environment import Environment
from muse_core.config.load import load_config
from muse_core.errors import ConfigError

SUMMARY = {
    "stages": [
        {"name": "catalog", "status": "cached", "seconds": 0.1},
        {"name": "sft", "status": "ran", "seconds": 9.0},
    ],
    "people": {
        "verdict": "On 172 requests of people …",
        "columns": ["Requests of people", "Asked"],
        "rows": [["172 requests", "SFT"]],
    },
    "results": {"sft": {"tool_accuracy": 0.9}},
    "report": "/home/report.html",
    "model": "/home/model",
    "registered": {"uri": "models:/muse@candidate", "version": "3", "created": True},
    "promotion": {"outcome": "blocked", "conditions": []},
    "seconds": {"start-up": 8.0, "catalog": 0.1, "sft": 9.0, "register": 0.5},
    "estimate": {"seconds": {"sft": 6.0, "register": 0.5}, "tokens_per_second": 5800.0, "threads": 2},
    "table": {"columns": ["Stage", "Tool accuracy"], "rows": [["SFT", "90.0 %"]], "notes": ["a note"]},
}


def test_files_become_absolute_and_all_else_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my shop.csv").write_text("title\nshirt\n")
    asked = ["catalog.file=my shop.csv", "dpo.beta=0.2", "seed=5"]
    config, _ = load_config("quickstart", None, asked)
    found = absolute_files(config)
    assert found.catalog.file == f"{tmp_path}/my shop.csv"
    assert found.model_copy(update={"catalog": config.catalog}) == config
    assert absolute_files(found) == found


def test_the_flow_is_given_the_configuration_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of it is printed and parsed again."""
    given: dict[str, Any] = {}
    monkeypatch.setattr("flows.pipeline.muse", lambda *named, **more: given.update(preset=named[0], **more))
    config, _ = load_config("quickstart", None, ["pairs.temperatures=[0.5, 1.0]", "report_to=[]"])
    run_flow(config, "data", Environment(tmp_path, "sqlite:///none", "http://there"))
    assert given == {"preset": "quickstart", "stage": "data", "config": config}


def test_a_case_file_that_is_not_there_is_told_before_anything_runs(tmp_path: Path) -> None:
    config, _ = load_config("quickstart", None, [f"evaluation.cases={tmp_path}/none.jsonl"])
    with pytest.raises(ConfigError, match="which is no file"):
        check_cases(config)
    (tmp_path / "none.jsonl").write_text("{}\n")
    check_cases(config)
    check_cases(load_config("quickstart", None, [])[0])


def test_the_json_object_has_the_promised_keys() -> None:
    promised = [
        "stages",
        "people",
        "results",
        "report",
        "model",
        "registered",
        "promotion",
        "seconds",
        "estimate",
    ]
    assert list(public(SUMMARY)) == promised


def test_the_terminal_shows_results_timings_and_places(tmp_path: Path) -> None:
    out = Console(file=io.StringIO(), width=100)
    show(SUMMARY, Environment(tmp_path, f"sqlite:///{tmp_path}/mlflow.db", None), out)
    text = out.file.getvalue()  # type: ignore[attr-defined]
    assert "90.0 %" in text and "a note" in text
    assert text.index("On 172 requests of people …") < text.index("172 requests") < text.index("90.0 %")
    lines = {line.split()[1]: line.replace("│", "").split() for line in text.splitlines() if "│" in line}
    assert lines["sft"] == ["sft", "ran", "9.0", "6", "1.50", "×"]
    assert lines["catalog"] == ["catalog", "cached", "0.1"]  # found: nothing was expected of it
    assert lines["in"] == ["in", "all", "17.6", "6", "1.46", "×"]  # 9.5 s of the 6.5 s that had an estimate
    assert "/home/report.html" in text and "models:/muse@candidate (version 3)" in text
    assert "mlflow ui" in text
    assert text.splitlines()[-1] == f"talk to it muse chat --home {tmp_path}"


def test_nothing_to_talk_to_before_there_is_a_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    texts = []
    for model in ("/home/model", None):
        out = Console(file=io.StringIO(), width=100)
        show(SUMMARY | {"model": model}, Environment(tmp_path / ".muse", "http://there", None), out)
        texts.append(out.file.getvalue())  # type: ignore[attr-defined]
    assert texts[0].splitlines()[-1] == "talk to it muse chat" and "muse chat" not in texts[1]


def test_the_parts_of_a_stage_are_below_it_and_count_once(tmp_path: Path) -> None:
    parts = [
        {"name": "predict_sft", "status": "cached", "seconds": 0.2},
        {"name": "evaluate", "status": "ran", "seconds": 3.8},
    ]
    stages = [{"name": "evaluate", "status": "ran", "seconds": 4.0, "parts": parts}]
    out = Console(file=io.StringIO(), width=100)
    summary = SUMMARY | {"stages": stages, "seconds": {"evaluate": 4.0}, "estimate": None}
    show(summary, Environment(tmp_path, "http://there", None), out)
    text = out.file.getvalue()  # type: ignore[attr-defined]
    lines = [line.replace("│", "").split() for line in text.splitlines() if "│" in line]
    assert lines[-4:] == [
        ["evaluate", "ran", "4.0"], ["predict_sft", "cached", "0.2"], ["evaluate", "ran", "3.8"],
        ["in", "all", "4.0"],
    ]  # fmt: skip


def test_without_a_probe_there_is_no_column_for_it(tmp_path: Path) -> None:
    out = Console(file=io.StringIO(), width=100)
    show(SUMMARY | {"estimate": None}, Environment(tmp_path, "http://there", None), out)
    text = out.file.getvalue()  # type: ignore[attr-defined]
    assert "17.6" in text and "expected" not in text and "×" not in text
