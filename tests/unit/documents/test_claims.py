"""Every measured number of README and docs/ stands in docs/claims.toml, and nothing there is stale."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from muse_core.evaluation.score.table import CLAIMED_UPSTREAM
from tests.benchmarks.claims import CASES, SECONDS, main
from tests.unit.documents.claims import (
    NUMBER,
    blocks,
    faults,
    figures,
    ledger,
    module_of,
    places,
    stale,
    texts,
    timings,
)
from tests.unit.documents.pages import ROOT, pages

WHAT_TO_DO = (
    "measured numbers without a source. Write each into `numbers` (or `figures`) of its source in "
    "docs/claims.toml, as its head says, and name it above them on the page: <!-- figures: SOURCE -->"
)
KEYS = {
    "command", "date", "commit", "seed", "machine", "run", "config", "digests", "results",
    "figures", "numbers", "lost", "why",
}  # fmt: skip
SHA256, RUN_ID = re.compile(r"[0-9a-f]{64}"), re.compile(r"[0-9a-f]{32}")
LESS_IS_BETTER = ("position BCE",)


def test_every_measured_number_has_a_source() -> None:
    found = [
        f"{page.relative_to(ROOT)}:{one.line}: {one.number} ({', '.join(one.sources) or 'no source named'})"
        for page in pages()
        for one in faults(page.read_text("utf-8"), ledger())
    ]
    assert not found, "\n".join([WHAT_TO_DO, *found])


def test_nothing_in_the_ledger_is_stale() -> None:
    found = stale([page.read_text("utf-8") for page in pages()], ledger())
    assert not found, "\n".join(["no page states this under its source: mend or delete it there", *found])


def test_every_source_that_a_page_names_is_in_the_ledger() -> None:
    named = {name for page in pages() for block in blocks(page.read_text("utf-8")) for name in block.sources}
    assert named - ledger().keys() == set()


def problems(source: dict[str, Any]) -> list[str]:
    """What an entry of the ledger lacks."""
    found = [f"unknown: {key}" for key in source.keys() - KEYS]
    found += [] if texts(source) else ["has no numbers"]
    if "why" in source:
        return [*found, *(f"not measured, and has {key}" for key in source.keys() - {"why", "numbers"})]
    if not isinstance(source.get("date"), date):
        found.append("date is no date")
    if "run" in source:
        ids = [("run", source["run"], RUN_ID), ("config", source.get("config", ""), SHA256)]
        ids += [(f"digests.{stage}", digest, SHA256) for stage, digest in source.get("digests", {}).items()]
        found += [f"{name} {value!r} is no id" for name, value, shape in ids if not shape.fullmatch(value)]
        found += [f"has no {key}" for key in ("command", "commit", "seed", "digests") if key not in source]
    elif "figures" in source:
        found.append("figures without a run")
    elif not ("command" in source or "lost" in source):
        found.append("neither run nor command; say in `lost` what was not kept")
    elif not ("results" in source or "commit" in source):
        found.append("neither a section of RESULTS.md nor a commit")
    if source.get("results", "") not in {"", *timings()}:
        found.append(f"tests/benchmarks/RESULTS.md has no section {source['results']!r}")
    odd = [name for name, text in figures(source) if not fits(name, text)]
    found += [f"{name}: expected a value, or one with its interval" for name in odd]
    module = module_of(source.get("command", ""))
    found += [f"there is no {module}"] if module and not module.is_file() else []
    if not re.fullmatch(r"[0-9a-f]{7,40}", source.get("commit", "0000000")):
        found.append("commit is no commit")
    return found


def fits(name: str, text: str) -> bool:
    counts = {CASES: (1,), SECONDS: (2,)}.get(f" {name.partition(' ')[2]}", (1, 3))
    return len(NUMBER.findall(text)) in counts


@pytest.mark.parametrize("name", ledger())
def test_a_source_says_where_its_numbers_come_from(name: str) -> None:
    assert problems(ledger()[name]) == []


def test_a_source_that_says_too_little_is_refused() -> None:
    right = ledger()["quickstart"]
    assert problems(right | {"run": "a9d9"}) == ["run 'a9d9' is no id"]
    assert problems(right | {"digests": {"dpo": "?"}, "config": ""}) == [
        "config '' is no id", "digests.dpo '?' is no id",
    ]  # fmt: skip
    assert problems(right | {"results": "2026-11-30 Nothing"})[0].endswith("no section '2026-11-30 Nothing'")
    short = {"numbers": ["1 %"], "date": date(2026, 11, 30)}
    assert problems(short) == ["neither run nor command; say in `lost` what was not kept"]
    assert problems(short | {"lost": "all"}) == ["neither a section of RESULTS.md nor a commit"]
    two = problems(right | {"figures": {"dpo.planning": "4.71 → 4.64"}})
    assert two == ["dpo.planning: expected a value, or one with its interval"]
    gone = problems(short | {"command": "python -m tests.benchmarks.gone", "commit": "b51bfd5"})
    assert len(gone) == 1 and gone[0].endswith("gone.py")
    assert problems({"why": "chosen", "numbers": ["1 %"]}) == []


def test_the_page_of_results_names_the_run() -> None:
    page, source = (ROOT / "docs" / "results.md").read_text("utf-8"), ledger()["quickstart"]
    shown = {found for found in re.findall(r"`([0-9a-f]{32,64})`", page)}
    assert shown == {source["run"], source["config"], *source["digests"].values()}
    assert f"commit {source['commit']}, seed {source['seed']}, on {source['date']}" in " ".join(page.split())


# ---- what counts as measured ------------------------------------------------------------------------


def numbers(page: str, **sources: list[str]) -> list[str]:
    return [one.number for one in faults(page, {name: {"numbers": known} for name, known in sources.items()})]


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("Right in 88.1 % [85.6, 90.8] of 682 turns.", ["88.1", "85.6", "90.8"]),
        ("It took 22 minutes, then 4 min 56 s\non two cores.", ["22", "4", "56"]),
        ("Gains 8.8 more [+3.8, +12.5], F1 0.82, of 172.", ["8.8", "+3.8", "+12.5", "0.82"]),
        ("Paired −3.6 points, 7 of 9.", ["−3.6"]),
        ("- 5 % of it\n- with `noise` (0.2) set", ["5"]),
        ("Python 3.11, β 0.1 in [0, 1]; 2,000 products, arXiv 2308.01825", []),
        ("`88.1 %` in code, [a link](page.md#88.1-%)\n\n```\n88.1 %\n```", []),
        ("| 100 % | n |\n|---|---|\n| top 5 % | 12, 13 | step 7 | 3 s |", ["12", "13", "3"]),
        ("| a | b |\n|---|---|\n| no | 12 |", []),
    ],
)
def test_measured_numbers_are_told_from_others(page: str, found: list[str]) -> None:
    assert numbers(page) == found


def test_a_comment_names_the_source_of_what_follows() -> None:
    page = "# T\n\n<!-- figures: a -->\n1 % here.\n\n## S\n\n1 % there.\n\n"
    page += "<!-- figures: b -->\n2 % now.\n\n### E\n\n2 %"
    assert numbers(page, a=["1 %"], b=["2 %"]) == ["2"]
    assert [one.line for one in faults(page, {"a": {"numbers": ["1 %"]}, "b": {"numbers": ["2 %"]}})] == [15]
    assert numbers("<!-- figures: a, b -->\n1 % and 2 %", a=["1 %"], b=["2 %"]) == []
    assert numbers("1 %", a=["1 %"]) == ["1"]


def test_a_text_of_the_ledger_is_found_as_whole_numbers_over_the_ends_of_lines() -> None:
    assert places("91.9 % [86.8, 95.1]", "in 91.9 % [86.8,\n95.1] of") == [(3, 22)]
    for other in ("15 %", "0.5 %", "−5 %", "1,5 %"):
        assert places("5 %", other) == []
    assert places("0.5", "0.50") == [] and places("12", "12.5") == [] and places("12", "of 12.") == [(3, 5)]


def test_what_no_page_states_is_stale() -> None:
    page = "<!-- figures: a -->\n1 %"
    assert stale([page], {"a": {"numbers": ["1 %"]}}) == []
    assert stale([page], {"a": {"numbers": ["1 %", "2 %"]}, "b": {"numbers": ["1 %"]}}) == ["b", "a: 2 %"]


# ---- the founding guide -----------------------------------------------------------------------------


def guide_rows() -> list[list[str]]:
    page = (ROOT / "docs" / "seed.md").read_text("utf-8")
    table = page[page.index("| figure | claimed |") :].partition("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def test_every_claim_of_the_guide_has_its_verdict() -> None:
    reported = {
        number for _, said in CLAIMED_UPSTREAM["rows"] for number in NUMBER.findall(said.replace("+", ""))
    }
    assert reported <= {one for row in guide_rows() for one in NUMBER.findall(row[1].replace("+", ""))}
    for row in guide_rows():
        assert re.match(r"beaten|reached|not reached|measured", row[4]), row


def test_a_verdict_on_the_guide_is_what_the_interval_says() -> None:
    judged = 0
    for name, claimed, ours, _, verdict in guide_rows():
        interval = re.search(r"(\S+)(?: %)? \[(\S+), (\S+)\]", ours)
        if interval is None or claimed.startswith("+"):  # a gain in per cent, of nothing that is given
            continue
        value, low, high = (float(one) for one in interval.groups())
        goal = float(NUMBER.findall(claimed)[-1])
        if any(one in name for one in LESS_IS_BETTER):
            value, low, goal = -value, -high, -goal
        expected = "beaten" if low > goal else "reached, within chance" if value >= goal else "not reached"
        assert verdict.startswith(expected), name
        judged += 1
    assert judged >= 6


# ---- a run beside the ledger ------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with one run that has two figures."""
    made = {"evaluate": "metrics/ab/data.parquet", "sft": "model/cd/folder", "dpo": "model/ef/folder"}
    for path in made.values():
        folder = tmp_path / "artifacts" / Path(path).parent
        folder.mkdir(parents=True)
        manifest = {"seconds": 295.7, "ref": {"digest": folder.name * 32}}
        (folder / "manifest.json").write_text(json.dumps(manifest))
    row = {"model": "dpo", "slice": "all", "n": 1682}
    share = row | {"metric": "tool_accuracy", "value": 0.8812, "low": 0.8559, "high": 0.908, "unit": "share"}
    less = row | {"metric": "planning", "value": -0.004, "low": -0.126, "high": -0.0146, "unit": "score_1_5"}
    pq.write_table(pa.Table.from_pylist([share, less]), tmp_path / "artifacts" / made["evaluate"])
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as store:
        store.execute("create table runs (run_uuid, name, status, start_time)")
        store.execute("create table tags (run_uuid, key, value)")
        store.execute("create table params (run_uuid, key, value)")
        store.execute("insert into runs values ('top', 'quickstart-all', 'FINISHED', 1)")
        store.execute("insert into params values ('top', 'config_digest', 'c0ff')")
        for stage, path in made.items():
            store.execute("insert into runs values (?, ?, 'FINISHED', 2)", (stage, stage))
            store.execute("insert into tags values (?, 'mlflow.parentRunId', 'top')", (stage,))
            store.execute("insert into tags values (?, 'artifact', ?)", (stage, path))
        store.commit()
    return tmp_path


