"""The lines of README and docs/ run as they stand.

Every code block is run or checked here or in `tests/integration/test_pages.py`, or stands in NOT_RUN with
the reason. Verbs that train are parsed by the real command line, and what they ask for is resolved by
`muse explain` with the same options.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import typer
import yaml
from typer.testing import CliRunner

from flows.cli import app
from muse_core.config.load import all_keys, load_config
from muse_core.evaluation.cases.case_file import load_cases
from muse_core.stage_table import STAGE_NAMES, STAGES
from muse_core.tools.call_syntax import parse_call
from tasks.parts import REGISTER
from tests.unit.documents.pages import ROOT, Block, Command, block, blocks, command, commands, spans

CATALOGUE = "id,name,MRP (INR),colour\n1,Blue Cotton Shirt,999,blue\n2,Red Silk Saree,2500,red\n"
CHAT = {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "Hello!"}]}
GUIDE = {"data_generation": {"num_profiles": 100}, "dpo_training": {"beta": 0.1}}  # docs/seed.md
NOT_RUN = {
    "shopper   Could you change": "conversations to read; their calls are parsed below",
    "catalog ─► profiles": "a picture; its stage names are compared below",
    "prefect server start": "starts a server, as tests/integration do; names are compared below",
    "prefect worker start": "runs until it is stopped; its pool is compared below",
}
OWN_TOOLS = ROOT / "tests" / "e2e" / "own_tools"  # docs/tools.md
PACKAGES = ("flows", "tasks", "data_contracts", "muse_core", "tests")
CORE = ROOT / "muse_core"
READ_IN_OTHER_PLACES = {
    "TORCH_INDEX_URL": "Makefile",
    "PREFECT_API_URL": "flows/environment.py",
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "flows/commands/up.py",
    "PREFECT_SERVER_DATABASE_CONNECTION_URL": "flows/commands/up.py",
}


@pytest.fixture(autouse=True)
def shop_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The reader's folder, with the files that the lines name."""
    (tmp_path / "products.csv").write_text(CATALOGUE)
    (tmp_path / "pc_shop.jsonl").write_text(json.dumps({"name": "Blue Kite", "price": 999}) + "\n")
    (tmp_path / "chats.jsonl").write_text(json.dumps(CHAT) + "\n")
    (tmp_path / "searches.csv").write_text("query,count\nblue shirt,3\n")
    (tmp_path / "my_cases.jsonl").write_text(block("json", "{").text)
    shutil.copytree(OWN_TOOLS, tmp_path, dirs_exist_ok=True)
    (tmp_path / "my_config.json").write_text(json.dumps(GUIDE))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MUSE_HOME", raising=False)
    monkeypatch.setattr("muse_core.models.device.gpu_works", lambda: False)
    return tmp_path


# ---- every block is looked at ---------------------------------------------------------------------


def test_every_block_is_checked_somewhere() -> None:
    kinds = {"bash", "python", "json", "toml", ""}  # toml: tests/unit/extra_tools
    assert {one.language for one in blocks()} == kinds
    unknown = [one.first_line for one in blocks() if not one.language and not _is_listed(one.first_line)]
    assert unknown == []


def _is_listed(line: str) -> bool:
    return any(line.startswith(beginning) for beginning in NOT_RUN)


def test_every_line_of_a_shell_has_a_check() -> None:
    programs = {command(line).words[0] if command(line).words else "" for line in commands()}
    assert programs == {"muse", "make", "export", "prefect", "mlflow", "torchrun"}


# ---- muse -----------------------------------------------------------------------------------------


def of(program: str) -> list[str]:
    return [line for line in commands() if command(line).words[:1] == [program]]


def found_verb(words: list[str]) -> tuple[Any, str, list[str]]:
    """The command of the real command line that the words lead to, its name, and the words left over."""
    here: Any = typer.main.get_command(app)
    path, rest = [], list(words)
    while hasattr(here, "commands"):
        assert rest and rest[0] in here.commands, f"there is no muse {' '.join([*path, *rest[:1]])}"
        path.append(rest.pop(0))
        here = here.commands[path[-1]]
    return here, " ".join(path), rest


@pytest.mark.parametrize("line", of("muse"))
def test_a_line_of_muse_is_understood(line: str) -> None:
    words = command(line).words[1:]
    if words[0].startswith("--"):
        assert words[0] in [name for option in typer.main.get_command(app).params for name in option.opts]
    else:
        _understood(words)


