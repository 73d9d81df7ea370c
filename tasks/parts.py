"""Which stages a request like `--stage dpo` or `--stage data` means. Imports nothing heavy."""

from __future__ import annotations

from muse_core.errors import ConfigError
from muse_core.stage_table import STAGE_NAMES, STAGES, stage_named

REGISTER = "register"  # runs every time; not a stage run
OF_TABLE = tuple(dict.fromkeys(stage.group for stage in STAGES if stage.group))
GROUPS: dict[str, tuple[str, ...]] = {
    "all": (*STAGE_NAMES, REGISTER),
    **{group: tuple(stage.name for stage in STAGES if stage.group == group) for group in OF_TABLE},
    "export": ("export", REGISTER),
    REGISTER: ("export", REGISTER),
}
PARTS = ("all", *OF_TABLE, *STAGE_NAMES, REGISTER)  # what a request may name


def wanted_stages(part: str) -> frozenset[str]:
    """The stages that `part` (a group or a stage) consists of, with all they need upstream. ConfigError for
    another name."""
    if part not in PARTS:
        raise ConfigError(f"unknown stage {part!r}; known: {', '.join(PARTS)}")
    waiting = list(GROUPS.get(part, (part,)))
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        found.add(name)
        if name != REGISTER:
            waiting += [upstream for upstream in stage_named(name).inputs if upstream not in found]
    return frozenset(found)
