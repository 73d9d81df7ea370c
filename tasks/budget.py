"""How long the quickstart may take: seconds per step on two idle cores, after installation."""

from __future__ import annotations

START_UP = "start-up"
QUICKSTART = "quickstart"
QUICKSTART_S: dict[str, int] = {
    START_UP: 12,
    "catalog": 3,
    "profiles": 2,
    "conversations": 12,
    "base": 30,
    "augment": 18,
    "sft": 250,
    "pairs": 108,
    "dpo": 40,
    "evaluate": 110,
    "export": 12,
    "register": 3,
}


def budget_of(preset: str) -> dict[str, int]:
    """The budget of a preset; other presets than the quickstart have none."""
    return QUICKSTART_S if preset == QUICKSTART else {}