def _understood(words: list[str]) -> None:
    verb, path, rest = found_verb(words)
    if line_names_a_verb(path, rest):
        return
    options = verb.make_context(path, list(rest)).params
    if "--feedback" in rest:  # needs feedback that was accepted: tests/unit/feedback
        return
    if path in ("run", "explain"):
        result = CliRunner().invoke(app, ["explain", *rest, "--json"])
        assert result.exit_code == 0, result.stderr
        stages = [stage["name"] for stage in json.loads(result.stdout)["stages"]]
        is_whole = options["stage"] == "all" and not any("post.method" in word for word in rest)
        assert stages == list(STAGE_NAMES) if is_whole else stages
    elif path in ("artifacts ls", "catalog check", "wordings check"):
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, result.stderr
    else:  # run for real in tests/integration/test_pages.py, or where their own tests are
        assert path in (
            "report",
            "compare",
            "eval",
            "bench convert",
            "base ls",
            "base get",
            "base check",
            "doctor",
            "artifacts export",
            "artifacts gc",
            "artifacts verify",
            "human-eval make",
            "up",
            "down",
            "chat",
            "serve",
            "feedback review",
            "feedback report",
        )


def line_names_a_verb(path: str, rest: list[str]) -> bool:
    """Whether the text only names a verb that needs files to be run."""
    return not rest and path in (
        "base get", "base check", "eval", "catalog check", "human-eval import", "feedback import",
        "feedback review",
    )  # fmt: skip


def test_a_run_of_the_quickstart_needs_no_gpu() -> None:
    assert load_config("quickstart")[0].execution.device == "auto"
    with_quickstart = [line for line in of("muse") + of("torchrun") if "quickstart" in line]
    assert len(with_quickstart) > 5


# ---- settings -------------------------------------------------------------------------------------


def settings() -> Iterator[str]:
    for text in spans():
        option = re.fullmatch(r"--set ('.*'|\S+)", text)
        if option:
            yield command(f"muse {option[1]}").words[1]
        elif re.fullmatch(r"[a-z]+\.[a-z_]+ ?= ?[^{].*", text):
            key, _, value = text.partition("=")
            yield from (f"{key.strip()}={one.strip()}" for one in value.split("|"))


@pytest.mark.parametrize("setting", [*settings()])
def test_a_setting_in_the_text_loads(setting: str) -> None:
    key, _, value = setting.partition("=")
    value = {"N": "2", "ARTIFACT": "preference_pairs/ab12"}.get(value, value)
    pretrained = ["base.source=pretrained", "base.model=someone/model"]
    needed = {"catalog.columns": ["catalog.file=products.csv"], "base.source": pretrained[1:]}
    needed["base.extend_vocab"] = pretrained
    load_config("quickstart", None, [*needed.get(key, []), f"{key}={value}"])


def test_a_key_in_the_text_exists() -> None:
    keys, sections = set(all_keys()), {key.partition(".")[0] for key in all_keys()}
    named = {text for text in spans() if re.fullmatch(r"[a-z]+\.[a-z_]+", text)}
    wrong = {text for text in named if text.partition(".")[0] in sections and text not in keys}
    assert wrong == set() and len(named & keys) >= 3


def test_settings_are_there_to_be_checked() -> None:
    found = set(settings())
    assert {"dpo.scope=turn", "dpo.loss=ipo", "pairs.pairing=extremes", "llm.share=0.2"} <= found


# ---- other programs -------------------------------------------------------------------------------


