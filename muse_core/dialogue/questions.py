"""Moves that lack something: translation, incomplete requests and their answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from muse_core.dialogue import facet_limits, goals, sayings, shares
from muse_core.dialogue.agenda import draw, missing
from muse_core.dialogue.constraints import tail_of
from muse_core.dialogue.families import Family
from muse_core.dialogue.follow_ups import ENOUGH_TO_NARROW, items_to_compare
from muse_core.dialogue.noun_phrases import product_phrase
from muse_core.dialogue.phrases import say
from muse_core.dialogue.price_limits import upper_price
from muse_core.dialogue.requests import pictured
from muse_core.dialogue.script import Script
from muse_core.dialogue.shopper import Said, Shopper, call_of
from muse_core.dialogue.utterance import slots_of
from muse_core.dialogue.voice import surface
from muse_core.tools.base import ShopWorld
from muse_core.tools.toolbox import ALL_TOOLS

_PRICE_SAID, _COLOUR_SAID = 0.4, 0.22  # of incomplete requests


def translation(shopper: Shopper) -> Said:
    """`how do you say X in Hindi`, `X का मतलब`."""
    kind = "out" if shopper.rng.random() < 0.66 else "meaning"
    written, target = _direction(shopper, kind)
    family = shopper.family("translation", kind)
    voice = shopper.voice()
    text = sayings.text_to_translate(voice, written, target)
    values = {
        "text": sayings.quoted(voice, text),
        "target": say(voice, "target", target),
    }
    call = call_of("translate", {"text": text, "target": target})
    return Said(shopper.utter(family, values), family, "translation", (call,))


def _direction(shopper: Shopper, kind: str) -> tuple[Script, str]:
    """(script of the words, target language): people ask about the words that they do not know."""
    point = shopper.rng.random()
    if shopper.script == "en":
        return ("en", "hi") if kind == "out" else ("hi" if point < 0.3 else "roman", "en")
    if kind == "meaning":
        return ("hi" if shopper.script == "hi" else "en"), "hi"
    if shopper.script == "hi":
        return "hi", "en"
    if point < 0.5:
        return "en", "hi"
    return ("roman" if shopper.script == "roman" else "hi"), "en"


# ---- incomplete, and the answers ------------------------------------------------------------------


def incomplete(shopper: Shopper, world: ShopWorld) -> Said:
    """A request that lacks what the call needs; the assistant's question is then pending."""
    slots = missing()
    if not shopper.shop.has_images:
        slots["query"] += slots.pop("image")
    if not shopper.sees_results or len(world.session.last_shown) < ENOUGH_TO_NARROW:
        for tool in ALL_TOOLS:
            if tool.left_open and tool.needs_results:
                slots["query"] += slots.pop(tool.asks_for)
    slot = draw(slots, shopper.rng)
    family = shopper.family("missing_slot", slot)
    values, carried = _incomplete_values(shopper, slot, family)
    shopper.pending = (slot, carried)
    utterance = shopper.utter(family, values)
    return Said(utterance, family, "missing_slot", situation=f"ask_{slot}", missing_slot=slot)


def _incomplete_values(shopper: Shopper, slot: str, family: Family) -> tuple[dict[str, str], dict[str, Any]]:
    """(values, what the answer carries over)."""
    voice = shopper.voice()
    if slot == "text":
        written, target = _direction(shopper, "out")
        name = say(voice, "target", target)
        return {"target": name}, {"written": written, "target": target}
    if slot != "query":
        return {}, {}
    given = _known_so_far(shopper, slots_of(family.pattern))
    if "acol" in slots_of(family.pattern):
        colour = surface(voice, "colour", str(given["colour"]))
        limits = {name: value for name, value in given.items() if name != "colour"}
        tail = tail_of(voice, limits, limits)
        return {"acol": f"{'an' if colour[:1] in 'aeio' else 'a'} {colour}", "tail": tail}, given
    return {"tail": tail_of(voice, given, given)}, given


def _known_so_far(shopper: Shopper, slots: frozenset[str]) -> dict[str, Any]:
    """Price and colour that are said before the product is."""
    target = shopper.new_wish().target
    given: dict[str, Any] = {}
    if "tail" in slots and target.price is not None and shopper.rng.random() < _PRICE_SAID:
        given["max_price"] = upper_price(target.price, shopper.rng)
    if "acol" in slots:
        given["colour"] = target.colour or "black"
    elif "tail" in slots and target.colour and shopper.rng.random() < _COLOUR_SAID:
        given["colour"] = target.colour
    return given


def answer(shopper: Shopper) -> Said:
    """What the assistant asked for; what was said before holds on."""
    slot, carried = shopper.pending or ("query", {})
    shopper.pending = None
    return ANSWERS[slot](shopper, carried)


def _answer_product(shopper: Shopper, carried: Mapping[str, Any]) -> Said:
    wish = shopper.wish
    shop, rng = shopper.shop, shopper.rng
    chances = {
        name: shares.ANSWERED * often
        for name, often in goals.available(shop, wish.target).items()
        if name not in carried and name != "min_price"
    }
    extra = goals.limits_named(shop, wish.target, chances, rng)
    facets = facet_limits.wanted(shop.facets, wish.target)
    facets = {name: weight for name, weight in facets.items() if name not in carried}
    if facets and rng.random() < shares.ANSWERED_BY_FACET:
        extra |= goals.limit_of(shop, wish.target, draw(facets, rng), rng)
    family = shopper.family("complete", "answer")
    values = product_phrase(shopper.voice(), wish.target.product_type, wish.style, extra, family.order)
    wish.said = {"query": wish.query, **carried, **extra}
    utterance = shopper.utter(family, values, wish.target.product_type)
    return Said(utterance, family, "complete", (call_of("search", wish.said),))


def _answer_items(shopper: Shopper, carried: Mapping[str, Any]) -> Said:
    items = items_to_compare(shopper, ENOUGH_TO_NARROW)
    family = shopper.family("comparison", "answer")
    values = {"items": sayings.items_phrase(shopper.voice(), items)}
    call = call_of("compare", {"items": items})
    return Said(shopper.utter(family, values), family, "comparison", (call,))


def _answer_text(shopper: Shopper, carried: Mapping[str, Any]) -> Said:
    family = shopper.family("translation", "answer")
    voice = shopper.voice()
    text = sayings.text_to_translate(voice, carried["written"], carried["target"])
    call = call_of("translate", {"text": text, "target": carried["target"]})
    return Said(shopper.utter(family, {"text": sayings.quoted(voice, text)}), family, "translation", (call,))


def _answer_image(shopper: Shopper, carried: Mapping[str, Any]) -> Said:
    wish = shopper.new_wish(with_image=True)
    arguments, values = pictured(shopper, wish)
    family = shopper.family("picture", "answer")
    wish.said = {"query": ""}
    call = call_of("visual_search", {"image": arguments["image"]})
    return Said(shopper.utter(family, values), family, "picture", (call,))


# By the slot that was asked for: a slot that a tool leaves open (`Tool.left_open`) has its answer here.
ANSWERS: Mapping[str, Callable[[Shopper, Mapping[str, Any]], Said]] = {
    "query": _answer_product,
    "items": _answer_items,
    "text": _answer_text,
    "image": _answer_image,
}
