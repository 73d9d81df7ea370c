"""Which stages a request like `--stage dpo` or `--stage data` means. Imports nothing heavy."""

from __future__ import annotations

from muse_core.errors import ConfigError
from muse_core.stage_table import METHODS, POST, STAGE_NAMES, STAGES, maker, stage_named

REGISTER = "register"  # runs every time; not a stage run
OF_TABLE = tuple(dict.fromkeys(stage.group for stage in STAGES if stage.group))
GROUPS: dict[str, tuple[str, ...]] = {
    "all": (*STAGE_NAMES, REGISTER),
    **{group: tuple(stage.name for stage in STAGES if stage.group == group) for group in OF_TABLE},
    "export": ("export", REGISTER),
    REGISTER: ("export", REGISTER),
}
# What a request may name.
PARTS = ("all", *OF_TABLE, *STAGE_NAMES, *(name for name in METHODS if name != POST), REGISTER)


def wanted_stages(part: str, method: str = POST) -> frozenset[str]:
    """The stages that `part` (a group or a stage) consists of in a run with this `post.method`, with all they
    need upstream. ConfigError for another name."""
    if part not in PARTS:
        raise ConfigError(f"unknown stage {part!r}; known: {', '.join(PARTS)}")
    idle = _idle(method) if part == "all" else frozenset()
    waiting = [name for name in GROUPS.get(part, (part,)) if name not in idle]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        found.add(name)
        if name != REGISTER:
            made = (maker(upstream, method) for upstream in stage_named(name).inputs)
            waiting += [upstream for upstream in made if upstream not in found]
    return frozenset(found)


def _idle(method: str) -> frozenset[str]:
    """What only the method that is not taken would use."""
    idle = {POST} if method != POST else set()
    for stage in reversed(STAGES):
        users = {one.name for one in STAGES if stage.name in one.inputs and not one.in_place_of}
        idle |= {stage.name} if users and users <= idle else set()
    return frozenset(idle)