@pytest.mark.parametrize("line", of("make"))
def test_a_target_of_make_exists(line: str) -> None:
    asked: Command = command(line)
    done = subprocess.run(
        [*asked.words[:1], "-n", "-B", *asked.words[1:]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    if asked.words[1] == "quickstart":
        assert "muse run --preset quickstart" in done.stdout


def test_names_given_to_prefect_are_those_of_the_deployments() -> None:
    said = yaml.safe_load((ROOT / "deployments" / "prefect.yaml").read_text("utf-8"))
    deployments = {f"muse/{one['name']}": one for one in said["deployments"]}
    pool = said["definitions"]["everywhere"]["work_pool"]["name"]
    seen = set()
    for line in of("prefect"):
        match [word for word in command(line).words if word != "--no-prompt"]:
            case ["prefect", "deployment", "run", name, "-p", parameter, "--watch"]:
                assert parameter.partition("=")[0] in deployments[name]["parameters"]
                load_config(parameter.partition("=")[2])
            case ["prefect", "work-pool", "create", "--type", "process", name]:
                assert name == pool
            case ["prefect", "work-pool", "create", "--type", kind, "--base-job-template", file, name]:
                assert (name, file) == (pool, f"deployments/{kind}-pool.json") and (ROOT / file).is_file()
            case ["prefect", "worker", "start", "--pool", name]:
                assert name == pool
            case ["prefect", "deploy", "--all", "--prefect-file", file]:
                assert (ROOT / file).is_file()
            case ["prefect", "concurrency-limit", "create", tag, limit]:
                assert (tag, limit) == ("gpu", "1") and any(stage.gpu for stage in STAGES)
            case ["prefect", "flow-run", "retry", run]:
                assert str(UUID(run)) == run
            case ["prefect", "server", "start", *_]:
                assert _is_listed("prefect server start")
            case other:
                pytest.fail(f"no check for {' '.join(other)}")
        seen.add(command(line).words[1])
    assert len(seen) >= 5


def test_variables_are_read_somewhere() -> None:
    texts = [*spans(), *commands()]
    named = {name for text in texts for name in re.findall(r"\b(?:MUSE|PREFECT|TORCH)_[A-Z_]+\b", text)}
    assert {"MUSE_LLM_BASE_URL", "MUSE_LLM_API_KEY", "MUSE_LLM_MODEL", *READ_IN_OTHER_PLACES} <= named
    for name in named:
        place = READ_IN_OTHER_PLACES.get(name, "flows/environment.py")
        assert name in (ROOT / place).read_text("utf-8"), name


# ---- the rest -------------------------------------------------------------------------------------


def test_the_case_is_a_case(shop_folder: Path) -> None:
    cases = load_cases(shop_folder / "my_cases.jsonl")
    assert [case.case_id for case in cases] == ["1"]


def test_the_python_compiles() -> None:
    python: list[Block] = [one for one in blocks() if one.language == "python"]
    assert len(python) == 3
    for one in python:  # run in tests/integration/test_pages.py, and in tests/e2e/test_own_tools.py
        compile(one.text, one.first_line, "exec")


def test_the_picture_shows_the_stages() -> None:
    picture = block("", "catalog ─► profiles").text
    assert re.findall(r"[a-z]+", picture) == [*STAGE_NAMES, REGISTER]


def test_the_calls_of_the_conversations_are_calls() -> None:
    calls = re.findall(r"→ (.*)", block("", "shopper").text)
    assert len(calls) == 7
    for text in calls:
        parse_call(text)


def test_a_benchmark_in_the_text_exists() -> None:
    named = {name for text in spans() for name in re.findall(r"python -m (tests\.benchmarks\.\w+)", text)}
    assert len(named) >= 7
    for name in named:
        assert (ROOT / name.replace(".", "/")).with_suffix(".py").is_file(), name


def test_a_file_in_the_text_exists() -> None:
    """A path in backticks is one of the project; `muse_core/` in front may be left out."""
    named = {text for text in spans() if re.fullmatch(r"[a-z_]+(/[\w.]+)+\.(py|md|toml|yaml|jsonl)", text)}
    lost = {text: _like(text) for text in named if not any((root / text).is_file() for root in (ROOT, CORE))}
    assert lost == {}, "the pages name files that are not there (beside each: files of that name)"
    assert len(named) > 20


def _like(path: str) -> list[str]:
    """Where a file of the same name lies now."""
    found = (one for package in PACKAGES for one in (ROOT / package).rglob(Path(path).name))
    return sorted(one.relative_to(ROOT).as_posix() for one in found)


def test_a_figure_in_the_readme_has_its_meaning_beside_it() -> None:
    """Every row of a table with a measured share links to what the figure is."""
    rows = [line for line in (ROOT / "README.md").read_text("utf-8").splitlines() if line.startswith("|")]
    measured = [row for row in rows if re.search(r"\d %", row)]
    assert len(measured) >= 4
    assert [row for row in measured if "docs/metrics.md#" not in row] == []


def test_the_picture_is_there_and_light() -> None:
    for name in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", (ROOT / "README.md").read_text("utf-8")):
        picture = ROOT / name
        assert picture.read_bytes()[:4] == b"\x89PNG" and picture.stat().st_size < 300_000, name
