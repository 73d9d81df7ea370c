"""Template families: the frames that utterances are cut from, and the side each belongs to.

A family is one composition: an opening kind, a request pattern, an order of constraints, a closing
kind. Its id is `<turn type>/<language>/<name>`. Words inside openings and closings, and every value,
vary freely; what a family fixes is the frame. Families are put on the sides train / dev / test within
(turn type, script, kind) by the head of their pattern (its longest word, cut to the stem): all patterns
with one head are on one side, so that a test family asks in words that no train family of its kind is
built on. In the same way some train patterns are reserved: where `pairs.reserved_share` keeps train-side
shoppers from SFT, those ask in the reserved wordings, the others in the rest. The sentences told beside a
request are held out one by one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import zip_longest
from typing import Literal

import numpy as np

from muse_core.dialogue.script import LANGUAGE_OF, SCRIPTS, Script
from muse_core.dialogue.wording import asides as told_beside
from muse_core.dialogue.wording import frames
from muse_core.types import SIDES, Language, Side, TurnType

PER_PATTERN = 3  # families made from one pattern
_SMALL_KIND = 6  # patterns; below it a pattern gives one family more
HELD_OUT_SHARE = 0.1  # of the patterns of a kind, on dev and on test each
RESERVED_SHARE = 0.15  # of the train patterns of a kind that has `_FEWEST` of them
_FEWEST = 4
_STEM = 4  # letters of a head that patterns share: dikhao, dikhana
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
_OPENINGS_OF_KIND: dict[str, tuple[str, ...]] = {"answer": ("filler",), "greet": ()}
_CLOSINGS_OF_KIND: dict[str, tuple[str, ...]] = {"answer": ("please", "thanks")}


Shelf = tuple[Script, TurnType, str]  # script, turn type, kind
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

    def kinds(self, script: Script, turn_type: TurnType) -> tuple[str, ...]:
        """The kinds of a turn type that a script has, in the order of the frames."""
        return tuple(frames(script)["patterns"][turn_type])


@lru_cache(maxsize=1)
def all_families() -> FamilyBook:
    """Every family with its side."""
    families: list[Family] = []
    known: dict[tuple[str, str, str], Side] = {}  # a pattern that two scripts share has one side
    for script in SCRIPTS:
        for turn_type, kinds in frames(script)["patterns"].items():
            for kind, patterns in kinds.items():
                shared = {p: known[turn_type, kind, p] for p in patterns if (turn_type, kind, p) in known}
                sides = shared | _sides([pattern for pattern in patterns if pattern not in shared])
                known |= {(turn_type, kind, pattern): side for pattern, side in sides.items()}
                reserved = _reserved([pattern for pattern in patterns if sides[pattern] == "train"])
                families += [
                    replace(family, side=sides[family.pattern], is_reserved=family.pattern in reserved)
                    for family in _of_kind(script, turn_type, kind, patterns)
                ]
    taught = {(f.turn_type, f.kind, f.pattern) for f in families if f.side == "train" and not f.is_reserved}
    return FamilyBook(  # a pattern that another script teaches is not reserved
        replace(f, is_reserved=f.is_reserved and (f.turn_type, f.kind, f.pattern) not in taught)
        for f in families
    )


def openings(script: Script, kind: str) -> tuple[str, ...]:
    """The words of an opening kind."""
    return tuple(frames(script)["openings"][kind])


def closings(script: Script, kind: str) -> tuple[str, ...]:
    """The words of a closing kind."""
    return tuple(frames(script)["closings"][kind])


def cells() -> dict[tuple[TurnType, Language], dict[Side, list[Family]]]:
    """Families by (turn type, language) and side."""
    table: dict[tuple[TurnType, Language], dict[Side, list[Family]]] = {}
    for family in all_families().families:
        cell = table.setdefault((family.turn_type, family.language), {side: [] for side in SIDES})
        cell[family.side].append(family)
    return table


# ---- making families ------------------------------------------------------------------------------


def _of_kind(script: Script, turn_type: str, kind: str, patterns: Sequence[str]) -> list[Family]:
    count = PER_PATTERN + (len(patterns) < _SMALL_KIND)
    return [family for pattern in patterns for family in _of_pattern(script, turn_type, kind, pattern, count)]


def _of_pattern(script: Script, turn_type: str, kind: str, pattern: str, count: int) -> list[Family]:
    """The plain frame, then frames with an opening or a closing (or both), chosen by hash."""
    out: dict[str, Family] = {}
    for opening, closing in _compositions(script, turn_type, kind, pattern)[:count]:
        parts = (kind, _MARK.get(script, ""), _slug(pattern), opening, closing)
        name = "-".join(part for part in parts if part)
        order: Literal["before", "after"] = "before" if _hash(script, name) % 5 < 3 else "after"
        family_id = f"{turn_type}/{LANGUAGE_OF[script]}/{name}-{order}"
        out[family_id] = Family(family_id, turn_type, script, kind, pattern, opening, closing, order)  # type: ignore[arg-type]
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


def _slug(pattern: str) -> str:
    """The pattern's own words, short: `show-me-np-tail`."""
    words = re.findall(r"[\w\u0900-\u097f]+", re.sub(r"\(([^()/|]+)[^()]*\)", r"\1", pattern))
    return "-".join(words)


