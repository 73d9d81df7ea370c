"""`muse explain` says what would run and why, fast, and writes nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from flows.commands.explain import as_object, explain, show
from muse_core.errors import ConfigError
from muse_core.fingerprint import StagePlan
from muse_core.stage_table import STAGE_NAMES

PLANS = [
    StagePlan("catalog", "ab" * 32, "cached", (), ("made with torch 2.12, here is 2.13",)),
    StagePlan("profiles", "cd" * 32, "would run", ("config profiles.count changed from 5 to [7]",)),
    StagePlan("conversations", None, "would run", tuple(f"code file{n}.py changed" for n in range(9))),
]
ARGUMENTS = "from pathlib import Path; from flows.commands.explain import explain; "
MOST_IMPORTS = 5.5  # times the CPU seconds of importing pandas, pyarrow and pydantic


def test_the_object_that_scripts_rely_on() -> None:
    found = as_object(PLANS, ["a note"])
    assert [(entry["name"], entry["status"]) for entry in found["stages"]] == [
        ("catalog", "cached"),
        ("profiles", "would run"),
        ("conversations", "would run"),
    ]
    assert found["stages"][1]["because"] == ["config profiles.count changed from 5 to [7]"]
    json.dumps(found)


def test_the_parts_of_a_stage_are_below_it() -> None:
    plans = [
        StagePlan("predict_sft", "ab" * 32, "cached"),
        StagePlan("predict_dpo", None, "would run", ("input dpo would run",)),
        StagePlan("evaluate", None, "would run", ("input predict_dpo would run",)),
        StagePlan("export", None, "would run"),
    ]
    stages = as_object(plans, [])["stages"]
    assert [one["name"] for one in stages] == ["evaluate", "export"] and "parts" not in stages[1]
    assert [(one["name"], one["status"]) for one in stages[0]["parts"]] == [
        ("predict_sft", "cached"), ("predict_dpo", "would run"),
    ]  # fmt: skip
    out = Console(width=100, record=True, force_terminal=False)
    with out.capture() as shown:
        show(plans, [], out)
    lines = [line.split("  ")[0] or line.split()[0] for line in shown.get().splitlines()]
    assert lines == ["stage", "evaluate", "predict_sft", "predict_dpo", "export"]


def test_the_table_fits_a_hundred_columns_and_says_everything_once() -> None:
    out = Console(width=100, record=True, force_terminal=False)
    with out.capture() as shown:
        show(PLANS, ["device is taken"], out)
    text = shown.get()
    assert max(map(len, text.splitlines())) <= 100
    assert "from 5 to [7]" in text and "and 5 more (--json lists them)" in text
    assert "warning: catalog: made with torch 2.12" in text and "note: device is taken" in text


def test_a_first_explain_runs_nothing_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    explain("quickstart", None, None, ["dpo.beta=0.2"], "all", home, True)
    found = json.loads(capsys.readouterr().out)
    assert [entry["name"] for entry in found["stages"]] == list(STAGE_NAMES)
    assert {entry["status"] for entry in found["stages"]} == {"would run"}
    assert not home.exists()


def test_a_part_of_the_pipeline_is_explained_with_what_it_needs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    explain("quickstart", None, None, [], "profiles", tmp_path, True)
    found = json.loads(capsys.readouterr().out)
    assert [entry["name"] for entry in found["stages"]] == ["catalog", "profiles"]


def test_wrong_requests_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown stage"):
        explain("quickstart", None, None, [], "nothing", tmp_path, False)
    with pytest.raises(ConfigError, match="unknown preset"):
        explain("quick", None, None, [], "all", tmp_path, False)


def test_it_costs_a_few_imports_and_no_more(tmp_path: Path) -> None:
    """CPU seconds of a whole process, in those of one that imports the libraries it needs: a slow or shared
    machine slows both. The best of three."""
    code = f"{ARGUMENTS}explain('quickstart', None, None, [], 'all', Path({str(tmp_path)!r}), True)"
    ratios: list[float] = []
    while len(ratios) < 3 and min(ratios, default=MOST_IMPORTS) >= MOST_IMPORTS:
        ratios.append(_cpu_s(code) / _cpu_s("import pandas, pyarrow.parquet, pydantic"))
    assert min(ratios) < MOST_IMPORTS, ratios


def _cpu_s(code: str) -> float:
    ends = "; import sys, time; print(time.process_time(), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code + ends], capture_output=True, text=True, check=True)
    return float(done.stderr.split()[-1])
