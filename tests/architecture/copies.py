"""A copy of the repository in which a promise of CONTRIBUTING is followed, and pytest in it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.architecture.laws import ROOT

_KEPT = ("muse_core", "data_contracts", "flows", "tasks", "serving", "tests", "deployments", "docker", "docs")
# No promise within a promise.
_LEFT_OUT = shutil.ignore_patterns("__pycache__", ".*_cache", "test_promise_*.py")


def copy_into(folder: Path) -> Path:
    """The packages, the tests and the texts beside them; the promise tests stay behind."""
    for name in _KEPT:
        shutil.copytree(ROOT / name, folder / name, ignore=_LEFT_OUT)
    for file in (*ROOT.glob("*.toml"), *ROOT.glob("*.md"), ROOT / "Makefile"):
        shutil.copy(file, folder)
    return folder


def pytest_in(folder: Path, *what: str) -> subprocess.CompletedProcess[str]:
    """pytest over some paths of a copy, one process, nothing of this checkout on its path."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-x", *what]
    env = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    env.pop("PYTEST_ADDOPTS", None)
    return subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, timeout=900, check=False
    )


def put(file: Path, behind: str, text: str) -> None:
    """Puts text behind the first line that begins so. ValueError where no line does."""
    found = re.search(rf"^{re.escape(behind)}.*\n", file.read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise ValueError(f"{file}: found no line that begins with {behind!r}; the promise has moved")
    whole = file.read_text(encoding="utf-8")
    file.write_text(whole[: found.end()] + text + whole[found.end() :], encoding="utf-8")


def change(file: Path, old: str, new: str) -> None:
    """Replaces one text that must stand in the file once."""
    whole = file.read_text(encoding="utf-8")
    if whole.count(old) != 1:
        raise ValueError(f"{file}: found {old!r} {whole.count(old)} times, expected once")
    file.write_text(whole.replace(old, new), encoding="utf-8")
