"""What the tests of a shop's own tools share: their files, edited; what is refused; one call."""

from __future__ import annotations

from pathlib import Path

import pytest

from muse_core.errors import ConfigError
from muse_core.tools.in_use import InUse, in_use, use
from muse_core.tools.toolbox import ALL_TOOLS, OWN_TOOLS, Toolbox
from muse_core.types import ToolResult
from tests.unit.tools.builders_tools import run, world

OWN = Path(__file__).parents[2] / "e2e" / "own_tools"


def edit(file: Path, *changes: tuple[str, str]) -> Path:
    text = file.read_text("utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    file.write_text(text, "utf-8")
    return file


def at(folder: Path, address: str, *changes: tuple[str, str]) -> Path:
    return edit(folder / "delivery.toml", ("http://127.0.0.1:8765/delivery", address), *changes)


def refused(*files: Path) -> str:
    with pytest.raises(ConfigError) as told:
        use(InUse(tuple(map(str, files))))
    assert tuple(ALL_TOOLS) == OWN_TOOLS and in_use() == InUse()
    return str(told.value)


def delivered(pincode: str = "560001") -> ToolResult:
    return run(Toolbox(world()), "delivery", pincode=pincode)
