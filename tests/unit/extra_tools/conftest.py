"""The files of two tools of a shop's own, and a registry that is as it was afterwards."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from muse_core.tools.in_use import InUse, use
from muse_core.tools.toolbox import OWN_TOOLS, REGISTRY
from tests.unit.extra_tools.builders_extra import OWN


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A copy of both tools' files; the registry is as it was afterwards."""
    place = tmp_path / "shop"
    shutil.copytree(OWN, place, ignore=shutil.ignore_patterns("__pycache__", "*.recorded.*"))
    with REGISTRY.only(OWN_TOOLS):
        yield place
        use(InUse())
