"""CONTRIBUTING's "Add a tool", followed in a copy of the repository: a seventh tool, `stock`.

The edits below are all that is made. `seventh_tool/` holds what a person would write: the tool, its wordings
and its replies; `seventh_tool/everywhere.py` looks at what the rest of MUSE then does with it.
"""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.architecture.copies import change, copy_into, put, pytest_in

WRITTEN = Path(__file__).parent / "seventh_tool"
ROOMS = (
    "tests/unit/tools",
    "tests/contract",
    "tests/architecture",
    "tests/unit/dialogue/test_families.py",
    "tests/unit/dialogue/test_simulate.py::test_every_tool_is_asked_for",
)
Edit = Callable[[Path], None]

pytestmark = pytest.mark.slow


# ---- the edits, in the order of CONTRIBUTING ------------------------------------------------------


def add_the_file(copy: Path) -> None:
    shutil.copy(WRITTEN / "stock.py", copy / "muse_core/tools/stock.py")


def register(copy: Path) -> None:
    registry = copy / "muse_core/tools/toolbox.py"
    put(registry, "from muse_core.tools.search import", "from muse_core.tools.stock import Stock\n")
    put(registry, "    VisualSearch(),", "    Stock(),\n")


def write_wordings(copy: Path, left_out: str = "") -> None:
    says = 'stock = { says = "whether one of the results is in stock", needs = ["items"] }\n'
    put(copy / "muse_core/wordings/kinds.toml", "[comparison]", says)
    for script, sides in tomllib.loads((WRITTEN / "wordings.toml").read_text(encoding="utf-8")).items():
        if script != left_out:
            with (copy / f"muse_core/wordings/{script}/comparison.toml").open("a", encoding="utf-8") as file:
                file.write("\n[stock]\n" + "".join(_toml(side, texts) for side, texts in sides.items()))


def write_replies(copy: Path, left_out: str = "") -> None:
    for script, named in tomllib.loads((WRITTEN / "replies.toml").read_text(encoding="utf-8")).items():
        file = copy / f"muse_core/wordings/{script}/replies.toml"
        for situation, texts in named.items():
            if f"{script}/{situation}" != left_out:
                put(file, "[replies]", _toml(situation, texts))


def _toml(name: str, texts: list[str]) -> str:
    return f"{name} = [\n" + "".join(f'    "{text}",\n' for text in texts) + "]\n"


def tell_contract(copy: Path) -> None:
    known = '"translate", "visual_search"'
    change(copy / "data_contracts/nested.py", f"{known})", f'{known}, "stock")')


def tell_predictions(copy: Path) -> None:
    change(copy / "data_contracts/predictions.yaml", "visual_search, none]", "visual_search, stock, none]")


EDITS: tuple[Edit, ...] = (
    add_the_file,
    register,
    write_wordings,
    write_replies,
    tell_contract,
    tell_predictions,
)


# ---- the promise ----------------------------------------------------------------------------------


def test_with_these_edits_the_suite_passes_and_every_part_knows_the_tool(tmp_path: Path) -> None:
    copy = copy_into(tmp_path)
    for edit in EDITS:
        edit(copy)
    done = pytest_in(copy, *ROOMS, "tests/architecture/seventh_tool/everywhere.py")
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


@pytest.mark.parametrize(
    ("instead", "looked_at", "told"),
    [
        (
            {write_wordings: lambda copy: write_wordings(copy, left_out="hi")},
            "tests/unit/tools/test_traits.py",
            r"nobody can ask for it in hi: add a table \[stock\] to muse_core/wordings/hi/comparison\.toml",
        ),
        (
            {write_replies: lambda copy: write_replies(copy, left_out="roman/sold_out")},
            "tests/unit/tools/test_traits.py",
            r"stock: it has no reply `sold_out` in roman: add `sold_out = .*wordings/roman/replies\.toml",
        ),
        (
            {tell_contract: None},
            "tests/contract/test_lists.py",
            r"data_contracts/nested\.py:\d+: add stock \(the tools are ALL_TOOLS",
        ),
        (
            {tell_predictions: None},
            "tests/contract/test_lists.py",
            r"data_contracts/predictions\.yaml:\d+: add stock \(the tools are ALL_TOOLS",
        ),
    ],
    ids=["a wording", "a reply", "a contract's list", "another contract's list"],
)
def test_what_is_forgotten_is_named(
    tmp_path: Path, instead: dict[Edit, Edit | None], looked_at: str, told: str
) -> None:
    copy = copy_into(tmp_path)
    for edit in EDITS:
        done = instead.get(edit, edit)
        if done is not None:
            done(copy)
    failed = pytest_in(copy, looked_at)
    assert failed.returncode == 1 and re.search(told, failed.stdout), failed.stdout[-4000:]
