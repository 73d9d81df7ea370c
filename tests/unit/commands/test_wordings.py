"""`muse wordings`: a person who speaks Hindi and no Python adds a wording, checks it and sees it said."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.commands.wordings import marked
from muse_core.dialogue.utterance import fill, render
from muse_core.wordings.book import HERE

ROOT = Path(__file__).resolve().parents[3]
MUSE = (sys.executable, "-c", "from flows.cli import app; app()", "wordings")
NEW = "ज़रा अलमारी टटोलकर {np} [तो] बताना {tail}"


def muse(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["wordings", *arguments])
    return done.exit_code, done.output


def test_check_says_how_many_wordings_there_are() -> None:
    code, said = muse("check")
    assert code == 0 and re.search(r"^\d{3,4} wordings in 4 languages, no problems", said)


def test_check_takes_a_folder_and_refuses_what_is_none(tmp_path: Path) -> None:
    copy = shutil.copytree(HERE, tmp_path / "copy")
    assert muse("check", str(copy))[0] == 0
    assert muse("check", str(tmp_path / "nothing"))[0] == 2


def test_count_fails_where_a_shelf_holds_out_too_few(monkeypatch: pytest.MonkeyPatch) -> None:
    code, said = muse("count", "--kinds")
    assert code == 0 and "0 with fewer than 3 held out" in said
    assert re.search(r"hi +complete +request +\d+ +\d+ +\d+ +\d+ +\d+", said)
    monkeypatch.setattr("flows.commands.wordings.FEWEST", 50)
    code, said = muse("count")
    assert code == 1 and "hi/complete.toml [request] has" in said


def test_sample_shows_the_words_that_a_call_depends_on() -> None:
    code, said = muse("sample", "--intent", "refinement", "--language", "en", "--kind", "sort", "-n", "6")
    assert code == 0
    lines = said.splitlines()
    assert len(lines) == 12 and all("«" in line for line in lines[::2])
    assert all(re.match(r"    sort, (train|dev|test|reserved): ", line) for line in lines[1::2])


def test_sample_refuses_unknown_names_and_words() -> None:
    code, _ = muse("sample", "--intent", "complain", "--language", "fr")
    assert code == 2
    assert muse("sample", "--intent", "complete", "--language", "en", "--like", "no such words")[0] == 2


def test_arguments_are_marked_where_they_stand() -> None:
    words = fill("show {np}, then {limit2} ones", {"np": "red kurtas", "limit2": "big"})
    assert marked(render(words)) == "show «red kurtas», then «big» ones"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the code, as a translator has cloned it."""
    folder = tmp_path_factory.mktemp("project")
    for package in ("flows", "tasks", "data_contracts", "muse_core"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def muse_in(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(project), "MUSE_HOME": str(project / "home")}
    return subprocess.run(
        [*MUSE, *arguments],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def add(project: Path, line: str) -> int:
    """Writes one line under `any` of [request] in hi/complete.toml; its number."""
    file = project / "muse_core/wordings/hi/complete.toml"
    lines = (HERE / "hi/complete.toml").read_text(encoding="utf-8").splitlines()
    at = lines.index("any = [", lines.index("[request]")) + 1
    lines.insert(at, f'    "{line}",')
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return at + 1


def test_one_line_is_enough(project: Path) -> None:
    line = add(project, NEW)
    checked = muse_in(project, "check")
    assert checked.returncode == 0, checked.stderr
    assert re.search(
        rf"hi/complete\.toml:{line}: on (train|dev|test|reserved): {re.escape(NEW)}", checked.stdout
    )
    said = muse_in(
        project, "sample", "--intent", "complete", "--language", "hi", "--like", "अलमारी", "-n", "5"
    )
    assert said.returncode == 0, said.stderr
    utterances = said.stdout.splitlines()[::2]
    assert len(utterances) == 5 and all("अलमारी" in text and "«" in text for text in utterances)


BROKEN = {
    "unknown rule": ("<ज़रा> {np} बताना {tail}", "unknown rule <ज़रा>"),
    "unbalanced bracket": ("ज़रा (तो|भी {np} बताना {tail}", "`(` is not closed"),
    "unknown placeholder": ("ज़रा {product} बताना {tail}", "{product} is no placeholder of complete.request"),
    "duplicate": ("{np} की ज़रूरत है {tail}", "says the same as"),
}


@pytest.mark.parametrize("mistake", BROKEN)
def test_a_mistake_is_named_before_anything_runs(project: Path, mistake: str) -> None:
    text, message = BROKEN[mistake]
    line = add(project, text)
    shown = (
        "sample",
        "--intent",
        "chit_chat",
        "--language",
        "en",
    )  # reads other files, and refuses all the same
    refused = muse_in(project, *(shown if mistake == "duplicate" else ("check",)))
    assert refused.returncode == 2 and not refused.stdout
    assert f"hi/complete.toml:{line}" in refused.stderr and message in refused.stderr, refused.stderr