def test_a_run_is_told_from_the_ledger(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    known: dict[str, Any] = {
        "dpo.tool_accuracy": ["88.1 % [85.6, 90.8]", "87 %"],
        "dpo.tool_accuracy n": "1,682",
        "dpo.planning": "+0.00 [−0.13, −0.01]",
        "sft seconds": "4 min 58 s",
        "sft.gone": "1.0",
    }
    source = {"digests": {"evaluate": "", "dpo": ""}, "figures": known}
    monkeypatch.setattr("tests.benchmarks.claims.ledger", lambda: {"quickstart": source})
    assert main([str(home)]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said == [
        "run = 'top'", "config = 'c0ff'", f"digests.evaluate = {'ab' * 32!r}", f"digests.dpo = {'ef' * 32!r}",
        "dpo.tool_accuracy: 87 % → 88 %",
        "dpo.planning: +0.00 [−0.13, −0.01] → 0.00 [−0.13, −0.01]",
        "sft seconds: 4 min 58 s → 4 min 56 s",
        "sft.gone: 1.0 → not measured",
        "4 of 6 figures differ",
    ]  # fmt: skip
    known.clear()
    known["dpo.tool_accuracy"] = "88 %"
    assert main([str(home), "--all"]) == 0 and "dpo.tool_accuracy: 88 %" in capsys.readouterr().out


def test_a_folder_without_a_run_is_refused(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "nothing")]) == 2 and "has no mlflow.db" in capsys.readouterr().err
    with closing(sqlite3.connect(home / "mlflow.db")) as store:
        store.execute("update runs set status = 'FAILED' where run_uuid = 'top'")
        store.commit()
    assert main([str(home)]) == 2 and "no run in" in capsys.readouterr().err
