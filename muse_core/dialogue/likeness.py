"""The move that asks for something like one of the results: `like the second but cheaper`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from muse_core.dialogue import facet_limits, goals, sayings, shares
from muse_core.dialogue.agenda import draw
from muse_core.dialogue.constraints import constraint, said_once
from muse_core.dialogue.goals import Wish
from muse_core.dialogue.phrases import agreeing, say
from muse_core.dialogue.shopper import Said, Shopper, call_of
from muse_core.tools.base import ShopWorld, facet_place
from muse_core.types import Product

if TYPE_CHECKING:
    from muse_core.catalog.index import CatalogIndex

_THAN = {"cheaper": 0.6, "costlier": 0.15, "better_rated": 0.25}
_COMPARED = 0.45  # of the differences are in price or rating; the others are a limit
_FIELDS = ("colour", "material", "brand", "size")
_TRIES = 4  # products looked at for a second difference


def likeness(shopper: Shopper, world: ShopWorld) -> Said | None:
    """One of the results as an example, perhaps with how another is to differ; None when nothing is shown, or
    the shopper asks for a suggestion in another way."""
    shown = world.session.last_shown[: sayings.MAX_POSITION]
    if not shown or not shopper.sees_results or shopper.rng.random() > shares.LIKE:
        return None
    position = int(shopper.rng.random() * len(shown)) + 1
    is_this = shopper.focus is not None and shopper.rng.random() < shares.THIS
    if is_this and shopper.focus is not None and shopper.focus <= len(shown):
        position = shopper.focus
    example = shopper.shop.index.catalog.by_id[shown[position - 1]]
    is_changed = is_this or shopper.rng.random() < shares.CHANGED_LIKE
    change = _changes(shopper, example) if is_changed else {}
    kind = "same" if is_this and position == shopper.focus and change else "like"
    family = shopper.family("recommendation", kind)
    values = {"but": _words(shopper, change, example)}
    if kind == "like":
        names = sayings.names_of(shopper.voice(), shopper.shop.titles_of(shown))
        values["one"] = sayings.item_phrase(shopper.voice(), position, names)
    shopper.take_up(Wish(example, None, {"query": "", **change}))
    shopper.wish.said.pop("than", None)
    utterance = shopper.utter(family, values, example.product_type)
    call = call_of("recommend", {"like": position} | change)
    return Said(utterance, family, "recommendation", (call,), acceptable=("recommend",))


def _changes(shopper: Shopper, example: Product) -> dict[str, Any]:
    """How it is to differ, in one way or two that others of its kind have; {} when all are alike."""
    change = _change(shopper, example, _another(shopper, example))
    is_twice = change and shopper.rng.random() < shares.CHANGED_TWICE
    taken = {_slot(name) for name in change}
    for _ in range(_TRIES if is_twice else 0):
        second = _limit_of(shopper, example, _another(shopper, example))
        if second and not taken & {_slot(name) for name in second}:
            return change | second
    return change


def _another(shopper: Shopper, example: Product) -> Product:
    """One of the same kind; in rare cases the example itself, which differs in nothing."""
    kin = _kinds(shopper.shop.index)[example.product_type]
    return kin[int(shopper.rng.random() * len(kin))]


@lru_cache(maxsize=2)
def _kinds(index: CatalogIndex) -> Mapping[str, Sequence[Product]]:
    """The products of each type, gathered once."""
    found: dict[str, list[Product]] = {}
    for product in index.catalog:
        found.setdefault(product.product_type, []).append(product)
    return found


def _slot(argument: str) -> str:
    return facet_place(argument)[0]


def _change(shopper: Shopper, example: Product, other: Product) -> dict[str, Any]:
    """`than`, what the example is and the other is not, or a limit that the other meets."""
    known = {"cheaper": example.price is not None, "better_rated": example.rating is not None}
    known["costlier"] = known["cheaper"]
    than = {name: share for name, share in _THAN.items() if known[name]}
    if than and shopper.rng.random() < _COMPARED:
        return {"than": draw(than, shopper.rng)}
    if shopper.rng.random() < shares.EXCLUDED_LIKE and (unwanted := _unwanted(shopper, example, other)):
        return unwanted
    return _limit_of(shopper, example, other)


def _unwanted(shopper: Shopper, example: Product, other: Product) -> dict[str, Any]:
    """Something that the example is: `without print`."""
    facets = shopper.shop.facets
    choices = [name for name in example.facets if name in facets and facets[name].kind == "choice"]
    names = [name for name in ("colour", "material", "brand") if getattr(example, name)] + choices
    weights = {name: 1.0 for name in names if _value(example, name) != _value(other, name)}
    if not weights:
        return {}
    name = draw(weights, shopper.rng)
    return {f"not_{name}": _value(example, name)}


def _value(product: Product, name: str) -> str | None:
    """The first value of a field of ours or a facet."""
    values = product.facets.get(name, ()) if name in product.facets else (getattr(product, name, None),)
    return values[0] if values else None


def _limit_of(shopper: Shopper, example: Product, other: Product) -> dict[str, Any]:
    """Something that the other product is and the example is not."""
    shop, rng = shopper.shop, shopper.rng
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
    """`but cheaper`, `but in red and with full sleeves`; nothing where it is just to be like it."""
    voice = shopper.voice()
    noun = example.product_type
    than = [say(voice, "than", str(change["than"]), noun=noun)] if "than" in change else []
    limits = [
        agreeing(noun, constraint(voice, name, change, noun)) for name in said_once(change) if name != "than"
    ]
    names = [name for name in change if name != "than"]
    if not than and limits and not names[0].startswith("not_"):
        limits[0] = say(voice, "but", limit=limits[0])
    link = say(voice, "limits_link")
    return (f" {link} " if link else " ").join([*than, *limits])
