"""What a shopper is after: a target product of the catalogue and the constraints that it meets.

Constraints are drawn from the target's own attributes, so that what is asked for usually exists; now
and then a price is set too low or a colour asked for that the shop does not have, because that
happens too. Nothing is asked about that the catalogue does not know (prices, ratings, pictures).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from muse_core.catalog.limits import LIMIT_NAMES
from muse_core.catalog.meeting import meets_exclusion, meets_facet
from muse_core.dialogue import facet_limits, shares
from muse_core.dialogue.assortment import Assortment
from muse_core.dialogue.constraints import OCCASIONS_FOR
from muse_core.dialogue.demand import chance, mixed
from muse_core.dialogue.known_fields import known_of
from muse_core.dialogue.noun_phrases import query_of, style_in
from muse_core.dialogue.price_limits import lower_price, upper_price
from muse_core.tools.base import facet_of
from muse_core.types import Product, Profile

_TRIES = 16
OTHER_COLOUR = 0.1  # of colours asked for that are not the target's: perhaps the shop has none
_STYLED = 0.22  # of targets whose title has a style word
_KIDS = frozenset(("boys", "girls"))


@dataclass
class Wish:
    """One thing to look for: the target, and the search arguments said so far."""

    target: Product
    style: str | None
    said: dict[str, Any] = field(default_factory=dict)

    @property
    def query(self) -> str:
        return query_of(self.target.product_type, self.style)


def new_wish(
    shop: Assortment,
    profile: Profile,
    rng: np.random.Generator,
    with_image: bool = False,
    for_self: bool = False,
) -> Wish:
    """A target that suits the shopper, if a few draws find one."""
    target = _drawn(shop, rng)
    for _ in range(_TRIES):
        is_fit = (not with_image or target.image is not None) and (not for_self or is_for(target, profile))
        if is_fit and _suits(target, profile, rng):
            break
        target = _drawn(shop, rng)
    style = style_in(target.title, target.product_type) if rng.random() < _STYLED else None
    return Wish(target, None if style and _is_facet(shop, style) else style)


def _drawn(shop: Assortment, rng: np.random.Generator) -> Product:
    pool = shop.demand.pool(shop.by_noun, shop.wanted, rng) if shop.demand else shop.wanted
    return pool[int(rng.random() * len(pool))]


def _is_facet(shop: Assortment, style: str) -> bool:
    """Whether a style word is a facet in this shop: it is then asked for as one (`pattern='printed'`)."""
    said = set(style.split())
    return any(
        said <= {*value.split(), *facet.name.split("_")}
        for facet in shop.facets.values()
        for value in (facet.values if facet.kind == "choice" else (facet.name,))
    )


def is_for(product: Product, profile: Profile) -> bool:
    """Whether the shopper could wear or use it."""
    return product.gender in (None, "unisex", profile.gender)


def _suits(product: Product, profile: Profile, rng: np.random.Generator) -> bool:
    if product.gender in _KIDS:
        if profile.age_group in ("18-24", "55+"):
            return False
    elif not is_for(product, profile) and rng.random() < 0.85:
        return False  # now and then it is for somebody else
    if product.price is None or profile.budget_max is None:
        return True
    return product.price <= profile.budget_max * 1.5 or rng.random() < 0.1


def constraints(shop: Assortment, wish: Wish, rng: np.random.Generator) -> dict[str, Any]:
    """Some constraints of the wish, in no particular order."""
    target = wish.target
    asked = _facets_asked(shop, target, rng)
    out = limits_named(shop, target, available(shop, target), rng)
    for name in asked:
        out |= limit_of(shop, target, name, rng)
    if "min_price" in out and "max_price" in out and out["min_price"] >= out["max_price"]:
        del out["min_price"]
    if "colour" in out and rng.random() < OTHER_COLOUR:
        out["colour"] = shop.colours[int(rng.random() * min(len(shop.colours), 12))]
    return _loosened(shop, target, out, rng)


def limits_named(
    shop: Assortment, product: Product, chances: Mapping[str, float], rng: np.random.Generator
) -> dict[str, Any]:
    """Limits of our fields, each with its chance, in no particular order."""
    named = [name for name, often in chances.items() if rng.random() < often]
    if len(named) > 1:
        named = [named[int(at)] for at in rng.permutation(len(named))]
    return {name: value_of(shop, product, name, rng) for name in named}


def _facets_asked(shop: Assortment, product: Product, rng: np.random.Generator) -> list[str]:
    """None of the product's facets, one or two."""
    known, asked = facet_limits.wanted(shop.facets, product), shop.demand
    often = chance(shares.FACET, asked.has_facet, asked.share) if asked else shares.FACET
    if not known or rng.random() > often:
        return []
    known = mixed(known, asked.facets, asked.share) if asked else known
    return weighted_sample(known, 1 + int(rng.random() < shares.SECOND_FACET), rng)


