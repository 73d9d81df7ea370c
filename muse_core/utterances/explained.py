"""Is every word of a request explained by what the rules read in it?

A word is explained when it stands in a value (a product, a colour, a price), when it only carries the
request (`carriers.toml`), or when the rules read something else without it ("under", "ke alawa").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, lru_cache

from muse_core.language.matching import Token, tokens, word_key
from muse_core.language.parse import parse_request
from muse_core.language.scripts import detect_language
from muse_core.reading.product_nouns import nouns_in
from muse_core.reading.reader import read, styles
from muse_core.reading.shop_words import ShopWords
from muse_core.reading.unknown_nouns import Noun
from muse_core.utterances.word_lists import read_words

Place = tuple[int, int]


def unexplained(text: str, words: ShopWords) -> list[Token]:
    """The words of a text that nothing explains."""
    places = list(values_in(text, words))
    every = tokens(text)
    open_words = [word for word in every if not is_carrier(word.key) and not is_in(word, places)]
    left = [one for one in open_words if not _changes(text, one, words)]
    return sorted([*left, *_heads(text, every, places, words)], key=lambda one: one.start)


def _heads(text: str, every: Sequence[Token], places: Sequence[Place], words: ShopWords) -> Iterator[Token]:
    """Carriers right behind a product that make another thing of it, in English."""
    ends = {noun.end for noun in known_nouns(text, words)}
    if not ends or detect_language(text) != "en":
        return
    for before, word, after in zip(every, every[1:], [*every[2:], None], strict=False):
        is_before_value = after is not None and is_in(after, places)
        if (
            before.end in ends
            and word.key in _listed("heads")
            and not is_before_value
            and not is_in(word, places)
        ):
            yield word


def asks_for_advice(text: str) -> bool:
    """Whether a word asks for a suggestion."""
    return any(token.key in _listed("advice") for token in tokens(text))


def is_carrier(key: str) -> bool:
    """Whether a word says nothing of what is asked for."""
    return any(key in _listed(name) for name in ("en", "hi", "roman", "advice"))


def values_in(text: str, words: ShopWords) -> Iterator[Place]:
    """Where the values stand that the rules read; a number that measures a facet is one."""
    yield from _places(text, words)
    nouns = known_nouns(text, words)
    yield from ((noun.start, noun.end) for noun in nouns)
    if nouns:
        yield from _style_before(text, nouns[0])


def known_nouns(text: str, words: ShopWords) -> list[Noun]:
    """The products that a text names and that shop, lexicon or table know."""
    return [noun for noun in nouns_in(text, words.nouns, _places(text, words)) if noun.is_known]


@lru_cache(maxsize=4096)
def _places(text: str, words: ShopWords) -> tuple[Place, ...]:
    return tuple(parse_request(text, words.brands, words.facets).places)


def _style_before(text: str, noun: Noun) -> Iterator[Place]:
    """The word of style that belongs to what is searched."""
    before = tokens(text[: noun.start])
    if before and before[-1].key in styles():
        yield before[-1].start, before[-1].end


def is_in(word: Token, places: Sequence[Place]) -> bool:
    return any(start < word.end and word.start < end for start, end in places)


def _changes(text: str, word: Token, words: ShopWords) -> bool:
    """Whether the rules read something else without the word."""
    return read(f"{text[: word.start]} {text[word.end :]}", words) != read(text, words)


@cache
def _listed(name: str) -> frozenset[str]:
    return frozenset(word_key(word) for word in read_words("carriers")[name].split())
