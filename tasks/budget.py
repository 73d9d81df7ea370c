"""How long the quickstart may take: seconds per step on two idle cores, after installation."""

from __future__ import annotations

START_UP = "start-up"
QUICKSTART = "quickstart"
QUICKSTART_S: dict[str, int] = {
    START_UP: 30,
    "catalog": 3,
    "profiles": 2,
    "conversations": 25,
    "base": 25,
    "augment": 35,
    "sft": 310,
    "pairs": 50,
    "dpo": 25,
    "evaluate": 75,
    "export": 15,
    "register": 5,
}


def budget_of(preset: str) -> dict[str, int]:
    """The budget of a preset; other presets than the quickstart have none."""
    return QUICKSTART_S if preset == QUICKSTART else {}
