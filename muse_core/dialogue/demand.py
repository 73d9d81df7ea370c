"""What the people of one shop ask for, as its log counts it: it weighs the goals of simulated shoppers there.

    Demand(0.4, moves={"complete": 310, "chit_chat": 20}, nouns={"kurta": 80, "saree": 44},
           limits={"colour": 120, "max_price": 95}, ...)

`share` of every choice follows the log, the rest is what it is without one (`mixed`). Only the train side has
it, so that held-out turns measure the same with and without a log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from muse_core.dialogue.agenda import WANTED, Move, draw
from muse_core.types import Language, Product, Profile
from muse_core.wordings.words import LANGUAGE_OF

Counts = Mapping[str, float]
Name = TypeVar("Name")

# What opens a conversation, and so what a log of first requests tells about; the others keep their shares.
_OPENINGS: tuple[Move, ...] = (
    "complete", "recommendation", "translation", "missing_slot", "out_of_scope", "chit_chat",
)  # fmt: skip
_ANY, _NONE = "any", "none"


@dataclass(frozen=True)
class Demand:
    """Weights of a log. `nouns`: those of the shop; `limits`: arguments by how often they are named where
    they can be; `counts`: requests by how many they name; `facets`: which ones, `has_facet`: in how many
    requests (`any`, `none`); `scripts`: in what is written."""

    share: float
    moves: Counts = field(default_factory=dict)
    nouns: Counts = field(default_factory=dict)
    limits: Counts = field(default_factory=dict)
    counts: Mapping[int, float] = field(default_factory=dict)
    facets: Counts = field(default_factory=dict)
    has_facet: Counts = field(default_factory=dict)
    scripts: Counts = field(default_factory=dict)

    def wanted(self) -> tuple[tuple[Move, float], ...]:
        """The shares of moves that the agenda is to keep (`agenda.WANTED`)."""
        usual: dict[str, float] = {move: WANTED[move] for move in _OPENINGS}
        openings = mixed(usual, self.moves, self.share)
        return tuple((WANTED | {move: openings[move] for move in _OPENINGS}).items())

    def named(self, usual: Mapping[str, float]) -> dict[str, float]:
        """`usual` chances that a request names a limit, moved towards those of the log's requests."""
        requests = sum(self.counts.values())
        if not requests:
            return dict(usual)
        return {
            name: (1 - self.share) * often + self.share * min(1.0, self.limits.get(name, 0.0) / requests)
            for name, often in usual.items()
        }

    def pool(
        self,
        by_noun: Mapping[str, tuple[Product, ...]],
        wanted: tuple[Product, ...],
        rng: np.random.Generator,
    ) -> tuple[Product, ...]:
        """The products that a target is drawn of: those of a noun that the log names, or all."""
        if not self.nouns or rng.random() >= self.share:
            return wanted
        return by_noun.get(draw(self.nouns, rng), wanted)


def mixed(usual: Mapping[Name, float], asked: Mapping[Any, float], share: float) -> dict[Name, float]:
    """`usual` weights with `share` of their sum spread as `asked` has it; as they are where it has none of
    them."""
    said = sum(asked.get(name, 0.0) for name in usual)
    if not said:
        return dict(usual)
    part = share * sum(usual.values()) / said
    return {name: (1 - share) * weight + part * asked.get(name, 0.0) for name, weight in usual.items()}


def chance(usual: float, has: Counts, share: float) -> float:
    """The same of something that is or is not (`any`, `none`)."""
    return mixed({_ANY: usual, _NONE: 1 - usual}, has, share)[_ANY]


def people_of(
    everybody: Sequence[Profile], rows: range, demand: Demand | None, rng: np.random.Generator
) -> list[Profile]:
    """Whom these conversations belong to: conversation i to profile i modulo their number. With a log, a
    share of the train side's to another of that side, who writes as its people do."""
    people = [everybody[row % len(everybody)] for row in rows]
    if demand is None or not demand.scripts:
        return people
    by_language: dict[Language, list[Profile]] = {}
    for one in everybody:
        if one.side == "train":
            by_language.setdefault(one.language, []).append(one)
    return [_as_typed(one, by_language, demand, rng) if one.side == "train" else one for one in people]


def _as_typed(
    profile: Profile,
    by_language: Mapping[Language, Sequence[Profile]],
    demand: Demand,
    rng: np.random.Generator,
) -> Profile:
    if rng.random() >= demand.share:
        return profile
    others = by_language.get(LANGUAGE_OF[draw(demand.scripts, rng)])  # type: ignore[index]
    return others[int(rng.random() * len(others))] if others else profile
