"""Words that say how something is asked for and not what: they are no product's name.

They are those of our own wordings, of the lists that the rules read by, and of the small dictionary.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from muse_core.catalog.nouns import known_noun
from muse_core.language import lexicon
from muse_core.language.matching import roman_key, singulars, tokens
from muse_core.language.word_lists import read_words
from muse_core.wordings.book import shipped

_LISTS = ("request_words", "comparing_words", "price_words", "number_words")
# What people ask in these kinds names things that a shop does not have.
_NAMING = ("out_of_scope", "chit_chat", "translation")
# Lists of words that name something.
_THINGS = (
    "things",
    "months",
    "units",
    "weather",
    "events",
    "screens",
    "beds",
    "waisted",
    "unsized",
    "model_words",
    "no_product",
    "no_product_behind",
    "idioms",
    "containers",
    "energy",
    "jewels",
    "named_people",
    "sized_by_number",
)
_SLOT = re.compile(r"\{[^{}]*\}")


@cache
def asking_words() -> frozenset[str]:
    """Keys of the words (`language.matching.word_key`); Hindi in Latin letters by its looser key too."""
    found = {token.key for text in _texts() for token in tokens(text)}
    return frozenset(found | {roman_key(key) for key in found & lexicon.roman_hindi_words()})


@lru_cache(maxsize=65536)
def is_asking(key: str) -> bool:
    """Whether a word, or its singular, is one of them."""
    known = asking_words()
    return key in known or any(one in known for one in singulars(key))


def _texts() -> Iterator[str]:
    for (_, intent, _), wordings in shipped().items():
        if intent not in _NAMING:
            yield from (_SLOT.sub(" ", wording.text) for wording in wordings)
    yield from _strings(read_words("aside_words"))
    for name in _LISTS:
        yield from _strings(read_words(name))
    yield from (form for form in lexicon.forms(lexicon.WORDS) if not known_noun(form))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for part, one in value.items() if part not in _THINGS for text in _strings(one))
    elif isinstance(value, list):
        yield from (text for one in value for text in _strings(one))
