"""A copy of the repository to change, as CONTRIBUTING says, and to run its own tests in."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
COPIED = (
    "flows",
    "tasks",
    "serving",
    "data_contracts",
    "muse_core",
    "deployments",
    "docker",
    "tests",
    "pyproject.toml",
)


def copy_into(folder: Path) -> Path:
    """The parts that code and tests are in."""
    ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=ignore)
        else:
            shutil.copy2(ROOT / name, folder / name)
    return folder


def edit(folder: Path, name: str, before: str, after: str) -> None:
    """One change to one file; what is changed must stand there once."""
    path = folder / name
    text = path.read_text("utf-8")
    assert text.count(before) == 1, f"{name} holds {before!r} {text.count(before)} times, expected once"
    path.write_text(text.replace(before, after), "utf-8")


def python(folder: Path, code: str) -> Any:
    """What `code` prints as JSON, run in the copy."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def run_tests(folder: Path, *files: str) -> subprocess.CompletedProcess[str]:
    """The copy's own tests."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *files]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
