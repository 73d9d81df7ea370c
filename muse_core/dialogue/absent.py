"""A request for what the shop does not sell: "do you have a loveseat?" among phones.

The noun is searched as it was said, nothing is found, and the reply says so: what was asked for is never
bent into what the shop has. The nouns are those of the shopper's side (`catalog/other_pools.py`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from muse_core.catalog import other_pools
from muse_core.dialogue import goals
from muse_core.dialogue.goals import Wish
from muse_core.dialogue.noun_phrases import product_phrase
from muse_core.dialogue.shopper import Said, Shopper, call_of
from muse_core.dialogue.voice import forms_of
from muse_core.types import Product

_TRIES = 6  # nouns until one is not sold here and can be said
_MADE = 0.2
_LIMITS = frozenset(("colour", "material", "max_price"))  # that may be said of anything


def absent(shopper: Shopper) -> Said | None:
    """The request; None when no noun was found that suits it."""
    noun = next((one for one in (_noun(shopper) for _ in range(_TRIES)) if _fits(shopper, one)), None)
    if noun is None:
        return None
    given = _limits(shopper)
    shopper.take_up(Wish(Product("", noun, noun), None, {"query": noun, **given}))
    family = shopper.family("complete", "request")
    voice = replace(shopper.voice(), is_brief=family.is_fragment)
    utterance = shopper.utter(family, product_phrase(voice, noun, None, given, family.order), noun)
    return Said(utterance, family, "complete", (call_of("search", shopper.wish.said),))


def _limits(shopper: Shopper) -> dict[str, Any]:
    """What is said beside it, as of something that the shop has: who asks does not know better."""
    shop, rng = shopper.shop, shopper.rng
    other = shop.wanted[int(rng.random() * len(shop.wanted))]
    chances = {name: often for name, often in goals.available(shop, other).items() if name in _LIMITS}
    return goals.limits_named(shop, other, chances, rng)


def _noun(shopper: Shopper) -> str:
    side, rng = shopper.profile.side, shopper.rng
    kinds = other_pools.kinds()
    known = other_pools.nouns(kinds[int(rng.random() * len(kinds))], side)
    if not known or rng.random() < _MADE:
        return other_pools.new_noun(side, rng)
    return known[int(rng.random() * len(known))]


def _fits(shopper: Shopper, noun: str) -> bool:
    """Whether it is not sold here, and can be said in this script."""
    is_said = shopper.script != "hi" or not forms_of("product_type", noun, "hi")[0].isascii()
    return is_said and not shopper.shop.index.count(noun)
