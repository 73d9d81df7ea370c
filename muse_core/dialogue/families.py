"""Template families: the frames that utterances are cut from, and the side each belongs to.

A family is one composition: an opening kind, a wording, an order of constraints, a closing kind. Its id is
`<turn type>/<language>/<name>`. Words inside openings and closings, and every value, vary freely; what a
family fixes is the frame. It stands on the side of its wording (`wordings/sides.py`), so that a test
family asks in words that no train family of its kind is built on. In the same way some train wordings are
reserved: where `pairs.reserved_share` keeps train-side shoppers from SFT, those ask in the reserved ones,
the others in the rest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest
from typing import Literal

import numpy as np

from muse_core.dialogue.script import LANGUAGE_OF, Script
from muse_core.tools.toolbox import ALL_TOOLS, per_tools
from muse_core.types import SIDES, Language, Side, TurnType
from muse_core.wordings.book import Book, Wording, said, shipped
from muse_core.wordings.grammar import readings
from muse_core.wordings.kinds import Shelf

PER_PATTERN = 3  # families made from one wording
PLAIN_WEIGHT = 2.0  # people mostly say it without opening and closing
_TYPED_PLAIN_WEIGHT = 3.0  # typed English queries are shorter still


@dataclass(frozen=True)
class Family:
    """One frame. `order` says where constraints stand in the product phrase."""

    family_id: str
    turn_type: TurnType
    script: Script
    kind: str
    pattern: str
    opening: str
    closing: str
    order: Literal["before", "after"]
    side: Side = "train"
    is_reserved: bool = False

    @property
    def language(self) -> Language:
        return LANGUAGE_OF[self.script]

    @property
    def weight(self) -> float:
        if self.opening or self.closing:
            return 1.0
        return _TYPED_PLAIN_WEIGHT if self.script == "en" else PLAIN_WEIGHT


# Which openings and closings suit a turn type. "hail" opens a conversation, "next" goes on in one.
_OPENINGS: dict[str, tuple[str, ...]] = {
    "complete": ("hail", "filler", "next", "context"),
    "recommendation": ("hail", "filler", "next", "context"),
    "picture": ("hail", "filler", "next", "context"),
    "multi_step": ("hail", "filler", "next", "context"),
    "missing_slot": ("hail", "filler", "next", "context"),
    "translation": ("hail", "filler", "next"),
    "out_of_scope": ("hail", "filler", "next"),
    "refinement": ("filler", "next"),
    "comparison": ("filler", "next"),
    "chit_chat": ("filler",),
}
_CLOSINGS: dict[str, tuple[str, ...]] = {
    "complete": ("please", "thanks", "urge", "tag"),
    "picture": ("please", "thanks", "urge", "tag"),
    "recommendation": ("please", "thanks", "urge"),
    "multi_step": ("please", "thanks", "urge"),
    "missing_slot": ("please", "urge"),
    "translation": ("please", "thanks", "urge"),
    "out_of_scope": ("please", "thanks", "urge"),
    "refinement": ("please", "thanks", "urge", "tag"),
    "comparison": ("please", "thanks", "urge"),
    "chit_chat": ("warm",),
}
_BARE: dict[str, tuple[str, ...]] = {"abuse": (), "gibberish": (), "wait": ()}  # nothing goes with these
_OPENINGS_OF_KIND: dict[str, tuple[str, ...]] = {"answer": ("filler",), "greet": (), **_BARE}
_CLOSINGS_OF_KIND: dict[str, tuple[str, ...]] = {"answer": ("please", "thanks"), **_BARE}


Wordings = Literal["all", "common", "reserved"]  # which of a side's families somebody speaks in


class FamilyBook:
    """All families, found by what a shopper wants to do next."""

    def __init__(self, families: Iterable[Family]) -> None:
        self.families = tuple(families)
        self.by_id = {family.family_id: family for family in self.families}
        self._shelves: dict[tuple[Side, Script, TurnType, str], list[Family]] = {}
        for family in self.families:
            key = (family.side, family.script, family.turn_type, family.kind)
            self._shelves.setdefault(key, []).append(family)

    def pick(
        self,
        side: Side,
        shelf_of: Shelf,
        is_first: bool,
        rng: np.random.Generator,
        wordings: Wordings = "all",
    ) -> Family:
        """A family of a shelf on a side, the plain ones more often. A kind without reserved wordings is
        asked for in the common ones."""
        shelf = self._shelves[side, *shelf_of]
        if wordings != "all":
            wanted = wordings == "reserved"
            shelf = [family for family in shelf if family.is_reserved == wanted] or shelf
        unfit = "next" if is_first else "hail"
        fit = [family for family in shelf if family.opening != unfit] or shelf
        draw = rng.random() * sum(family.weight for family in fit)
        for family in fit:
            draw -= family.weight
            if draw < 0:
                return family
        return fit[-1]


@per_tools
def all_families() -> FamilyBook:
    """Every family of the project's wordings, and of those that tools bring along. ConfigError when a wording
    cannot be read."""
    books = (shipped(), *(tool.words.book for tool in ALL_TOOLS if tool.words))
    return FamilyBook(family for book in books for family in families_of(book))


def families_with(book: Book) -> FamilyBook:
    """Every family, and those of a run's own wordings."""
    return _with(all_families(), tuple(one for wordings in book.values() for one in wordings))