def _loosened(
    shop: Assortment, product: Product, given: dict[str, Any], rng: np.random.Generator
) -> dict[str, Any]:
    """Now and then two values of which one will do, or something that it must not be."""
    point = rng.random()
    if point < shares.EITHER:
        return facet_limits.either(given, product, shop.variety, rng)
    if point > 1 - shares.EXCLUDED:
        return given | facet_limits.exclusion(given, product, shop.variety, shop.facets, rng)
    return given


def available(shop: Assortment, product: Product) -> dict[str, float]:
    """Constraint names that can be asked for with this product in mind, each with the chance that a request
    names it: as often in the shop's requests as people name it, whatever part of the products has it."""
    known, told, asked = can_be_named(shop, product), shop.told, shop.demand
    chances = {
        name: min(shares.MOST_NAMED, share / told[name])
        for name, share in shares.NAMES.items()
        if known[name]
    }
    return chances if asked is None else asked.named(chances)


def can_be_named(shop: Assortment, product: Product) -> dict[str, bool]:
    """The same of every constraint, whether a request can name it with this product in mind."""
    return known_of(product) | {"occasion": product.occasion in OCCASIONS_FOR, "sort_by": shop.can_sort}


def limit_of(shop: Assortment, product: Product, name: str, rng: np.random.Generator) -> dict[str, Any]:
    """The argument of a field of ours, or those of a facet."""
    if name in product.facets:
        return facet_limits.limit_on(shop.facets[name], product, shop.variety, rng)
    return {name: value_of(shop, product, name, rng)}


def value_of(shop: Assortment, product: Product, name: str, rng: np.random.Generator) -> Any:
    """A value of one constraint that the product meets (a price limit sometimes not)."""
    if name == "max_price":
        return upper_price(float(product.price or 0), rng)
    if name == "min_price":
        return lower_price(float(product.price or 0) * (0.5 + 0.4 * rng.random()))
    if name == "min_rating":
        return _stars(float(product.rating or 0))
    if name == "sort_by":
        return sort_order(shop, rng)
    if name == "size":
        return product.sizes[int(rng.random() * len(product.sizes))]
    return getattr(product, name)


def sort_order(shop: Assortment, rng: np.random.Generator) -> str:
    """An order that the catalogue can give: cheap first most often."""
    if not shop.has_prices:
        return "rating"
    point = rng.random()
    if shop.has_ratings and point > 0.72:
        return "rating"
    return "price_high" if 0.55 < point <= 0.72 else "price_low"


def meets(product: Product, name: str, value: Any) -> bool:
    """Whether a product meets a structured constraint; False for what is none (query, order)."""
    if name in ("min_price", "max_price"):
        return product.price is not None and (
            product.price >= value if name == "min_price" else product.price <= value
        )
    if name == "min_rating":
        return product.rating is not None and product.rating >= value
    if name == "size":
        return any(size in product.sizes for size in (value if isinstance(value, list) else [value]))
    if name in ("colour", "brand", "gender", "material", "occasion"):
        own = getattr(product, name)
        return own in value if isinstance(value, list) else own == value
    if name.startswith("not_") and name in LIMIT_NAMES:
        return meets_exclusion(product, name, value)
    facet = name if name in product.facets else facet_of(name)
    prefix = name.removesuffix(facet)
    return (facet in product.facets or prefix == "not_") and meets_facet(product, facet, prefix, value)


def _stars(rating: float) -> int | float:
    for stars in (4.5, 4, 3.5):
        if rating >= stars:
            return int(stars) if float(stars).is_integer() else stars
    return 3


def weighted_sample(weights: Mapping[str, float], count: int, rng: np.random.Generator) -> list[str]:
    """`count` different names, each draw in proportion to the weights left."""
    left = dict(weights)
    out: list[str] = []
    while left and len(out) < count:
        point = rng.random() * sum(left.values())
        chosen = next((name for name, weight in left.items() if (point := point - weight) < 0), None)
        out.append(chosen or next(iter(left)))
        del left[out[-1]]
    return out
