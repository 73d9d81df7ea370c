"""What is kept of a conversation of the closed loop: plain values that every figure is computed from.

A `Record` is all that the metrics, the audit and the report need of a conversation, and nothing that
needs a world, a model or a shopper to be read again. So the conversations of one model can lie in a
file under their own key (`Kept`), and a rerun after another model's change plays nothing again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from muse_core.closure import code_digests
from muse_core.durable import write_text
from muse_core.evaluation.closed_loop_audit import simulator_faults
from muse_core.evaluation.satisfaction import Verdict, verdicts
from muse_core.records import canonical_json
from muse_core.types import JsonValue

if TYPE_CHECKING:
    from muse_core.evaluation.closed_loop import Played

CODE = ("muse_core.evaluation.closed_loop", "muse_core.evaluation.closed_loop_record")


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

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Record:
        faults = tuple((kind, int(turn)) for kind, turn in row["simulator"])
        return cls(
            **{**row, "turns": tuple(row["turns"]), "verdict": Verdict(**row["verdict"]), "simulator": faults}
        )


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


# ---- kept in a file -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kept:
    """The conversations of each player in a file of `folder`. `parts`: all that they depend on beside
    the player and the code."""

    folder: Path
    parts: Mapping[str, JsonValue]

    def __call__(self, player: str, play: Callable[[], list[Record]]) -> list[Record]:
        """The player's records, played when they are not there or cannot be read. `player` is a model's
        digest, or the expert."""
        path = self.folder / f"{self.key(player)[:32]}.json"
        try:
            return [Record.from_json(row) for row in json.loads(path.read_text("utf-8"))]
        except (OSError, ValueError, KeyError, TypeError):
            text = json.dumps([asdict(one) for one in play()], ensure_ascii=False)
            write_text(path, text)
            return [Record.from_json(row) for row in json.loads(text)]

    def key(self, player: str) -> str:
        """The fingerprint of one player's conversations."""
        code: dict[str, JsonValue] = {name: dict(code_digests(name)) for name in CODE}
        text = canonical_json({"player": player, "parts": dict(self.parts), "code": code})
        return hashlib.sha256(text.encode()).hexdigest()
