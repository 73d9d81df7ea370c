"""X-RiSAWOZ's files (stanford-oval/dialogues, `dialogues/risawoz/`) -> dialogues of annotated turns.

`data/original/<language>_<split>.json`: a list of dialogues. One turn, shortened::

    {"turn_id": 0, "turn_domain": ["PC"], "user_utterance": ["…", {…}], "system_utterance": ["…", {…}],
     "belief_state": {"inform slot-values": {"PC-brand": "…"}, "turn_inform": {"PC-brand": "…"}, …},
     "user_actions": [["Inform", "PC", "brand", "…"], …], "system_actions": [["Recommend", "PC", …], …]}

`database/db_<language>/<domain>_<language>.json`: a list of products with text cells.
`src/knowledgebase/mappings/<language>2canonical.json`: domain -> slot -> the database's value -> how people
say it. Read too: the same turns in several languages side by side, one turn a line
(`{"dialogue", "turn", "domain", "en": {"user", "system", "state", "turn_inform", "acts"}, "hi": {…}}`), of
which the English annotation says the values in every language.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Acts = tuple[tuple[str, str, str, str], ...]  # intent, domain, slot, value
SIGNS = {"tv": "episodes", "pc": "computer_type", "car": "number_of_seats", "movie": "film_length"}
_OFFERS = frozenset({"recommend", "inform"})
SIDES = ("en", "hi", "mixed")


@dataclass(frozen=True)
class Turn:
    """`acts`: the user's. `said`: slot ("pc-brand") -> what the annotation says of it beside the acts.
    `asks`: whether the system only asks back, and shows nothing."""

    place: str
    user: str
    system: str
    domains: tuple[str, ...]
    acts: Acts
    said: Mapping[str, tuple[str, ...]]
    asks: bool


def is_dialogues(value: Any) -> bool:
    turn = _first((_first(value) or {}).get("dialogue"))
    return turn is not None and "user_actions" in turn


def is_parallel(value: Any) -> bool:
    first = _first(value)
    return first is not None and {"dialogue", "turn", "domain"} <= first.keys()


def database_of(value: Any) -> str | None:
    """The domain whose products these are; None for what is no database of goods."""
    first = _first(value)
    return next((name for name, sign in SIGNS.items() if first and sign in first), None)


def is_spellings(value: Any) -> bool:
    return isinstance(value, dict) and "pc" in value and isinstance(value["pc"], dict)


def _first(value: Any) -> dict[str, Any] | None:
    return value[0] if isinstance(value, list) and value and isinstance(value[0], dict) else None


def dialogues_of(value: Any) -> Iterator[tuple[str, list[Turn]]]:
    """(id, turns) of each dialogue, of a parallel file once per language. ValueError, KeyError or TypeError
    for an entry of another shape."""
    if is_parallel(value):
        yield from _side_by_side(value)
        return
    for dialogue in value:
        turns = [_turn(turn) for turn in dialogue["dialogue"]]
        yield str(dialogue["dialogue_id"]), turns


def _turn(turn: Mapping[str, Any]) -> Turn:
    belief = turn["belief_state"]
    answered = {str(act[0]).lower() for act in turn["system_actions"]}
    return Turn(
        place=str(turn["turn_id"]),
        user=_text(turn["user_utterance"]),
        system=_text(turn["system_utterance"]),
        domains=_domains(turn["turn_domain"]),
        acts=_acts(turn["user_actions"]),
        said=_said(belief.get("inform slot-values") or {}, belief.get("turn_inform") or {}),
        asks="request" in answered and not answered & _OFFERS,
    )


def _side_by_side(rows: list[Mapping[str, Any]]) -> Iterator[tuple[str, list[Turn]]]:
    by_dialogue: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_dialogue.setdefault(str(row["dialogue"]), []).append(row)
    for side in SIDES:
        for name, turns in by_dialogue.items():
            told = [
                _side(row, side) for row in sorted(turns, key=lambda row: int(row["turn"])) if side in row
            ]
            if told:
                yield f"{side}-{name}", told


def _side(row: Mapping[str, Any], side: str) -> Turn:
    english = row.get("en", row[side])
    return Turn(
        place=str(row["turn"]),
        user=str(row[side]["user"]),
        system=str(row[side]["system"]),
        domains=_domains(row["domain"]),
        acts=_acts(english["acts"]),
        said=_said(english.get("state") or {}, english.get("turn_inform") or {}),
        asks=str(english["system"]).rstrip().endswith("?"),
    )


def _text(value: Any) -> str:
    return str(value[0] if isinstance(value, list) else value)


def _domains(value: Any) -> tuple[str, ...]:
    return tuple(str(one).lower() for one in value)


def _acts(value: Any) -> Acts:
    return tuple(
        (str(intent).lower(), str(domain).lower(), str(slot).lower(), str(said))
        for intent, domain, slot, said in value
    )


def _said(*annotations: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for annotation in annotations:
        for slot, value in annotation.items():
            values = value if isinstance(value, list) else [value]
            known = found.get(slot.lower(), ())
            found[slot.lower()] = tuple(dict.fromkeys((*known, *(str(one) for one in values if one))))
    return found
