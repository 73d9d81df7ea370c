"""The code closure follows every import, and sees meaning instead of layout."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from muse_core.closure import LEFT_OUT, SOURCE_ROOT, chain, code_digests, literals_of, locate, modules_below
from muse_core.source_digests import ENDS_THE_RUN
from tests.unit.fingerprint.builders_fingerprint import edit, make_tree

START = "muse_core.stages.conversations"
SEARCH = "muse_core/tools/search.py"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_tree(tmp_path)


def test_imports_are_followed_into_functions_and_relative_ones_too(root: Path) -> None:
    assert set(modules_below(START, root)) == {
        START,
        "muse_core.tools",
        "muse_core.tools.search",
        "muse_core.language",
        "muse_core.language.lexicon",
        "muse_core.types",
    }


def test_config_errors_and_the_stage_package_are_left_out(root: Path) -> None:
    assert set(modules_below("muse_core.stages.catalog", root)) == {
        "muse_core.stages.catalog",
        "muse_core.types",
    }
    assert set(modules_below("muse_core.stages.profiles", root)) == {"muse_core.stages.profiles"}


def test_what_makes_the_key_and_keeps_the_files_is_left_out(root: Path) -> None:
    (root / "muse_core/durable.py").write_text("X = 1\n")
    edit(root, "muse_core/types.py", "SIZE", "from muse_core import durable, progress\nSIZE")
    assert "muse_core.types" in modules_below(START, root)
    assert "muse_core.durable" not in modules_below(START, root)
    assert all(locate(name) for name in LEFT_OUT)  # a renamed one would silently count again


def test_the_way_to_a_module_can_be_told(root: Path) -> None:
    assert chain(START, "muse_core.language.lexicon", root) == [
        START,
        "muse_core.tools.search",
        "muse_core.language.lexicon",
    ]
    with pytest.raises(KeyError):
        chain(START, "muse_core.tools.unused", root)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"""Searches."""', '"""Searches well."""'),
        ('"""Does it."""', '"""Does it at last."""'),
        ('    """A tool."""\n', ""),
        ("return lexicon.SIZE", "return lexicon.SIZE  # a comment"),
        ("class Search:", "\n\nclass Search:"),
        ("return lexicon.SIZE", "return (lexicon.SIZE)"),
    ],
)
def test_comments_docstrings_and_layout_change_nothing(root: Path, before: str, after: str) -> None:
    digests = code_digests(START, root)
    edit(root, SEARCH, before, after)
    assert code_digests(START, root) == digests


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        (SEARCH, "finds products", "finds any product"),
        (SEARCH, "return lexicon.SIZE", "return lexicon.SIZE + 1"),
        ("muse_core/types.py", "3", "4"),
        ("muse_core/language/words.toml", "lal", "laal"),
    ],
)
def test_what_the_code_does_or_says_to_a_model_counts(root: Path, name: str, before: str, after: str) -> None:
    digests = code_digests(START, root)
    edit(root, name, before, after)
    changed = {path for path, digest in code_digests(START, root).items() if digests[path] != digest}
    assert changed == {name}


ERROR = "muse_core/language/lexicon.py"
REFUSAL = "from muse_core.errors import {0}\n\n\ndef f(x):\n    {1} {0}(f'found {{x}}', ['do this'])\n"


@pytest.mark.parametrize("name", sorted(ENDS_THE_RUN))
@pytest.mark.parametrize("how", ["raise", "return"])
def test_what_an_error_says_that_ends_the_run_changes_nothing(root: Path, name: str, how: str) -> None:
    (root / ERROR).write_text(REFUSAL.format(name, how))
    digests = code_digests(START, root)
    edit(root, ERROR, "found {x}", "there is {x!r}, which")
    edit(root, ERROR, "do this", "do that")
    assert code_digests(START, root) == digests
    edit(root, ERROR, name, "OtherError")
    assert code_digests(START, root) != digests


@pytest.mark.parametrize("name", ["ToolError", "ValueError", "BadLine"])
def test_what_a_model_or_a_table_may_hold_of_an_error_counts(root: Path, name: str) -> None:
    (root / ERROR).write_text(REFUSAL.format(name, "raise"))
    digests = code_digests(START, root)
    edit(root, ERROR, "found {x}", "there is {x}")
    assert code_digests(START, root) != digests


def test_what_only_a_type_checker_sees_is_not_followed(root: Path) -> None:
    edit(
        root,
        "muse_core/stages/profiles.py",
        "from muse_core.errors import MuseError",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from muse_core.tools import unused",
    )
    assert set(modules_below("muse_core.stages.profiles", root)) == {"muse_core.stages.profiles"}


def test_importing_a_package_takes_the_imported_module_along(root: Path) -> None:
    edit(
        root,
        "muse_core/stages/profiles.py",
        "from muse_core.errors import MuseError",
        "from muse_core import tools",
    )
    assert "muse_core.tools" in modules_below("muse_core.stages.profiles", root)


def test_declarations_are_read_without_importing(root: Path) -> None:
    path = root / "muse_core/stages/profiles.py"
    assert literals_of(path, ("READS", "KIND")) == {"READS": ("profiles.count",), "KIND": "profiles"}
    edit(root, "muse_core/stages/profiles.py", '("profiles.count",)', "tuple(x)")
    with pytest.raises(ValueError, match="malformed"):
        literals_of(path, ("READS",))


def test_no_stage_goes_on_with_what_such_an_error_says() -> None:
    """Whoever catches one by name raises again; only a training process tells it and ends, and the check of a
    base gathers several that it then raises."""
    going_on = set()
    for stage in (SOURCE_ROOT / "muse_core/stages").glob("*.py"):
        for name, path in modules_below(f"muse_core.stages.{stage.stem}").items():
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.ExceptHandler) and node.name and node.type is not None:
                    is_one = ENDS_THE_RUN & set(re.findall(r"\w+", ast.unparse(node.type)))
                    if is_one and not any(isinstance(inner, ast.Raise) for inner in ast.walk(node)):
                        going_on.add(name)
    assert going_on == {"muse_core.models.base_check", "muse_core.processes.started"}
