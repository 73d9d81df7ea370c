"""What a simulated shopper of the closed loop wants, and in which order it comes out.

A goal is drawn once from a test profile: a target product, hard constraints that it meets (the shopper
insists on them) and soft ones (told as well, but given up without a word). Everything that differs
between the four conversations about one goal is the agenda's, drawn from the seed: how it begins, what
is told at once and what later, which detours there are. Unlike training's simulator, which walks over
moves and asks for many things, this shopper wants one thing and tells what the results still lack.

Not covered: pictures, orders, ratings and lower price limits as goals; limits that nothing meets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from muse_core.dialogue import facet_limits, goals
from muse_core.dialogue.agenda import draw
from muse_core.dialogue.assortment import Assortment
from muse_core.types import Product, Profile

Opening = Literal["request", "incomplete", "recommendation"]
Detour = Literal["small_talk", "off_topic", "translation"]

HARD = ("colour", "max_price", "gender", "size")
SOFT = ("brand", "material", "occasion")
SEEDS = 4  # conversations per goal
_GOALS, _AGENDAS = 11, 12  # streams of random numbers
_FACETS = 1.4  # weight of the facets of a product beside those of the fields
_CONSTRAINTS = {2: 0.35, 3: 0.45, 4: 0.20}
_OPENINGS = {"request": 0.6, "incomplete": 0.25, "recommendation": 0.15}
_TOLD_AT_ONCE = {0: 0.3, 1: 0.45, 2: 0.25}
_DETOURS = {"off_topic": 0.4, "translation": 0.35, "small_talk": 0.25}
_DETOUR, _GREETING, _COMPARISON = 0.35, 0.12, 0.3
_TRIES = 8


@dataclass(frozen=True)
class HiddenGoal:
    """What the assistant does not see. `hard` and `soft`: argument name -> canonical English value."""

    goal_id: str
    profile: Profile
    target: Product
    hard: Mapping[str, Any] = field(default_factory=dict)
    soft: Mapping[str, Any] = field(default_factory=dict)

    @property
    def wanted(self) -> dict[str, Any]:
        """Every constraint beside the kind of product."""
        return {**self.hard, **self.soft}


@dataclass(frozen=True)
class Agenda:
    """One way to talk about a goal. `order`: the constraints as they will be told, the first `at_once`
    of them in the opening; `detours`: turn -> what is asked beside the point; `compares`: the shopper
    compares two of the results before deciding."""

    opening: Opening
    order: tuple[str, ...]
    at_once: int
    detours: Mapping[int, Detour]
    compares: bool


def hidden_goals(shop: Assortment, profiles: Sequence[Profile], count: int, seed: int) -> list[HiddenGoal]:
    """`count` goals of test-side shoppers, every shopper's first one before any shopper's second."""
    people = [profile for profile in profiles if profile.side == "test"]
    return [_goal(shop, people[n % len(people)], n, seed) for n in range(count if people else 0)]


def _goal(shop: Assortment, profile: Profile, number: int, seed: int) -> HiddenGoal:
    rng = np.random.default_rng([seed, _GOALS, number])
    target = goals.new_wish(shop, profile, rng).target
    known = goals.available(shop, target)
    weights = {name: weight for name, weight in known.items() if name in (*HARD, *SOFT)}
    facets = facet_limits.wanted(shop.facets, target)
    weights |= {name: weight * _FACETS / len(facets) for name, weight in facets.items()}
    names = goals.weighted_sample(weights, int(draw(_as_text(_CONSTRAINTS), rng)), rng)
    wanted: dict[str, Any] = {}
    for name in names:
        wanted |= _met(shop, target, name, rng)
    hard = {name: value for name, value in wanted.items() if name not in SOFT}
    soft = {name: value for name, value in wanted.items() if name in SOFT}
    return HiddenGoal(f"g{number:04d}", profile, target, hard, soft)


def _met(shop: Assortment, target: Product, name: str, rng: np.random.Generator) -> dict[str, Any]:
    """The argument of a field, or those of a facet, that the target meets; {} when a few draws find none."""
    if name in target.facets:
        return facet_limits.limit_on(shop.facets[name], target, shop.variety, rng)
    for _ in range(_TRIES):
        value = goals.value_of(shop, target, name, rng)
        if goals.meets(target, name, value):
            return {name: value}
    return {}


def agenda(goal: HiddenGoal, number: int, talk: int, seed: int) -> Agenda:
    """The agenda of conversation `talk` (0 to 3) about goal `number`."""
    rng = np.random.default_rng([seed, _AGENDAS, number, talk])
    opening: Any = draw(_OPENINGS, rng)
    names = list(goal.wanted)
    order = tuple(names[int(at)] for at in rng.permutation(len(names)))
    at_once = min(int(draw(_as_text(_TOLD_AT_ONCE), rng)), len(order))
    detours: dict[int, Any] = {0: "small_talk"} if rng.random() < _GREETING else {}
    if rng.random() < _DETOUR:
        detours[1 + int(rng.random() * 3)] = draw(_DETOURS, rng)
    return Agenda(opening, order, at_once, detours, bool(rng.random() < _COMPARISON))


def _as_text(shares: Mapping[int, float]) -> dict[str, float]:
    return {str(count): share for count, share in shares.items()}
