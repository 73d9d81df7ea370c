"""Moves that bring products on the screen: a complete request, a suggestion, a picture, several steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from muse_core.dialogue import facet_limits, goals, sayings, shares
from muse_core.dialogue.absent import absent
from muse_core.dialogue.agenda import MULTI, draw
from muse_core.dialogue.constraints import OCCASIONS_FOR, bare_value, limit_phrase, tail_of, unwanted_words
from muse_core.dialogue.families import Family
from muse_core.dialogue.follow_ups import ALL_LIMITS, behind_ones
from muse_core.dialogue.goals import Wish
from muse_core.dialogue.narrowing import narrowing
from muse_core.dialogue.noun_phrases import product_phrase
from muse_core.dialogue.phrases import say
from muse_core.dialogue.price_limits import upper_price
from muse_core.dialogue.shopper import Call, Said, Shopper, call_of
from muse_core.types import Decision
from muse_core.world.replay import LOST_PICTURE

ENOUGH = 3  # results that later steps can work on
_SEARCHED = 60  # ids looked at to see what later steps could ask for
_ASKED_TO_SUGGEST = {"query": 0.6, "open": 0.4}  # `suggest a kurta` and `suggest something`
_THREE_COMPARED = 0.25
_CORRECTED, _RESUMED = 0.35, 0.3  # of complete requests, where something was asked before
_HEAVY = frozenset(("sort_by", "min_rating", "min_price"))
_USUAL_COLOURS = 12  # colours that people mix up
_LOST = 0.02  # of pictures
_PRICED = 0.2  # of suggestions: docs/decisions.md#what-people-name


def request(shopper: Shopper) -> Said:
    """A whole request: the product and some constraints in one sentence; at times the last one put right,
    or an earlier one taken up again."""
    point = shopper.rng.random()
    again = (
        correction(shopper) if point < _CORRECTED else resumption(shopper) if point > 1 - _RESUMED else None
    )
    is_absent = again is None and shopper.rng.random() < shares.ABSENT
    return again or (absent(shopper) if is_absent else None) or _new_request(shopper)


def _new_request(shopper: Shopper) -> Said:
    wish = shopper.new_wish()
    given = goals.constraints(shopper.shop, wish, shopper.rng)
    unwanted = {name: given.pop(name) for name in _disliked(given, shopper)}
    family = shopper.family("complete", "disliked" if unwanted else "request")
    given = _sayable(given, family)
    voice = replace(shopper.voice(), is_brief=family.is_fragment)
    values = product_phrase(voice, wish.target.product_type, wish.style, given, family.order)
    for name, value in unwanted.items():
        values["out"] = unwanted_words(voice, name.removeprefix("not_"), value)
    wish.said = {"query": wish.query, **given, **unwanted}
    utterance = shopper.utter(family, values, wish.target.product_type)
    optional = ("occasion",) if "story" in values else ()
    return Said(utterance, family, "complete", (call_of("search", wish.said),), optional=optional)


def _disliked(given: Mapping[str, Any], shopper: Shopper) -> list[str]:
    """What is told in a sentence of its own that it must not be: `i already have navy blue`."""
    names = [name for name in given if name.startswith("not_")]
    return names if names and shopper.rng.random() < shares.DISLIKED else []


def _sayable(given: dict[str, Any], family: Family) -> dict[str, Any]:
    """The constraints that the frame can carry: in Hindi few stand well before the noun."""
    leads = family.pattern.find("{tail}") < family.pattern.find("{np}")
    if family.script == "en" or not leads:
        return given
    return {name: value for name, value in given.items() if name not in _HEAVY}


def correction(shopper: Shopper) -> Said | None:
    """`sorry, not black, I meant blue`: the last request with one value changed. None when the last turn
    was no request, or said nothing that is easily confused."""
    wish, said = shopper.wish, shopper.wish.said
    names = [
        name for name in ("colour", "max_price", "size") if isinstance(said.get(name), str | int | float)
    ]
    if shopper.asked_in != shopper.turn - 1 or not said.get("query") or not names:
        return None
    name = names[int(shopper.rng.random() * len(names))]
    meant = _another(shopper, name)
    if meant is None:
        return None
    voice = shopper.voice()
    values = {"wrong": bare_value(voice, name, said[name]), "right": bare_value(voice, name, meant)}
    family = shopper.family("complete", "correction")
    wish.said = {**said, name: meant}
    utterance = shopper.utter(family, values)
    return Said(utterance, family, "complete", (call_of("search", wish.said),))


def _another(shopper: Shopper, name: str) -> Any:
    """Another value of a constraint; None when there is none."""
    said, shop = shopper.wish.said, shopper.shop
    if name == "max_price":
        return upper_price(said[name] * (1.5 + shopper.rng.random()), shopper.rng)
    known = shop.colours[:_USUAL_COLOURS] if name == "colour" else shopper.wish.target.sizes
    others = [value for value in known if value != said[name]]
    return others[int(shopper.rng.random() * len(others))] if others else None


def resumption(shopper: Shopper) -> Said | None:
    """`back to the shirts`: an earlier search, with what was said of it then. None without one."""
    said = shopper.wish.said.get("query")
    earlier = [wish for wish in shopper.earlier if wish.target.product_id and wish.query != said]
    if not earlier:
        return None
    shopper.earlier.remove(earlier[-1])
    shopper.take_up(earlier[-1])
    wish = shopper.wish
    family = shopper.family("complete", "resume")
    values = product_phrase(shopper.voice(), wish.target.product_type, wish.style, {}, family.order)
    utterance = shopper.utter(family, values, wish.target.product_type)
    call = call_of("search", wish.said)
    optional = tuple(name for name in call[1] if name != "query")
    return Said(utterance, family, "complete", (call,), optional=optional)


def recommendation(shopper: Shopper) -> Said:
    """`suggest a kurta for a wedding`, or nothing but `suggest something`."""
    wish = shopper.new_wish(for_self=True)
    given: dict[str, Any] = {}
    if wish.target.occasion in OCCASIONS_FOR and shopper.rng.random() < 0.6:
        given["occasion"] = wish.target.occasion
    if wish.target.price is not None and shopper.rng.random() < _PRICED:
        given["max_price"] = upper_price(wish.target.price, shopper.rng)
    kind = draw(_ASKED_TO_SUGGEST, shopper.rng)
    facets = facet_limits.wanted(shopper.shop.facets, wish.target)
    if kind == "query" and facets and shopper.rng.random() < shares.SUGGESTED_BY_FACET:
        given |= goals.limit_of(shopper.shop, wish.target, draw(facets, shopper.rng), shopper.rng)
    family = shopper.family("recommendation", kind)
    noun = wish.target.product_type if kind == "query" else None
    values = product_phrase(shopper.voice(), wish.target.product_type, None, given, family.order)
    call = call_of("recommend", ({"query": noun} if noun else {}) | given)
    wish.said = call[1] or {"query": ""}
    acceptable: tuple[Decision, ...] = ("recommend", "search") if noun else ("recommend",)
    utterance = shopper.utter(family, values, noun)
    optional = ("occasion",) if "story" in values else ()
    return Said(utterance, family, "recommendation", (call,), acceptable=acceptable, optional=optional)


# ---- pictures -------------------------------------------------------------------------------------


def picture(shopper: Shopper, is_last: bool = False) -> Said | None:
    """A picture, perhaps with a price or a colour; None when no product with a picture is found. Now and
    then the picture does not arrive: it is asked for and sent again."""
    wish = shopper.new_wish(with_image=True)
    if wish.target.image is None:
        return None
    arguments, values = pictured(shopper, wish)
    if not is_last and shopper.rng.random() < _LOST:
        shopper.attachments[arguments["image"]] = LOST_PICTURE
        shopper.pending = ("image", {})
    family = shopper.family("picture", "request")
    wish.said = {name: value for name, value in arguments.items() if name != "image"} or {"query": ""}
    call = call_of("visual_search", arguments)
    return Said(shopper.utter(family, values), family, "picture", (call,))


def pictured(shopper: Shopper, wish: Wish) -> tuple[dict[str, Any], dict[str, str]]:
    """Arguments and values of a picture request; the picture is attached to the conversation."""
    picture_id = f"att{len(shopper.attachments) + 1}"
    shopper.attachments[picture_id] = f"product:{wish.target.product_id}"
    limits: dict[str, Any] = {}
    if wish.target.price is not None and shopper.rng.random() < 0.3:
        limits["max_price"] = upper_price(wish.target.price, shopper.rng)
    if wish.target.colour and shopper.rng.random() < 0.18:
        limits["colour"] = wish.target.colour
    tail = tail_of(shopper.voice(), limits, limits)
    return {"image": picture_id} | limits, {"img": sayings.picture_mark(picture_id), "tail": tail}


# ---- several steps in one utterance ---------------------------------------------------------------


def several_steps(shopper: Shopper) -> Said | None:
    """Two or three calls asked for at once; None when the catalogue does not allow it for this wish."""
    kind = draw({kind: share for kind, share in MULTI.items() if _can_do(shopper, kind)}, shopper.rng)
    family = shopper.family("multi_step", kind)
    wish = shopper.new_wish(with_image=kind == "picture_filter")
    if kind == "picture_filter":
        return _picture_then_filter(shopper, wish, family)
    given = _sayable(goals.constraints(shopper.shop, wish, shopper.rng), family)
    given.pop("sort_by", None)
    ids, _ = shopper.shop.index.search(wish.query, given, _SEARCHED)
    values = product_phrase(shopper.voice(), wish.target.product_type, wish.style, given, family.order)
    wish.said = {"query": wish.query, **given}
    first = call_of("search", wish.said)
    later = _later_steps(shopper, kind, ids, values) if len(ids) >= ENOUGH else ()
    if not later:
        return None
    plans = (("search", "compare"),) if kind == "search_filter_compare" else ()
    utterance = shopper.utter(family, values, wish.target.product_type)
    return Said(utterance, family, "multi_step", (first, *later), other_plans=plans)


def _can_do(shopper: Shopper, kind: str) -> bool:
    if kind == "picture_filter":
        return shopper.shop.has_images
    return kind != "search_sort" or shopper.shop.can_sort


def _later_steps(shopper: Shopper, kind: str, ids: Sequence[str], values: dict[str, str]) -> tuple[Call, ...]:
    """The calls after the search, their words put into `values`; () when too little would be left."""
    if kind == "search_sort":
        return (_sorting_step(shopper, values),)
    steps: list[Call] = []
    if "filter" in kind:
        limits = narrowing(shopper.shop, ids, shopper.wish, shopper.rng, ALL_LIMITS)
        ids = shopper.shop.index.narrow(ids, limits) if limits else []
        if not ids:
            return ()
        values |= _limits_of_later_step(shopper, limits)
        steps.append(call_of("filter", limits))
    if "compare" in kind:
        if len(ids) < 2:
            return ()
        is_three = len(ids) >= 3 and shopper.rng.random() < _THREE_COMPARED
        items = [1, 2, 3] if is_three else [1, 2]
        values["items2"] = sayings.items_phrase(shopper.voice(), items)
        steps.append(call_of("compare", {"items": items}))
    return tuple(steps)


def _sorting_step(shopper: Shopper, values: dict[str, str]) -> Call:
    order = goals.sort_order(shopper.shop, shopper.rng)
    values["order2"] = say(shopper.voice(), "order", order)
    return call_of("filter", {"sort_by": order})


def _limits_of_later_step(shopper: Shopper, limits: Mapping[str, Any]) -> dict[str, str]:
    voice = shopper.voice()
    if shopper.script == "en":
        return {"post2": behind_ones(voice, limits)}
    return {"limit2": limit_phrase(voice, limits)}


def _picture_then_filter(shopper: Shopper, wish: Wish, family: Family) -> Said | None:
    pictures = shopper.shop.index.pictures
    if wish.target.image is None or pictures is None:
        return None
    near = [product_id for product_id, _ in pictures.nearest(wish.target.image, 50)]
    wish.said = {"colour": wish.target.colour}  # the picture shows it
    limits = narrowing(shopper.shop, near, wish, shopper.rng, ALL_LIMITS)
    if not limits:
        return None
    arguments, values = pictured(shopper, wish)
    values |= _limits_of_later_step(shopper, limits)
    wish.said = dict(limits)
    calls = (call_of("visual_search", {"image": arguments["image"]}), call_of("filter", limits))
    return Said(shopper.utter(family, values), family, "multi_step", calls)
