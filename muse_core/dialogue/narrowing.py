"""What a shopper says of the results on the screen: a limit that leaves some of them, or what none may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from muse_core.dialogue import facet_limits, goals, shares
from muse_core.dialogue.assortment import Assortment
from muse_core.dialogue.goals import OTHER_COLOUR, Wish
from muse_core.types import Product

_WEIGHTS = {"colour": 1.3, "brand": 0.6, "gender": 0.4, "size": 0.7, "material": 0.7, "occasion": 0.6}
_WEIGHTS |= {"max_price": 1.4, "min_price": 0.25, "min_rating": 0.6}
_ANY_VALUE = frozenset(("max_price", "min_price", "min_rating", "size"))  # may always be asked
_POOL = 60  # results that a limit is looked at on


def narrowing(
    shop: Assortment, ids: Sequence[str], wish: Wish, rng: np.random.Generator, names: Sequence[str]
) -> dict[str, Any]:
    """One or two new limits out of `names` and the facets that leave some of the results, meant for one of
    them; {} when nothing is left to say."""
    meant, said = _meant(shop, ids, wish, rng), wish.said
    pool = [shop.index.catalog.by_id[product_id] for product_id in ids[:_POOL]]
    weights = _open(shop, meant, said, names, pool)
    out: dict[str, Any] = {}
    for name in goals.weighted_sample(weights, 2 if rng.random() < 0.22 else 1, rng):
        out |= goals.limit_of(shop, meant, name, rng)
    if "colour" in out and shop.colours and rng.random() < OTHER_COLOUR:
        out["colour"] = shop.colours[int(rng.random() * min(len(shop.colours), 12))]  # perhaps not there
    if out.get("min_price", 0) >= out.get("max_price", said.get("max_price", float("inf"))):
        del out["min_price"]
    if "max_price" in out and out["max_price"] >= said.get("max_price", float("inf")):
        del out["max_price"]
    if rng.random() < shares.EITHER:
        return facet_limits.either(out, meant, shop.variety, rng)
    return out


def exclusion(shop: Assortment, ids: Sequence[str], wish: Wish, rng: np.random.Generator) -> dict[str, Any]:
    """`{"not_material": "cotton"}`: something that one of the results is not; {} where all are alike."""
    meant = _meant(shop, ids, wish, rng)
    return facet_limits.exclusion(wish.said, meant, shop.variety, shop.facets, rng)


def _meant(shop: Assortment, ids: Sequence[str], wish: Wish, rng: np.random.Generator) -> Product:
    """The target, or one of the results."""
    is_target = wish.target.product_id in ids and rng.random() < 0.6
    return wish.target if is_target else shop.index.catalog.by_id[ids[int(rng.random() * len(ids))]]


def _open(
    shop: Assortment, meant: Product, said: Mapping[str, Any], names: Sequence[str], pool: Sequence[Product]
) -> dict[str, float]:
    """What is left to say, with its weight."""
    known = goals.known_of(meant)
    ours = [name for name in names if known[name] and name not in said]
    weights = {name: _WEIGHTS[name] for name in ours if _splits(name, meant, pool)}
    facets = {
        name: weight
        for name, weight in facet_limits.wanted(shop.facets, meant).items()
        if not said.keys() & {name, f"min_{name}", f"max_{name}", f"not_{name}"}
        and any(product.facets.get(name) != meant.facets[name] for product in pool)
    }
    each = shares.NARROWED_BY_FACET / max(1, len(facets))
    return weights | {name: weight * each for name, weight in facets.items()}


def _splits(name: str, meant: Product, pool: Sequence[Product]) -> bool:
    """Whether the limit would drop anything."""
    if name in _ANY_VALUE:
        return True
    value = getattr(meant, name)
    return any(getattr(product, name) != value for product in pool)
