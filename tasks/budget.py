"""How long the quickstart may take: seconds per step on two idle cores, after installation."""

from __future__ import annotations

START_UP = "start-up"
QUICKSTART = "quickstart"
QUICKSTART_S: dict[str, int] = {
    START_UP: 60,
    "catalog": 5,
    "profiles": 5,
    "conversations": 30,
    "base": 90,
    "augment": 45,
    "sft": 150,
    "pairs": 50,
    "dpo": 50,
    "evaluate": 70,
    "export": 40,
    "register": 5,
}


def budget_of(preset: str) -> dict[str, int]:
    """The budget of a preset; other presets than the quickstart have none."""
    return QUICKSTART_S if preset == QUICKSTART else {}
