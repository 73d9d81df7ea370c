"""The move that asks for something like one of the results: `like the second but cheaper`."""

from __future__ import annotations

from typing import Any

from muse_core.dialogue import facet_limits, goals, sayings, shares
from muse_core.dialogue.agenda import draw
from muse_core.dialogue.constraints import constraint
from muse_core.dialogue.goals import Wish
from muse_core.dialogue.phrases import agreeing, say
from muse_core.dialogue.shopper import Said, Shopper, call_of
from muse_core.tools.base import ShopWorld
from muse_core.types import Product

_THAN = {"cheaper": 0.6, "costlier": 0.15, "better_rated": 0.25}
_COMPARED = 0.6  # of the differences are in price or rating; the others are a limit
_FIELDS = ("colour", "material", "brand", "size")


def likeness(shopper: Shopper, world: ShopWorld) -> Said | None:
    """One of the results as an example, perhaps with how another is to differ; None when nothing is shown, or
    the shopper asks for a suggestion in another way."""
    shown = world.session.last_shown[: sayings.MAX_POSITION]
    if not shown or not shopper.sees_results or shopper.rng.random() > shares.LIKE:
        return None
    position = int(shopper.rng.random() * len(shown))
    example = shopper.shop.index.catalog.by_id[shown[position]]
    arguments: dict[str, Any] = {"like": position + 1}
    change = _change(shopper, example, world) if shopper.rng.random() < shares.CHANGED_LIKE else {}
    family = shopper.family("recommendation", "like")
    values = {
        "one": sayings.item_phrase(shopper.voice(), position + 1),
        "but": _words(shopper, change, example),
    }
    shopper.take_up(Wish(example, None, {"query": "", **change}))
    shopper.wish.said.pop("than", None)
    utterance = shopper.utter(family, values, example.product_type)
    call = call_of("recommend", arguments | change)
    return Said(utterance, family, "recommendation", (call,), acceptable=("recommend",))


def _change(shopper: Shopper, example: Product, world: ShopWorld) -> dict[str, Any]:
    """How it is to differ: `than`, or a limit that another of the results meets; {} when all are alike."""
    known = {"cheaper": example.price is not None, "better_rated": example.rating is not None}
    known["costlier"] = known["cheaper"]
    than = {name: share for name, share in _THAN.items() if known[name]}
    if than and shopper.rng.random() < _COMPARED:
        return {"than": draw(than, shopper.rng)}
    ids = world.session.last_ids
    other = shopper.shop.index.catalog.by_id[ids[int(shopper.rng.random() * len(ids))]]
    return _limit_of(shopper, example, other)


def _limit_of(shopper: Shopper, example: Product, other: Product) -> dict[str, Any]:
    """Something that the other product is and the example is not."""
    shop, rng = shopper.shop, shopper.rng
    if other.product_type != example.product_type:
        return {}
    known = goals.known_of(other)
    weights = {name: 1.0 for name in _FIELDS if known[name] and _differs(example, other, name)}
    for name, weight in facet_limits.wanted(shop.facets, other).items():
        if example.facets.get(name) != other.facets[name]:
            weights[name] = weight
    if not weights:
        return {}
    name = draw(weights, rng)
    if name in other.facets:
        limit = facet_limits.limit_on(shop.facets[name], other, shop.variety, rng)
        return {} if all(goals.meets(example, *one) for one in limit.items()) else limit
    value = goals.value_of(shop, other, name, rng)
    return {} if goals.meets(example, name, value) else {name: value}


def _differs(example: Product, other: Product, name: str) -> bool:
    field = "sizes" if name == "size" else name
    return bool(getattr(example, field) != getattr(other, field))


def _words(shopper: Shopper, change: dict[str, Any], example: Product) -> str:
    """`but cheaper`, `but in red`; nothing where it is just to be like it."""
    voice = shopper.voice()
    if not change:
        return ""
    noun = example.product_type
    if "than" in change:
        return say(voice, "than", str(change["than"]), noun=noun)
    first = next(iter(change))
    name = f"max_{first[4:]}" if f"max_{first[4:]}" in change else first
    return say(voice, "but", limit=agreeing(noun, constraint(voice, name, change, noun)))
