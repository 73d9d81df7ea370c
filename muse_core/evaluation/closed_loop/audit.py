"""Was the simulated shopper itself at fault? Each conversation is read again, turn by turn.

    contradicts   the words name another value than the goal's (read by the rule parser, which knows
                  nothing of the simulator; a price is contradicted only by another upper limit)
    repeats       the same words as in an earlier turn
    language      not in the shopper's language (what is to be translated may be in any)
    ignores       the assistant asked for something that the goal knows, recommended nothing, and the
                  next turn does not name it
    wrong ending  accepted what does not meet the goal, or gave up on what does

An audit that finds much says that satisfaction measures the simulator, not the model. Not covered:
sentences that are odd without being wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from muse_core.language.parse import ParsedRequest, parse_request
from muse_core.language.scripts import detect_language
from muse_core.scoring.constraints import satisfied
from muse_core.scoring.normal import normal_text, same_value
from muse_core.types import JsonValue

if TYPE_CHECKING:
    from muse_core.dialogue.closed_loop_turns import Spoken
    from muse_core.dialogue.hidden_goals import HiddenGoal
    from muse_core.evaluation.closed_loop.play import Played
    from muse_core.evaluation.closed_loop.record import Record

SHOWN = 5  # examples of each kind
_READ = {"colour": "colours", "material": "materials", "gender": "genders", "size": "sizes"}
_KIND = ("query", "product_type")


@dataclass(frozen=True)
class Fault:
    """One fault of the simulator; `turn` counts the shopper's from 0."""

    kind: str
    turn: int


def simulator_faults(played: Played) -> list[Fault]:
    """Every fault of the shopper in one conversation."""
    return [*_in_words(played), *_ignored(played), *_ending(played)]


def audit(records: Sequence[Record]) -> dict[str, JsonValue]:
    """Turns read, faults by kind, and a few examples of each by conversation and turn."""
    counts: Counter[str] = Counter()
    examples: dict[str, list[JsonValue]] = {}
    for one in records:
        for kind, turn in one.simulator:
            counts[kind] += 1
            known = examples.setdefault(kind, [])
            if len(known) < SHOWN:
                text = one.turns[min(turn, len(one.turns) - 1)]["user"]
                known.append({"id": f"{one.case_id}.{turn}", "text": text})
    shown: dict[str, JsonValue] = {kind: list(found) for kind, found in examples.items()}
    return {"turns": sum(len(one.turns) for one in records), "faults": dict(counts), "examples": shown}


def _in_words(played: Played) -> Iterator[Fault]:
    before: set[str] = set()
    language = played.goal.profile.language
    for turn, spoken in enumerate(played.spoken):
        words = normal_text(spoken.text)
        if words in before:
            yield Fault("repeats", turn)
        before.add(words)
        if spoken.said.turn_type == "translation" or spoken.act == "detour":
            continue
        if language != "mixed" and detect_language(spoken.text) != language:
            yield Fault("language", turn)
        if contradicts(spoken.text, played.goal):
            yield Fault("contradicts", turn)


def contradicts(text: str, goal: HiddenGoal) -> bool:
    """Whether the text asks for another value of something that the goal fixes."""
    read = parse_request(text)
    wanted = goal.wanted
    for slot, name in _READ.items():
        found: tuple[str, ...] = getattr(read, name)
        if slot in wanted and found and not any(same_value(slot, wanted[slot], one) for one in found):
            return True
    return _other_price(read, wanted.get("max_price"))


def _other_price(read: ParsedRequest, limit: float | None) -> bool:
    return limit is not None and read.max_price is not None and abs(read.max_price - limit) > 1


def _ignored(played: Played) -> Iterator[Fault]:
    known, told = {*played.goal.wanted, *_KIND}, set[str]()
    for turn, (heard, following) in enumerate(zip(played.heard, played.spoken[1:], strict=False)):
        told |= _named(played.spoken[turn])
        is_due = heard.asked in known and heard.asked not in told and not heard.recommended
        if is_due and following.act not in ("detour", "open") and heard.asked not in _named(following):
            yield Fault("ignores", turn + 1)


def _named(spoken: Spoken) -> set[str]:
    """What a turn tells: constraints, and the product where the expert's call has one."""
    has_product = spoken.act != "correct" and any("query" in call[1] for call in spoken.said.calls)
    return {*spoken.named, *(_KIND if has_product else ())}


def _ending(played: Played) -> Iterator[Fault]:
    hard = {"product_type": played.goal.target.product_type, **played.goal.hard}
    facets = played.goal.target.facets
    is_met = bool(played.recommended) and all(satisfied(item, hard, facets) for item in played.recommended)
    if (played.ending == "accepted") != is_met and played.ending != "too long":
        yield Fault("wrong ending", played.turns - 1)
