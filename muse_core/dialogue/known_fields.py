"""Which of our fields a product can be meant by, and how many of a shop's products by each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from muse_core.dialogue.constraints import OCCASIONS_FOR
from muse_core.language import lexicon
from muse_core.types import Product

_WORTH_A_FLOOR = 700  # nobody asks for more than 150 rupees
_WORTH_STARS = 3.5


def known_of(product: Product) -> dict[str, bool]:
    """Which constraints the product could be meant by."""
    price, rating = product.price or 0, product.rating or 0
    return {
        "colour": bool(product.colour),
        "brand": bool(product.brand) and _is_sayable(str(product.brand)),
        "gender": product.gender not in (None, "unisex"),
        "size": bool(product.sizes),
        "material": bool(product.material),
        "occasion": product.occasion in lexicon.values("occasion"),
        "max_price": product.price is not None,
        "min_price": price >= _WORTH_A_FLOOR,
        "min_rating": rating >= _WORTH_STARS,
    }


def _is_sayable(brand: str) -> bool:
    """A brand short enough to type, without marks that belong to our own notation."""
    return len(brand) <= 24 and not set(brand) & set("[]{}<>|")


def told_shares(products: Sequence[Product]) -> dict[str, float]:
    """Constraint name -> share of the products that a request can name it of; 1 where it is of the shop."""
    counts: Counter[str] = Counter()
    for product in products:
        known = known_of(product) | {"occasion": product.occasion in OCCASIONS_FOR, "sort_by": True}
        counts.update(name for name, is_known in known.items() if is_known)
    return {name: count / len(products) for name, count in counts.items()}
