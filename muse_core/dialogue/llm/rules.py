"""What the rules read in a request, as arguments of a call."""

from __future__ import annotations

import re
from functools import cache

from muse_core.catalog.product import Catalog
from muse_core.dialogue.llm.asks import Reads
from muse_core.language.matching import tokens
from muse_core.language.parse import parse_request
from muse_core.types import JsonValue
from muse_core.wordings.book import shipped

_NAMING = ("out_of_scope", "chit_chat", "translation")  # kinds that name what a shop does not have
_SLOT = re.compile(r"\{[^{}]*\}")
_SEVERAL = ("colour", "brand", "gender", "size", "material", "occasion")


def reads_of(catalog: Catalog) -> Reads:
    """The rules in one shop."""
    brands = tuple(dict.fromkeys(product.brand for product in catalog if product.brand))

    def reads(text: str) -> dict[str, JsonValue]:
        asked = parse_request(text, brands, catalog.facets)
        found: dict[str, JsonValue] = dict(asked.facets)
        many = {"query": asked.product_types, "items": asked.positions}
        many |= {name: getattr(asked, f"{name}s") for name in _SEVERAL}
        many |= {f"not_{name}": values for name, values in asked.without.items()}
        found |= {
            name: list(values) if len(values) > 1 else values[0] for name, values in many.items() if values
        }
        one = {name: getattr(asked, name) for name in ("min_price", "max_price", "about_price", "min_rating")}
        one |= {"sort_by": asked.order, "than": asked.than}
        return found | {name: value for name, value in one.items() if value is not None}

    return reads


def is_topic(key: str) -> bool:
    """Whether a word says what a request is about that a shop cannot meet: no word of a shop's requests."""
    return len(key) > 2 and not any(char.isdigit() for char in key) and key not in _shop_words()


@cache
def _shop_words() -> frozenset[str]:
    texts = (
        wording.text
        for (_, intent, _), wordings in shipped().items()
        for wording in wordings
        if intent not in _NAMING
    )
    return frozenset(token.key for text in texts for token in tokens(_SLOT.sub(" ", text)))