def _sides(patterns: Sequence[str]) -> dict[str, Side]:
    """The side of every pattern of a kind: heads go to test and dev by hash until each has its share, and
    one at least; a head with too many patterns stays in train."""
    quota = max(1, round(HELD_OUT_SHARE * len(patterns)))
    by_head: dict[str, list[str]] = {}
    for pattern in patterns:
        by_head.setdefault(head_of(pattern), []).append(pattern)
    held: dict[Side, list[str]] = {"test": [], "dev": []}
    for head in sorted(by_head, key=lambda head: (max(len(by_head[head]) - quota, 0), _hash("side", head))):
        side: Side = "test" if len(held["test"]) <= len(held["dev"]) else "dev"
        if not held[side] or len(held[side]) + len(by_head[head]) <= quota:
            held[side] += by_head[head]
    sides: dict[str, Side] = {pattern: side for side, chosen in held.items() for pattern in chosen}
    return {pattern: sides.get(pattern, "train") for pattern in patterns}


def _reserved(patterns: Sequence[str]) -> set[str]:
    """Train patterns that are kept for preference pairs: whole heads by hash, small ones first, up to their
    share; a head with more than a third of the patterns is never taken."""
    if len(patterns) < _FEWEST:
        return set()
    quota = max(1, round(RESERVED_SHARE * len(patterns)))
    by_head: dict[str, list[str]] = {}
    for pattern in patterns:
        by_head.setdefault(head_of(pattern), []).append(pattern)
    taken: set[str] = set()
    for head in sorted(by_head, key=lambda head: (max(len(by_head[head]) - quota, 0), _hash("pairs", head))):
        size = len(by_head[head])
        if size <= max(quota, len(patterns) // 3) and (not taken or len(taken) + size <= quota):
            taken |= set(by_head[head])
    return taken


def head_of(pattern: str) -> str:
    """The stem of the longest word that a pattern is built on."""
    words = re.findall(r"[a-z]+|[\u0900-\u097f]+", re.sub(r"\{\w+\}", " ", pattern.lower()))
    return max(words, key=len)[:_STEM] if words else ""


@cache
def asides(script: Script, kind: str, side: Side) -> tuple[str, ...]:
    """Sentences of a kind that are told beside a request, those of one side."""
    sentences = told_beside(script).get(kind, ())
    sides = _sides_of_sentences(sentences)
    return tuple(sentence for sentence in sentences if sides[sentence] == side)


def _sides_of_sentences(sentences: Sequence[str]) -> dict[str, Side]:
    held: tuple[Side, Side] = ("test", "dev")
    ranked = sorted(sentences, key=lambda sentence: _hash("aside", sentence))
    return {sentence: held[at] if at < len(held) else "train" for at, sentence in enumerate(ranked)}


def _hash(*parts: str) -> int:
    return int.from_bytes(hashlib.sha256("|".join(parts).encode()).digest()[:6], "big")
