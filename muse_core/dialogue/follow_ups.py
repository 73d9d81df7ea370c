"""Moves that work on the results on the screen: narrow them, sort them, compare some of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from muse_core.dialogue import goals, sayings, shares
from muse_core.dialogue.constraints import (
    adjective,
    constraint,
    contrast,
    limit_phrase,
    said_once,
    unwanted_words,
)
from muse_core.dialogue.facet_phrases import attribute_words, may_stand_before
from muse_core.dialogue.narrowing import exclusion, narrowing
from muse_core.dialogue.noun_phrases import product_phrase
from muse_core.dialogue.phrases import say
from muse_core.dialogue.shopper import Said, Shopper, call_of
from muse_core.dialogue.voice import Voice
from muse_core.tools.base import ShopWorld

ENOUGH_TO_NARROW = 3  # results in the session
ALL_LIMITS = (
    "colour", "brand", "gender", "size", "material", "occasion", "max_price", "min_price", "min_rating",
)  # fmt: skip
_NAMED_LIMITS = ("colour", "material", "max_price")
_ADJECTIVES = frozenset(("colour", "brand", "gender", "material"))
_CONTRASTED = 0.15  # of single colours and materials: `not red but blue`
_USUAL_MATERIALS = ("cotton", "silk", "leather", "polyester", "wood", "plastic")
_SORTED, _NAMED = 0.24, 0.1  # shares of refinements
_BY_ATTRIBUTE = (("price", 0.26), ("rating", 0.18), ("material", 0.1))  # shares of comparisons
_THREE_COMPARED, _TOP_COMPARED = 0.18, 0.4


def refinement(shopper: Shopper, world: ShopWorld) -> Said | None:
    """A limit or an order on the last results; None when there is nothing to narrow."""
    ids = world.session.last_ids
    if len(ids) < ENOUGH_TO_NARROW:
        return None
    point = shopper.rng.random()
    if point < _SORTED and shopper.shop.can_sort and "sort_by" not in shopper.wish.said:
        return _sorting(shopper)
    if point > 1 - _NAMED and (said := _named_limit(shopper, ids)) is not None:
        return said
    if shopper.rng.random() < shares.EXCLUDED and (said := _without(shopper, ids)) is not None:
        return said
    return _limit(shopper, ids)


def _without(shopper: Shopper, ids: Sequence[str]) -> Said | None:
    """`no cotton please`: what the results must not be; None where they do not differ so."""
    unwanted = exclusion(shopper.shop, ids, shopper.wish, shopper.rng)
    if not unwanted:
        return None
    (name, value), *_ = unwanted.items()
    family = shopper.family("refinement", "without")
    values = {"out": unwanted_words(shopper.voice(), name.removeprefix("not_"), value)}
    shopper.wish.said |= unwanted
    return Said(shopper.utter(family, values), family, "refinement", (call_of("filter", unwanted),))


def _sorting(shopper: Shopper) -> Said:
    order = goals.sort_order(shopper.shop, shopper.rng)
    family = shopper.family("refinement", "sort")
    voice = shopper.voice()
    values = {"sort": say(voice, "sort", order), "order": say(voice, "order", order)}
    shopper.wish.said["sort_by"] = order
    call = call_of("filter", {"sort_by": order})
    return Said(shopper.utter(family, values), family, "refinement", (call,))


def _limit(shopper: Shopper, ids: Sequence[str]) -> Said | None:
    limits = narrowing(shopper.shop, ids, shopper.wish, shopper.rng, ALL_LIMITS)
    if not limits:
        return None
    kind, values = _limit_values(shopper, limits)
    family = shopper.family("refinement", kind)
    shopper.wish.said |= limits
    return Said(shopper.utter(family, values), family, "refinement", (call_of("filter", limits),))


def _named_limit(shopper: Shopper, ids: Sequence[str]) -> Said | None:
    """`only black shirts from these`: the product is named again, so a new search is fine too."""
    kinds = {shopper.shop.index.catalog.by_id[product_id].product_type for product_id in ids[:10]}
    limits = narrowing(shopper.shop, ids, shopper.wish, shopper.rng, _NAMED_LIMITS)
    if len(kinds) != 1 or not limits:
        return None
    noun = kinds.pop()
    family = shopper.family("refinement", "named")
    voice = shopper.voice()
    values = product_phrase(voice, noun, None, limits if shopper.script == "en" else {}, "before")
    values |= {"post": values["tail"], "limit": limit_phrase(voice, limits)}
    shopper.wish.said |= limits
    utterance = shopper.utter(family, values, noun)
    call = call_of("filter", limits)
    return Said(utterance, family, "refinement", (call,), acceptable=("filter", "search"))


def _limit_values(shopper: Shopper, limits: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """(family kind, values): English says `black ones` or `the ones under 500`, Hindi `X वाले`."""
    voice = shopper.voice()
    said = _contrasted(shopper, limits)
    if said is not None:
        return ("post", {"post": said}) if shopper.script == "en" else ("limit", {"limit": said})
    if shopper.script != "en":
        return "limit", {"limit": limit_phrase(voice, limits)}
    first = next(iter(limits))
    is_adjective = first in _ADJECTIVES or may_stand_before(voice, first, limits[first])
    if not is_adjective or voice.chance(0.4):
        return "post", {"post": behind_ones(voice, limits)}
    rest = {name: value for name, value in limits.items() if name != first}
    return "adj", {"adj": adjective(voice, first, limits[first]), "post": behind_ones(voice, rest)}


def _contrasted(shopper: Shopper, limits: Mapping[str, Any]) -> str | None:
    """A single colour or material, now and then said with what it is not."""
    name = next(iter(limits))
    if len(limits) > 1 or name not in ("colour", "material") or not isinstance(limits[name], str):
        return None
    if shopper.rng.random() > _CONTRASTED:
        return None
    known = shopper.shop.colours[:12] if name == "colour" else _USUAL_MATERIALS
    others = [value for value in known if value != limits[name]]
    other = others[int(shopper.rng.random() * len(others))] if others else None
    return contrast(shopper.voice(), name, str(limits[name]), other) if other else None


def behind_ones(voice: Voice, limits: Mapping[str, Any]) -> str:
    """English: limits behind `the ones`."""
    link = voice.pick((" and ", " "))
    return link.join(constraint(voice, name, limits) for name in said_once(limits))


# ---- comparing ------------------------------------------------------------------------------------


def comparison(shopper: Shopper, world: ShopWorld) -> Said | None:
    """Two or three of the last results, at times by an attribute; None when fewer than two are shown."""
    shown = len(world.session.last_shown)
    if shown < 2:
        return None
    items = items_to_compare(shopper, shown)
    attribute = _attribute(shopper, [world.session.last_shown[item - 1] for item in items])
    family = shopper.family("comparison", "attribute" if attribute else "plain")
    voice = shopper.voice()
    names = sayings.names_of(voice, shopper.shop.titles_of(world.session.last_shown))
    values = {"items": sayings.items_phrase(voice, items, names)}
    arguments: dict[str, Any] = {"items": items}
    if attribute:
        values |= attribute_words(voice, attribute)
        arguments["attribute"] = attribute
    call = call_of("compare", arguments)
    return Said(shopper.utter(family, values), family, "comparison", (call,))


def items_to_compare(shopper: Shopper, shown: int) -> list[int]:
    """Two positions, at times three, near the top."""
    top = min(shown, sayings.MAX_POSITION)
    count = 3 if top >= 3 and shopper.rng.random() < _THREE_COMPARED else 2
    if shopper.rng.random() < _TOP_COMPARED:
        return list(range(1, count + 1))
    return sorted(int(n) + 1 for n in shopper.rng.permutation(top)[:count])


def _attribute(shopper: Shopper, ids: Sequence[str]) -> str | None:
    """What the products are compared by: a facet that all of them have, a field of ours, or nothing."""
    shop = shopper.shop
    known_of = [shop.index.catalog.by_id[product_id].facets.keys() for product_id in ids]
    common = sorted(set(known_of[0]).intersection(*known_of))
    if common and shopper.rng.random() < shares.COMPARED_BY_FACET:
        return shopper.voice().pick(common)
    known = {"price": shop.has_prices, "rating": shop.has_ratings, "material": shop.has_materials}
    point = shopper.rng.random()
    for name, share in _BY_ATTRIBUTE:
        if known[name] and (point := point - share) < 0:
            return name
    return None
