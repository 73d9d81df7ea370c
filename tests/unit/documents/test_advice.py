"""What our messages tell people to do can be done: keys exist and load, options and extras are there.

Texts are read from the sources: every string that is not a docstring, f-strings with `{…}` in their gaps.
"""

from __future__ import annotations

import ast
import re
import shlex
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from muse_core.config.load import all_keys, load_config, preset_names
from muse_core.errors import ConfigError, cannot_import
from tasks.parts import PARTS

ROOT = Path(__file__).resolve().parents[3]
GAP = "{…}"
GAPS = (GAP, "KEY=", "section.key", "{title =")  # what is no setting yet
KEYS = frozenset(all_keys())
SECTIONS = "|".join(sorted({key.partition(".")[0] for key in KEYS if "." in key}))
KEY = re.compile(rf"(?<![\w./])({SECTIONS})\.([a-z_0-9]+)\b")
SETTING = re.compile(rf"(?<![\w./])((?:{SECTIONS})\.[a-z_0-9]+|report_to|seed)=([^\s,;)]+)")
OPTION = re.compile(r"--set ('[^']*'|\S+)")
# What a placeholder stands for, so that the rest can be loaded.
EXAMPLES = {"base.model": "someone/some-model"}
NOT_KEYS = {"profiles.toml", "tools.json"}  # Prefect's file, a model folder's
# What has to be set for the advice to make sense: its own words say so.
ALREADY = {
    "execution.cluster_address": ["execution.engine=dask"],
    "base.source": ["base.model=someone/some-model"],
}


class Text(NamedTuple):
    place: str
    words: str


def texts_of(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, string) of all strings but docstrings and parts of f-strings."""
    left_out: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):  # a docstring
            left_out.add(id(node.value))
        if isinstance(node, ast.JoinedStr):
            left_out |= {id(part) for part in node.values}
    for node in ast.walk(tree):
        if id(node) in left_out:
            continue
        if isinstance(node, ast.JoinedStr):
            yield node.lineno, "".join(p.value if isinstance(p, ast.Constant) else GAP for p in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


@cache
def texts() -> tuple[Text, ...]:
    found = []
    for package in ("flows", "tasks", "data_contracts", "muse_core"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if path.read_text("utf-8").strip():
                tree = ast.parse(path.read_text("utf-8"))
                place = path.relative_to(ROOT).as_posix()
                found += [Text(f"{place}:{line}", words) for line, words in texts_of(tree)]
    return tuple(found)


def is_message(words: str) -> bool:
    """A text for people has words with spaces between them; module names and column lists have not."""
    return " " in words


def settings() -> list[tuple[str, str]]:
    """(place, section.key=value) of every advice that names a value."""
    found = set()
    for place, words in texts():
        asked = [shlex.split(option)[0] for option in OPTION.findall(words)]
        asked += [f"{key}={value}" for key, value in SETTING.findall(OPTION.sub(" ", words))]
        found |= {(place, one.rstrip(",.`")) for one in asked if not any(gap in one for gap in GAPS)}
    return sorted(found)


def test_advice_is_found_at_all() -> None:
    found = {setting for _, setting in settings()}
    expected = {"execution.device=cpu", "augmentation.filter=gold", "pairs.pairing=extremes"}
    assert expected | {'report_to=["mlflow"]', "dpo.lora_rank=0"} <= found
    assert len(found) > 20


@pytest.mark.parametrize(("place", "setting"), settings(), ids=lambda value: value.rpartition("/")[2])
def test_a_setting_that_is_advised_loads(place: str, setting: str) -> None:
    """Under a preset at least, with what its own message takes for granted."""
    key, _, value = setting.partition("=")
    setting = f"{key}={EXAMPLES.get(key, value)}"
    refused = []
    for preset in preset_names():
        try:
            load_config(preset, None, [*ALREADY.get(key, []), setting])
            return
        except ConfigError as problem:
            refused.append(str(problem))
    pytest.fail(f"{place} advises {setting}:\n" + "\n".join(refused))


def test_every_key_that_a_message_names_exists() -> None:
    wrong = [
        f"{place}: {match[0]}"
        for place, words in texts()
        if is_message(words)
        for match in KEY.finditer(words)
        if match[0] not in KEYS | NOT_KEYS
    ]
    assert wrong == []


def test_presets_and_stages_that_a_message_names_exist() -> None:
    for place, words in texts():
        assert set(re.findall(r"--preset ([a-z]+)", words)) <= {*preset_names(), "if"}, place
        assert set(re.findall(r"--stage ([a-z]+)", words)) <= set(PARTS), place


def test_what_is_to_be_installed_is_an_extra_of_this_project() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    for place, words in texts():
        for asked in re.findall(r"pip install ([^;,]+)", words):
            named = re.fullmatch(r"-e '?\.(?:\[([^\]]+)\])?'?.*", asked)
            assert named, f"{place}: {asked}: the project is installed from a clone"
            assert named[1] in (None, GAP, *extras), place


def test_the_extra_that_each_package_is_asked_from_brings_it() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    calls = re.compile(r"cannot_import\('(\w+)', '(\w+)'")
    sources = [path for package in ("tasks", "muse_core") for path in (ROOT / package).rglob("*.py")]
    found = {match for path in sources for match in calls.findall(path.read_text("utf-8"))}
    assert {package for package, _ in found} == {"wandb", "peft"}
    for package, extra in found:
        assert any(line.startswith(package) for line in extras[extra])


def test_a_package_that_lacks_something_is_not_called_missing() -> None:
    def told(name: str) -> str:
        return cannot_import("wandb", "wandb", ModuleNotFoundError(f"No module named {name!r}", name=name))

    missing, broken = told("wandb"), told("sentry_sdk")
    assert missing.startswith("wandb is not installed; pip install -e '.[wandb]'")
    assert "is installed, but cannot be imported (No module named 'sentry_sdk')" in broken
    assert "not installed" not in broken and "pip install -e '.[wandb]'" in broken
