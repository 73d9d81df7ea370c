"""How long the quickstart may take: seconds per step on two idle cores, after installation."""

from __future__ import annotations

START_UP = "start-up"
QUICKSTART = "quickstart"
QUICKSTART_S: dict[str, int] = {
    START_UP: 12,
    "catalog": 3,
    "profiles": 2,
    "conversations": 10,
    "base": 30,
    "augment": 20,
    "sft": 295,
    "pairs": 52,
    "dpo": 26,
    "evaluate": 130,
    "export": 15,
    "register": 5,
}


def budget_of(preset: str) -> dict[str, int]:
    """The budget of a preset; other presets than the quickstart have none."""
    return QUICKSTART_S if preset == QUICKSTART else {}
