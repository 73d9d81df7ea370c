"""Which stages a request like `--stage dpo` or `--stage data` means. Imports nothing heavy."""

from __future__ import annotations

from muse_core.errors import ConfigError
from muse_core.fingerprint import STAGE_NAMES, stage_named

REGISTER = "register"  # runs every time; not a stage run
GROUPS: dict[str, tuple[str, ...]] = {
    "all": (*STAGE_NAMES, REGISTER),
    "data": ("catalog", "profiles", "conversations", "base", "augment"),
    "export": ("export", REGISTER),
    REGISTER: ("export", REGISTER),
}
PARTS = tuple(dict.fromkeys(("all", "data", *STAGE_NAMES, REGISTER)))  # what a request may name


def wanted_stages(part: str) -> frozenset[str]:
    """The stages that `part` (a group or a stage) consists of, with all they need upstream."""
    if part not in GROUPS and part not in STAGE_NAMES:
        raise ConfigError(f"unknown stage {part!r}; known: {', '.join(PARTS)}")
    waiting = list(GROUPS.get(part, (part,)))
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        found.add(name)
        if name in STAGE_NAMES:
            waiting += [upstream for upstream in stage_named(name).inputs if upstream not in found]
    return frozenset(found)
