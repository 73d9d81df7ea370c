"""Data counts by its values, for the modules that name it; and none is named by nobody."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from muse_core.closure import PACKAGE, SOURCE_ROOT, code_digests, imports_of, locate
from muse_core.package_data import Listing, data_files, data_of
from muse_core.source_digests import data_digest
from tests.unit.fingerprint.builders_fingerprint import make_tree

OPENER = Path(__file__).with_name("opened_data.py")
STAGES = tuple(
    f"{PACKAGE}.stages.{path.stem}"
    for path in sorted((SOURCE_ROOT / PACKAGE / "stages").glob("*.py"))
    if path.stem != "__init__"
)


# ---- the digest of a file --------------------------------------------------------------------------


SAME = {
    "comment.toml": ('a = 1\nb = "x, y"\n', '# why\na = 1  # one\n\nb = "x, y"\n'),
    "layout.toml": ("a = [1, 2]\n[t]\nb = 2\n", "a = [\n  1,\n  2,\n]\n\n[t]\nb=2"),
    "layout.json": ('{"a": [1, 2]}', '{\n  "a": [1,\n 2]\n}\n'),
    "blank.jsonl": ('{"a": 1}\n{"a": 2}\n', '{"a":1}\n\n{"a": 2}'),
}
DIFFERENT = {
    "value.toml": ("a = 1\n", "a = 2\n"),
    "type.toml": ("a = 1\n", 'a = "1"\n'),
    "order.toml": ("a = 1\nb = 2\n", "b = 2\na = 1\n"),  # the first cue that fits may win
    "order.json": ('{"a": 1, "b": 2}', '{"b": 2, "a": 1}'),
    "lines.jsonl": ('{"a": 1}\n{"a": 2}\n', '{"a": 2}\n{"a": 1}\n'),
    "comment.css": ("a {}\n", "/* why */ a {}\n"),
    "broken.toml": ("a = \n", "a =  \n"),
}


@pytest.mark.parametrize("name", SAME)
def test_comments_and_layout_of_data_change_nothing(name: str, tmp_path: Path) -> None:
    assert _digest(tmp_path / "a" / name, SAME[name][0]) == _digest(tmp_path / "b" / name, SAME[name][1])


@pytest.mark.parametrize("name", DIFFERENT)
def test_values_and_their_order_count(name: str, tmp_path: Path) -> None:
    first, second = DIFFERENT[name]
    assert _digest(tmp_path / "a" / name, first) != _digest(tmp_path / "b" / name, second)


def _digest(path: Path, text: str) -> str:
    path.parent.mkdir()
    path.write_text(text)
    return data_digest(path)


# ---- whose a file is --------------------------------------------------------------------------------


READER = "def table(name):\n    return files(__package__) / f'{name}.toml'\n"
NAMES = {
    "in full": ("X = files(__package__) / 'reds.toml'\n", "tools/reds.toml"),
    "in full, elsewhere": ("X = files('muse_core.language').joinpath('reds.toml')\n", "language/reds.toml"),
    "with a hole": ("def f(x):\n    return open(f'reds_{x}.toml')\n", "tools/reds_hi.toml"),
    "below": ("X = files(__package__) / 'hi/reds.toml'\n", "tools/hi/reds.toml"),
    "by its stem": ("from muse_core.language.tables import table\nX = table('reds')\n", "language/reds.toml"),
    "by its stem, below": (
        "from muse_core.language.tables import table\nX = table('reds', 'hi')\n",
        "language/hi/reds.toml",
    ),
    "by its stem, with a hole": (
        "from muse_core.language.tables import table\n\n\ndef f(x):\n    return table(f'reds_{x}')\n",
        "language/reds_hi.toml",
    ),
    "declared": ("PACKAGE_DATA = ('hi/*',)\n", "tools/hi/anything.png"),
}
STRANGERS = {
    "another file": ("X = files(__package__) / 'blues.toml'\n", "tools/reds.toml"),
    "another package": ("X = files(__package__) / 'reds.toml'\n", "language/reds.toml"),
    "no call": ("from muse_core.language.tables import table\nX = 'reds'\n", "language/reds.toml"),
    "no reader imported": ("X = table('reds')\n", "language/reds.toml"),
    "a reader": (READER, "tools/reds.toml"),
    "a hole ahead": ("def f(x):\n    return open(f'{x}_hi.toml')\n", "tools/reds_hi.toml"),
    "a docstring": ('"""reds.toml"""\n', "tools/reds.toml"),
}


@pytest.mark.parametrize("how", NAMES)
def test_data_belongs_to_the_module_that_names_it(how: str, tmp_path: Path) -> None:
    code, data = NAMES[how]
    assert f"muse_core/{data}" in _named_by(code, data, tmp_path)


@pytest.mark.parametrize("how", STRANGERS)
def test_data_that_a_module_does_not_name_is_not_its(how: str, tmp_path: Path) -> None:
    code, data = STRANGERS[how]
    assert f"muse_core/{data}" not in _named_by(code, data, tmp_path)


def _named_by(code: str, data: str, folder: Path) -> dict[str, str]:
    """The closure of a module of `muse_core/tools` with this code, where this data lies."""
    root = make_tree(folder)
    (root / "muse_core/language/tables.py").write_text(READER)
    (root / "muse_core/tools/colours.py").write_text(code)
    (root / "muse_core" / data).parent.mkdir(exist_ok=True)
    (root / "muse_core" / data).write_text("")
    return code_digests("muse_core.tools.colours", root)


# ---- the real tree ---------------------------------------------------------------------------------


@cache
def owners() -> dict[str, set[str]]:
    """Data file of muse_core -> the modules that name it."""
    package, listing = SOURCE_ROOT / PACKAGE, Listing()
    found: dict[str, set[str]] = {}
    for path in package.rglob("*.py"):
        if path.parent == package:
            continue  # no data lies beside these
        for file in data_files(path.parent, listing):
            found.setdefault(file.relative_to(SOURCE_ROOT).as_posix(), set())
    for path in package.rglob("*.py"):
        name = ".".join(path.relative_to(SOURCE_ROOT).with_suffix("").parts).removesuffix(".__init__")
        imported = [code for other in imports_of(path, name) if (code := locate(other))]
        for file in data_of(path, imported, package, listing):
            found.setdefault(file.relative_to(SOURCE_ROOT).as_posix(), set()).add(name)
    return found


def test_every_package_data_file_is_named_by_a_module() -> None:
    """A file that nobody names would change results and no key."""
    nobodys = sorted(
        file for file, names in owners().items() if not names and "/config/presets/" not in file
    )  # a preset's values enter the key one by one
    assert not nobodys, f"no module names {nobodys}: name each where it is read, or there in PACKAGE_DATA"


@pytest.mark.slow
def test_what_a_module_opens_is_in_its_key() -> None:
    """Opened for real, in a process of its own; and everything that is in a stage's key was opened there."""
    done = subprocess.run(
        [sys.executable, str(OPENER)], capture_output=True, text=True, check=True, timeout=300
    )
    opened: dict[str, list[list[str]]] = json.loads(done.stdout)
    missing = [text for file, stacks in opened.items() for stack in stacks for text in _blind(file, stack)]
    assert not missing, missing
    keyed = {file for stage in STAGES for file in code_digests(stage) if not file.endswith(".py")}
    assert keyed <= opened.keys(), f"{OPENER.name} does not open {sorted(keyed - opened.keys())}"


def _blind(file: str, stack: list[str]) -> Iterator[str]:
    """What is wrong where these modules, the first called first, open a file."""
    if stack and not owners()[file] & set(stack):
        yield f"{file} is opened by {' → '.join(stack)}, none of which names it"
    elif stack and file not in code_digests(stack[0]):
        yield f"{file} is opened for {stack[0]}, whose key has it not"
