"""Is every word of a request explained by what the rules read in it?

A word is explained when it stands in a value (a product, a colour, a price), when it only carries the
request (`carriers.toml`), or when the rules read something else without it ("under", "ke alawa").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

from muse_core.language import lexicon
from muse_core.language.brands import find_brands
from muse_core.language.colours import find_colours
from muse_core.language.facet_requests import find_facets
from muse_core.language.matching import Token, tokens, word_key
from muse_core.language.prices import find_prices
from muse_core.reading.product_nouns import Noun, nouns_in
from muse_core.reading.reader import read, styles
from muse_core.reading.shop_words import ShopWords
from muse_core.utterances.word_lists import read_words

_SLOTS = ("material", "size", "gender", "occasion")
Place = tuple[int, int]


def unexplained(text: str, words: ShopWords) -> list[str]:
    """The words of a text that nothing explains, as they are written."""
    places = list(values_in(text, words))
    open_words = [word for word in tokens(text) if not is_carrier(word.key) and not _is_in(word, places)]
    return [text[one.start : one.end] for one in open_words if not _changes(text, one, words)]


def asks_for_advice(text: str) -> bool:
    """Whether a word asks for a suggestion."""
    return any(token.key in _listed("advice") for token in tokens(text))


def is_carrier(key: str) -> bool:
    """Whether a word says nothing of what is asked for."""
    return any(key in _listed(name) for name in ("en", "hi", "roman", "advice"))


def values_in(text: str, words: ShopWords) -> Iterator[Place]:
    """Where the values stand that the rules read; a number that measures a facet is one."""
    yield from (span[1:] for span in find_brands(text, words.brands))
    yield from (span[1:] for span in find_colours(text))
    yield from (span[1:] for slot in _SLOTS for span in lexicon.find(slot, text))
    yield from (row[2:] for row in find_facets(text, words.facets))
    yield from ((span.start, span.end) for span in find_prices(text))
    nouns = known_nouns(text, words)
    yield from ((noun.start, noun.end) for noun in nouns)
    if nouns:
        yield from _style_before(text, nouns[0])


def known_nouns(text: str, words: ShopWords) -> list[Noun]:
    """The products that a text names and that shop, lexicon or table know."""
    return [noun for noun in nouns_in(text, words.nouns, lambda: []) if noun.is_known]


def _style_before(text: str, noun: Noun) -> Iterator[Place]:
    """The word of style that belongs to what is searched."""
    before = tokens(text[: noun.start])
    if before and before[-1].key in styles():
        yield before[-1].start, before[-1].end


def _is_in(word: Token, places: Sequence[Place]) -> bool:
    return any(start < word.end and word.start < end for start, end in places)


def _changes(text: str, word: Token, words: ShopWords) -> bool:
    """Whether the rules read something else without the word."""
    return read(f"{text[: word.start]} {text[word.end :]}", words) != read(text, words)


@cache
def _listed(name: str) -> frozenset[str]:
    return frozenset(word_key(word) for word in read_words("carriers")[name].split())
