"""Which of a run's own tools (`tools.extra`) this process has, and how it hands them to others.

Every process of a run does `use` first; one that starts others gives them what it uses. The reader of such
tools, `extra`, is imported only where there are some, and is in a stage's key only then (`fingerprint`).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from muse_core.tools.base import Tool
from muse_core.tools.toolbox import ALL_TOOLS, OWN_TOOLS, REGISTRY

READER = "muse_core.tools.extra"


@dataclass(frozen=True)
class InUse:
    """Which files' tools a process has. `is_live`: addresses are asked each time, for customers."""

    files: tuple[str, ...] = ()
    is_live: bool = False


@dataclass(frozen=True)
class WithTools:
    """Work for another process, which has these tools first."""

    work: Callable[[Any], Any]
    tools: InUse

    def __call__(self, shard: Any) -> Any:
        use(self.tools)
        return self.work(shard)


_now = InUse()


def in_use() -> InUse:
    """What this process uses beside our own tools."""
    return _now


def use(asked: InUse) -> tuple[Tool, ...]:
    """Have our own tools and exactly those of these files. ConfigError names everything wrong with them;
    then nothing has changed."""
    global _now
    if not asked.files and not _now.files:
        return ()
    asked = InUse(tuple(str(Path(name).resolve()) for name in asked.files), asked.is_live)
    tools: tuple[Tool, ...] = importlib.import_module(READER).load(asked.files, asked.is_live)
    if tuple(ALL_TOOLS) != (*OWN_TOOLS, *tools):
        REGISTRY.use(tools)
    _now = asked
    return tools
