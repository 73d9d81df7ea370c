"""SIMMC 2's slots as arguments of ours, in the shop of its products or, without one, by our own fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from muse_core.evaluation.public_sets.set_shop import SetShop
from muse_core.language.lexicon import canonical
from muse_core.records import Row

OURS = {"brand": "brand", "color": "colour", "size": "size", "materials": "material"}
RATINGS = ("customerReview", "customerRating")
SIZES = ("size", "availableSizes")
COMPARED = {
    "price": "price", "brand": "brand", "color": "colour", "materials": "material", "size": "size",
    "availableSizes": "size", "customerReview": "rating", "customerRating": "rating",
}  # fmt: skip


def limits(values: Mapping[str, Any], shop: SetShop | None) -> tuple[Row, str]:
    """(accepted values by argument, why they cannot be told, or "")."""
    found: Row = {}
    for slot, value in values.items():
        one = _limit(slot, value, shop)
        if one is None:
            shown = f" {value!r}" if slot in ("price", *RATINGS) and isinstance(value, str) else ""
            return {}, f"no argument of the shop says {slot}{shown}"
        found |= one
    return found, ""


def _limit(slot: str, value: Any, shop: SetShop | None) -> Row | None:
    if slot == "type":
        return {"query": [str(value)]}
    if slot in RATINGS:  # "good" is no number of stars
        return {"min_rating": [float(value)]} if _is_number(value) else None
    if slot in SIZES:
        several = [str(one) for one in value] if isinstance(value, list) else [str(value)]
        return {"size": [several[0] if len(several) == 1 else several]} if len(several) <= 4 else None
    if slot in OURS:
        several = (
            [part.strip() for part in str(value).lower().split(",")] if slot == "color" else [str(value)]
        )
        return {OURS[slot]: several if len(several) == 1 else [several, *several]}
    if slot == "price":  # "cheap", or the price of another product
        return None
    said = None if shop is None else shop.argument(slot, [str(value).lower()])
    return said if said is None else _or_material(said, str(value).lower())


def _or_material(said: Row, value: str) -> Row:
    """A pattern of "denim" may as well be said as the material."""
    if canonical("material", value) is None:
        return said
    return {**{name: [*values, ""] for name, values in said.items()}, "material": [value, ""]}


def comparison(places: list[int], asked: Sequence[str], shop: SetShop | None) -> Row:
    """The positions; by what, where the words say one thing, otherwise by any of what they say."""
    names = dict.fromkeys(COMPARED.get(slot) or (shop.facet(slot) if shop else "") for slot in asked)
    by = [name for name in names if name]
    open_ = len(by) != 1 or by == ["rating"]  # left out, it is by rating
    return {"items": [places], "attribute": [*(by or ["rating"]), *([""] if open_ else [])]}


def _is_number(value: Any) -> bool:
    try:
        return 0 <= float(value) <= 5
    except (TypeError, ValueError):
        return False
