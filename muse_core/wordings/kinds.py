"""What can be asked for: the kinds of every intent, and the placeholders that their wordings have.

Read from `kinds.toml`. An intent is a turn type; a shelf is an intent's kind in one script.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from muse_core.types import TURN_TYPES, TurnType
from muse_core.wordings.grammar import GrammarError, readings, slots_in_order
from muse_core.wordings.words import SCRIPTS, Script

Shelf = tuple[Script, TurnType, str]  # script, turn type, kind


@dataclass(frozen=True)
class Kind:
    """`needs`: placeholders of every wording, each group one of several; `may`: others that are allowed.
    `file`: the file of its wordings; `served`: words of a shop's own tool that answers it."""

    says: str
    needs: tuple[tuple[str, ...], ...]
    may: tuple[str, ...] = ()
    only: tuple[Script, ...] = SCRIPTS
    is_starred: bool = False
    file: str = ""
    served: tuple[str, ...] = ()

    def placeholders(self, script: Script) -> list[str]:
        """Names that a wording in a script may hold."""
        names = [name for group in self.needs for name in group] + list(self.may)
        return [name for name in names if script in _scripts_of(name)]


@cache
def kinds() -> Mapping[TurnType, Mapping[str, Kind]]:
    """Intent -> kind -> what its wordings say."""
    return {
        intent: {name: _kind(row, intent) for name, row in _table()[intent].items()}  # type: ignore[misc]
        for intent in TURN_TYPES
    }


def shelves() -> Iterator[Shelf]:
    """Every shelf that has to be filled."""
    for script in SCRIPTS:
        for intent, of_intent in kinds().items():
            yield from ((script, intent, name) for name, kind in of_intent.items() if script in kind.only)


def check_placeholders(shelf: Shelf, text: str, kind: Kind | None = None) -> None:
    """GrammarError for a wording that does not say what its kind says, in every reading. `kind`: of a tool
    that is not ours."""
    script, intent, name = shelf
    kind = kind or kinds()[intent][name]
    known = kind.placeholders(script)
    has = ", ".join(f"{{{slot}}}" for slot in known) or "none"
    found = [slots_in_order(reading) for reading in readings(text)]
    for slot in found[0]:
        if slot not in known:
            raise GrammarError(f"{{{slot}}} is no placeholder of {intent}.{name}; it has {has}")
    if any(set(slots) != set(found[0]) or len(set(slots)) != len(slots) for slots in found):
        raise GrammarError("every reading must have the same placeholders, each of them once")
    for group in kind.needs:
        if not set(group) & set(found[0]):
            wanted = " or ".join(f"{{{slot}}}" for slot in group if slot in known)
            raise GrammarError(f"a wording of {intent}.{name} needs {wanted}; its placeholders are {has}")
    if kind.is_starred and not all("*" in reading for reading in readings(text)):
        raise GrammarError(f"a wording of {intent}.{name} needs a *starred* word, the one that asks")


def files_of(intent: TurnType) -> tuple[str, ...]:
    """The files that hold the wordings of an intent."""
    return tuple(dict.fromkeys(kind.file for kind in kinds()[intent].values()))


def _kind(row: Mapping[str, Any], intent: str) -> Kind:
    return Kind(
        says=row["says"],
        needs=tuple(tuple(group.split("|")) for group in row["needs"]),
        may=tuple(row.get("may", ())),
        only=tuple(row.get("only", SCRIPTS)),
        is_starred=row.get("starred", False),
        file=row.get("file", intent),
        served=tuple(row.get("served", "").split()),
    )


def _scripts_of(placeholder: str) -> tuple[Script, ...]:
    return tuple(_table()["placeholders"].get(placeholder, {}).get("only", SCRIPTS))


@cache
def _table() -> dict[str, Any]:
    file = resources.files("muse_core.wordings").joinpath("kinds.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))


def kinds_beside(name: str) -> tuple[str, ...]:
    """Names of the kinds of `openings`, `closings`, `asides` or `topics`."""
    return tuple(_table()[name])
