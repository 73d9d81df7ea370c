"""What results are to be compared by: a field of ours or a facet of the shop, by its name.

"which of the first two has the bigger battery" -> battery      "dono me se sasta kaun sa hai" -> price

A text compares where it says so ("difference", "vs", दोनों) or names several positions; "which is", "kiska"
may as well search ("which phone is cheaper"). What is best without a word for it ("which is better") is left
open. Not covered: attributes told by a judgement alone ("which is more comfortable").
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache

from muse_core.language.matching import Token, keys_of, tokens, word_key
from muse_core.language.phrases import Phrases
from muse_core.language.word_lists import read_words

Named = tuple[str, int, int]  # a facet, and where its name stands

_OURS = ("price", "rating", "material", "brand", "colour", "size")


def says_compare(text: str) -> bool:
    """Whether a text says that results are compared, and not only which one is meant."""
    return _has(keys_of(text), "asks")


def find_compared(text: str, facets: Sequence[Named], is_sure: bool) -> tuple[str, ...]:
    """The attributes, in the order said. `facets`: their names in the text; `is_sure`: it compares."""
    if not is_sure and not _has(keys_of(text), "choosing"):
        return ()
    words = tokens(text)
    found = [(start, name) for name, start, _ in facets]
    found += [(word.start, _by_word()[word.key]) for word in words if _is_ours(word, facets)]
    return tuple(dict.fromkeys(name for _, name in sorted(found)))


def _is_ours(word: Token, facets: Sequence[Named]) -> bool:
    is_facets = any(start < word.end and word.start < end for _, start, end in facets)
    return word.key in _by_word() and not is_facets


def _has(keys: Sequence[str], name: str) -> bool:
    phrases = _phrases(name)
    return phrases.may_be_in(keys) and any(phrases.at(keys, at) is not None for at in range(len(keys)))


@lru_cache(maxsize=2)
def _phrases(name: str) -> Phrases[bool]:
    rows = (tuple(token.key for token in tokens(one)) for one in read_words("comparing_words")[name])
    return Phrases((row, True) for row in sorted(rows, key=len, reverse=True))


@cache
def _by_word() -> dict[str, str]:
    table = read_words("comparing_words")
    return {word_key(word): name for name in _OURS for word in table[name].split()}
