"""Files of the sets' shapes with invented contents, and where the real parts may lie."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).resolve().parents[5] / "shared" / "data"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="no real files beside the project (../shared)")


def written(folder: Path, name: str, value: Any) -> Path:
    path = folder / name
    path.write_text(json.dumps(value, ensure_ascii=False), "utf-8")
    return path


# ---- X-RiSAWOZ ------------------------------------------------------------------------------------


def turn(
    user: str,
    system: str,
    acts: list[list[str]],
    domain: str = "PC",
    does: str = "Recommend",
    said: dict[str, str] | None = None,
) -> dict[str, Any]:
    informed = {f"{of}-{slot}": value for intent, of, slot, value in acts if intent == "Inform"}
    return {
        "turn_domain": [domain],
        "user_utterance": [user, {}],
        "system_utterance": [system, {}],
        "belief_state": {"inform slot-values": said or informed, "turn_inform": informed, "turn request": []},
        "user_actions": acts,
        "system_actions": [[does, domain, "product name", "Kite 3"]],
        "db_results": [],
    }


def dialogues(*turns: dict[str, Any]) -> list[dict[str, Any]]:
    numbered = [{"turn_id": place, **one} for place, one in enumerate(turns)]
    return [{"dialogue_id": "pc_1", "domains": ["PC"], "dialogue": numbered}]


def computers() -> list[dict[str, str]]:
    """Eight invented computers; names of the columns as in the set's own database."""
    return [
        {
            "brand": ("Orrin", "Vasko")[at % 2],
            "computer_type": ("laptop", "desktop")[at // 4],
            "usage": ("gaming", "business")[at % 2],
            "memory_capacity": ("8GB", "16GB")[at // 2 % 2],
            "screen_size": ("14-inch", "15.6-inch")[at % 2],
            "product_name": f"{('Orrin', 'Vasko')[at % 2]} Kite {at}",
            "pricerange": "5,000-10,000",
            "colour": ("mainly gray", "mainly black")[at // 2 % 2],
            "price": f"{6 + at},499 yuan",
        }
        for at in range(8)
    ]


def spellings() -> dict[str, Any]:
    return {"pc": {"usage": {"gaming": ["for games", "gaming machines"], "business": "business"}}}
