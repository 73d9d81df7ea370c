"""What is kept of a conversation of the closed loop: plain values that every figure is computed from.

A `Record` is all that the metrics, the audit and the report need of a conversation, and nothing that
needs a world, a model or a shopper to be read again. So the conversations of one player are a
table of their own (`talks`), and a rerun after another model's change plays nothing again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from muse_core.evaluation.closed_loop.audit import simulator_faults
from muse_core.evaluation.closed_loop.satisfaction import Verdict, verdicts
from muse_core.records import Row, canonical_json
from muse_core.types import JsonValue

if TYPE_CHECKING:
    from muse_core.evaluation.closed_loop.play import Played

PLAIN = ("case_id", "goal_id", "talk", "profile_id", "family", "ending")
SCORES = ("success", "soft", "excess", "no_faults", "recommended")
HEARD = ("user", "assistant", "faults", "repair")


@dataclass(frozen=True)
class Record:
    """One conversation. `family`: the frame it began with; `turns`: what was said, called and heard;
    `simulator`: `[kind, turn]` of each fault of the shopper."""

    case_id: str
    goal_id: str
    talk: int
    profile_id: str
    language: str
    family: str
    goal: Mapping[str, JsonValue]
    ending: str
    turns: tuple[Mapping[str, Any], ...]
    verdict: Verdict
    simulator: tuple[tuple[str, int], ...] = ()


def records_of(played: Sequence[Played], expert_turns: Mapping[str, int]) -> list[Record]:
    """The conversations as they are kept, judged by the turns that the expert needed for each."""
    return [_record(one, found) for one, found in zip(played, verdicts(played, expert_turns), strict=True)]


def expert_records(played: Sequence[Played]) -> list[Record]:
    """The expert's conversations, which are their own measure."""
    return records_of(played, {one.case_id: one.turns for one in played})


def turns_of(records: Sequence[Record]) -> dict[str, int]:
    """Case id -> turns."""
    return {one.case_id: len(one.turns) for one in records}


def _record(one: Played, found: Verdict) -> Record:
    goal = one.goal
    wanted: dict[str, JsonValue] = {"product_type": goal.target.product_type}
    return Record(
        case_id=one.case_id,
        goal_id=goal.goal_id,
        talk=one.talk,
        profile_id=goal.profile.profile_id,
        language=goal.profile.language,
        family=one.spoken[0].said.family.family_id,
        goal=wanted | {"hard": dict(goal.hard), "soft": dict(goal.soft)},
        ending=one.ending,
        turns=tuple(_turns(one)),
        verdict=found,
        simulator=tuple((fault.kind, fault.turn) for fault in simulator_faults(one)),
    )


def _turns(one: Played) -> list[dict[str, JsonValue]]:
    calls = _calls_by_turn(one)
    return [
        {
            "user": spoken.text,
            "calls": calls[turn],
            "assistant": heard.text,
            "faults": list(heard.faults),
            "repair": heard.repair,
        }
        for turn, (spoken, heard) in enumerate(zip(one.spoken, one.heard, strict=True))
    ]


def _calls_by_turn(one: Played) -> list[list[JsonValue]]:
    calls: list[list[JsonValue]] = []
    for message in one.messages:
        if message.role == "user":
            calls.append([])
        for call in message.tool_calls:
            calls[-1].append({"name": call.name, "arguments": dict(call.arguments)})
    return calls


# ---- rows of `talks` -------------------------------------------------------------------------------


def talk_rows(player: str, records: Sequence[Record]) -> list[Row]:
    """The rows of one player's conversations."""
    return [_row(player, one) for one in records]


def _row(player: str, one: Record) -> Row:
    verdict = asdict(one.verdict)
    return {
        **{name: getattr(one, name) for name in PLAIN},
        **verdict,
        "player": player,
        "language": one.language,
        "language_share": verdict["language"],
        "goal_json": canonical_json(dict(one.goal)),
        "turns": [_turn_row(turn) for turn in one.turns],
        "simulator_json": json.dumps(one.simulator),
    }


def _turn_row(turn: Mapping[str, Any]) -> Row:
    calls = json.dumps(turn["calls"], ensure_ascii=False)
    return {name: turn[name] for name in HEARD} | {"calls_json": calls}


def read_talks(rows: Sequence[Row]) -> list[Record]:
    """The inverse of `talk_rows`."""
    return [_read(row) for row in rows]


def _read(row: Row) -> Record:
    scores = {name: row[name] for name in SCORES} | {"language": row["language_share"]}
    return Record(
        **{name: row[name] for name in PLAIN},
        language=row["language"],
        goal=json.loads(row["goal_json"]),
        turns=tuple(_read_turn(turn) for turn in row["turns"]),
        verdict=Verdict(**scores),
        simulator=tuple((kind, int(turn)) for kind, turn in json.loads(row["simulator_json"])),
    )


def _read_turn(turn: Row) -> dict[str, JsonValue]:
    return {name: turn[name] for name in HEARD} | {"calls": json.loads(turn["calls_json"])}
