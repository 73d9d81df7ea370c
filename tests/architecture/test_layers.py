"""import-linter keeps laws 1 to 3; run on a tree in which each contract is broken, it says so."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.laws import ROOT

LINT = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"


def linter(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", LINT]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


def settings() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    return found


def test_the_layers_hold() -> None:
    done = linter(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_room_has_its_place_in_the_order() -> None:
    rooms = {
        p.stem for p in (ROOT / "muse_core").iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()
    }
    order = next(c for c in settings()["contracts"] if c.get("containers") == ["muse_core"])["layers"]
    assert rooms - {"__init__"} == set(order)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Empty modules under the names that the real settings speak of."""
    (tmp_path / "pyproject.toml").write_text(_linter_settings())
    names = set(settings()["root_packages"])
    for contract in settings()["contracts"]:
        named = [*contract.get("source_modules", []), *contract.get("forbidden_modules", [])]
        names |= {name for name in named if name.partition(".")[0] in settings()["root_packages"]}
        if contract.get("containers") == ["muse_core"]:
            names |= {f"muse_core.{name}" for name in contract["layers"]}
    names |= {"muse_core.stages.sft", "muse_core.stages.dpo"}
    packages = {name.rpartition(".")[0] for name in names} | set(settings()["root_packages"])
    for name in sorted(names | packages - {""}):
        path = tmp_path.joinpath(*name.split("."))
        file = path / "__init__.py" if name in packages else path.with_suffix(".py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    return tmp_path


def _linter_settings() -> str:
    lines = (ROOT / "pyproject.toml").read_text().splitlines(keepends=True)
    start = next(n for n, line in enumerate(lines) if line.startswith("[tool.importlinter]"))
    ends = (
        n for n, line in enumerate(lines) if n > start and line.startswith("[") and "importlinter" not in line
    )
    return "".join(lines[start : next(ends, len(lines))])


BROKEN = [
    ("muse_core/tools.py", "import tasks", "law 1"),
    ("tasks/gate.py", "import flows", "law 1"),
    ("muse_core/records.py", "import data_contracts.validate", "law 1"),
    ("data_contracts/schemas.py", "import muse_core.types", "law 1"),
    ("muse_core/scoring.py", "import prefect", "law 2"),
    ("tasks/gate.py", "import great_expectations", "law 2"),
    ("tasks/gate.py", "import mlflow", "law 2"),
    ("muse_core/evaluation.py", "import torch", "law 2"),
    ("muse_core/stages/dpo.py", "import muse_core.stages.sft", "law 3"),
    ("muse_core/types.py", "import muse_core.records", "law 3"),
    ("muse_core/tools.py", "import muse_core.dialogue", "law 3"),
    ("muse_core/fingerprint.py", "import muse_core.artifacts", "law 3"),
]


def test_a_sound_tree_passes(tree: Path) -> None:
    done = linter(tree)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("path", "text", "law"), BROKEN, ids=[f"{path}-{text}" for path, text, _ in BROKEN])
def test_a_broken_contract_is_named(tree: Path, path: str, text: str, law: str) -> None:
    (tree / path).write_text(text + "\n")
    done = linter(tree)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"\n{law}" in done.stdout.partition("Broken contracts")[2]