@lru_cache(maxsize=1)
def _with(known: FamilyBook, wordings: tuple[Wording, ...]) -> FamilyBook:
    more = [family for one in wordings for family in _of_wording(one)]
    return FamilyBook([*known.families, *more]) if more else known


def families_of(book: Book) -> list[Family]:
    """The families that a book's wordings give."""
    return [family for wordings in book.values() for one in wordings for family in _of_wording(one)]


def cells() -> dict[tuple[TurnType, Language], dict[Side, list[Family]]]:
    """Families by (turn type, language) and side."""
    table: dict[tuple[TurnType, Language], dict[Side, list[Family]]] = {}
    for family in all_families().families:
        cell = table.setdefault((family.turn_type, family.language), {side: [] for side in SIDES})
        cell[family.side].append(family)
    return table


# ---- making families ------------------------------------------------------------------------------


def _of_wording(wording: Wording) -> list[Family]:
    """The plain frame, then frames with an opening or a closing (or both), chosen by hash."""
    script, turn_type, kind = wording.shelf
    out: dict[str, Family] = {}
    for opening, closing in _compositions(script, turn_type, kind, wording.text)[:PER_PATTERN]:
        parts = (kind, _MARK.get(script, ""), said(readings(wording.text)[0]), opening, closing)
        name = "-".join(part for part in parts if part)
        order: Literal["before", "after"] = "before" if _hash(script, name) % 5 < 3 else "after"
        family_id = f"{turn_type}/{LANGUAGE_OF[script]}/{name}-{order}"
        frame = family_id, turn_type, script, kind, wording.text, opening, closing, order
        out[family_id] = Family(*frame, wording.side, wording.is_reserved)
    return list(out.values())


def _compositions(script: Script, turn_type: str, kind: str, pattern: str) -> list[tuple[str, str]]:
    """(opening, closing): none first, then by hash, one-sided ones before two-sided ones."""
    before = _OPENINGS_OF_KIND.get(kind, _OPENINGS[turn_type])
    after = _CLOSINGS_OF_KIND.get(kind, _CLOSINGS[turn_type])
    one_sided = [(opening, "") for opening in before] + [("", closing) for closing in after]
    two_sided = [(opening, closing) for opening in before for closing in after]

    def by_hash(pair: tuple[str, str]) -> int:
        return _hash(script, turn_type, pattern, *pair)

    closed = sorted((pair for pair in one_sided if pair[1]), key=by_hash)
    opened = sorted((pair for pair in one_sided if pair[0]), key=by_hash)
    both = sorted(two_sided, key=by_hash)
    ranks = zip_longest(closed, opened, both)
    return [("", ""), *(pair for trio in ranks for pair in trio if pair is not None)]


_MARK: dict[str, str] = {"both": "2scripts"}


def _hash(*parts: str) -> int:
    return int.from_bytes(hashlib.sha256("|".join(parts).encode()).digest()[:6], "big")
