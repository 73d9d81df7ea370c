"""The closed loop on the page: figures per player, how conversations ended, the simulator's faults, and
dialogues of all models side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from muse_core.dialogue.hidden_goals import SEEDS
from muse_core.evaluation.report.figures import MODEL_NAMES, NAMES, Key
from muse_core.evaluation.score.table import cell
from muse_core.records import Row
from muse_core.tools.call_syntax import render_call
from muse_core.types import ToolCall

PLAYERS = ("base", "sft", "chosen", "dpo", "expert")
ENDINGS = ("accepted", "gave up", "too long")
LINES = (
    ("user_satisfaction", "User satisfaction, 1–5"),
    ("closed_loop_success", "Goal reached"),
    *((f"closed_loop_pass_{k}", f"pass^{k}: {k} of {k} drawn succeed") for k in range(1, SEEDS + 1)),
    ("closed_loop_soft", "Soft wishes met"),
    ("closed_loop_turns", "Turns"),
    ("closed_loop_excess", "Turns beyond the expert’s"),
    ("closed_loop_language", "Turns in the shopper’s language"),
    ("closed_loop_no_faults", "Conversations without a fault of the assistant"),
    ("simulator_faults", "Conversations with a fault of the simulator"),
)
EXPLAINED = {
    "contradicts": "the words name another value than the goal’s",
    "repeats": "the same words as before",
    "language": "not in the shopper’s language",
    "ignores": "leaves a question unanswered that the goal answers",
    "wrong ending": "accepted what does not meet the goal, or gave up on what does",
}


def closed_loop(rows: Mapping[Key, Row], about: Mapping[str, Any] | None) -> dict[str, Any]:
    """Everything of the section; empty when nothing was played."""
    if not about:
        return {}
    players = [name for name in PLAYERS if (name, "user_satisfaction", "all") in rows]
    return {
        "goals": about.get("goals"),
        "seeds": about.get("seeds", SEEDS),
        "conversations": about.get("conversations"),
        "players": [MODEL_NAMES.get(name, name) for name in players],
        "lines": [
            _line(rows, metric, title, players) for metric, title in LINES if _known(rows, metric, players)
        ],
        "endings": _endings(about, players),
        "audit": _audit(about, players),
        "left_out": {MODEL_NAMES.get(name, name): why for name, why in (about.get("left_out") or {}).items()},
        "dialogues": [_dialogue(one, about) for one in about.get("examples") or []],
    }


def _known(rows: Mapping[Key, Row], metric: str, players: Sequence[str]) -> bool:
    return any((name, metric, "all") in rows for name in players)


def _line(rows: Mapping[Key, Row], metric: str, title: str, players: Sequence[str]) -> list[str]:
    found = [rows.get((name, metric, "all")) for name in players]
    n = max(row["n"] for row in found if row)
    return [title, *(cell(row) for row in found), f"{n} goals" if "_pass_" in metric else str(n)]


def _endings(about: Mapping[str, Any], players: Sequence[str]) -> list[list[str]]:
    known = about.get("endings") or {}
    return [
        [MODEL_NAMES.get(name, name), *(str(known[name].get(ending, 0)) for ending in ENDINGS)]
        for name in players
        if name in known
    ]


def _audit(about: Mapping[str, Any], players: Sequence[str]) -> dict[str, Any]:
    """Turns read and faults by kind per player, with an example of each kind."""
    read = about.get("simulator") or {}
    known = {name: read[name] for name in players if name in read}
    kinds = [kind for kind in EXPLAINED if any(kind in one["faults"] for one in known.values())]
    lines = [
        [
            kind,
            EXPLAINED[kind],
            *(str(one["faults"].get(kind, 0)) for one in known.values()),
            _heard(kind, known),
        ]
        for kind in kinds
    ]
    total = {name: sum(one["faults"].values()) for name, one in known.items()}
    said = [
        f"{MODEL_NAMES.get(name, name)} {total[name]} in {one['turns']} turns" for name, one in known.items()
    ]
    return {
        "players": [MODEL_NAMES.get(name, name) for name in known],
        "lines": lines,
        "read": "; ".join(said),
    }


def _heard(kind: str, known: Mapping[str, Any]) -> str:
    found = [one["examples"][kind][0] for one in known.values() if one["examples"].get(kind)]
    return f"{found[0]['text']} ({found[0]['id']})" if found else ""


def _dialogue(one: Mapping[str, Any], about: Mapping[str, Any]) -> dict[str, Any]:
    goal = one["goal"]
    players = [_played(name, one["players"][name]) for name in PLAYERS if name in one["players"]]
    absent = about.get("left_out") or {}
    return {
        "id": one["id"],
        "kind": one.get("kind", ""),
        "language": NAMES.get(one["language"], one["language"]),
        "wants": goal["product_type"],
        "hard": _values(goal["hard"]),
        "soft": _values(goal["soft"]),
        "players": [{"name": MODEL_NAMES.get(name, name), "why": why} for name, why in absent.items()]
        + players,
    }


def _values(wanted: Mapping[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in wanted.items())


def _played(name: str, one: Mapping[str, Any]) -> dict[str, Any]:
    turns = [{**turn, "calls": [_call(call) for call in turn["calls"]]} for turn in one["turns"]]
    return {
        "name": MODEL_NAMES.get(name, name),
        "score": f"{one['score']:.1f}",
        "success": one["success"],
        "ending": one["ending"],
        "turns": turns,
    }


def _call(call: Mapping[str, Any]) -> str:
    try:
        return render_call(ToolCall("", call["name"], call["arguments"]))
    except ValueError:
        return f"{call['name']}({call['arguments']})"
