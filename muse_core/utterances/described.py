"""Words that describe the product of a request, as the shop's titles have them: they belong to what is
searched.

    "high waisted capri leggings for women" -> query='high waisted capri leggings', gender='women'

A word of a title says what a product is, not how it is asked for; `never_searched` (`carriers.toml`) are
those that deny, point, compare or count. A word that may belong to a value ("solid wood", "deep brown") joins
nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise

from muse_core.catalog.product import Catalog
from muse_core.language.matching import Token, tokens, word_key
from muse_core.language.scripts import detect_language
from muse_core.reading.product_nouns import Noun
from muse_core.utterances.explained import Place, is_carrier
from muse_core.utterances.word_lists import read_words

Terms = Mapping[str, frozenset[str]]  # product -> words of the titles of such products
ANY_PRODUCT = "*"
_SEVERAL = 2  # titles
_MOST = 6  # words
_MOST_BEFORE = 3  # of them in another language than English


def terms_of(catalog: Catalog) -> Terms:
    """The words of a catalogue's titles by product, but for those that are never searched; a number with the
    word behind it. Under `ANY_PRODUCT` those that `_SEVERAL` titles have."""
    found: dict[str, set[str]] = {}
    titles: Counter[str] = Counter()
    for product in catalog:
        keys = [token.key for token in tokens(product.title)]
        words = {key for key in keys if not key.isdigit()}
        words |= {f"{key} {behind}" for key, behind in pairwise(keys) if key.isdigit()}
        found.setdefault(product.product_type, set()).update(words)
        titles.update(words)
    found[ANY_PRODUCT] = {key for key, count in titles.items() if count >= _SEVERAL}
    return {noun: frozenset(keys - _never()) for noun, keys in found.items()}


def describing(
    text: str, left: Sequence[Token], noun: Noun, places: Sequence[Place], terms: Terms
) -> list[Token]:
    """Which of the words that nothing explains describe the product. In English all of them or none, wherever
    they stand; else those right before it. `places`: where values stand."""
    known = terms.get(noun.value, frozenset())
    if detect_language(text) != "en":
        return _right_before(text, left, noun, known)[-_MOST_BEFORE:]
    known = known | terms.get(ANY_PRODUCT, frozenset())
    beside = _beside(text, left, noun)
    is_known = all(
        _is_term(text, at, left, known)
        and not is_carrier(word.key)
        and (word in beside or not _touches(text, word, places))
        for at, word in enumerate(left)
    )
    return list(left) if is_known and len(left) <= _MOST else []


def searched(noun: Noun, query: str, found: Sequence[Token]) -> str:
    """What is searched with the words that belong to it, in their order; `query` stands for the product."""
    before = [one.key for one in found if one.start < noun.start]
    behind = [one.key for one in found if one.start > noun.start]
    return " ".join([*before, query, *behind])


def is_said(noun: Noun, text: str) -> bool:
    """Whether a product of several words is in the words of the text: those of the lexicon inside a longer
    name say another thing ("fragrance free cream")."""
    said = {token.key for token in tokens(text)}
    return " " not in noun.value or all(
        any(key.startswith(word[:4]) for key in said) for word in noun.value.split()
    )


def _right_before(text: str, left: Sequence[Token], noun: Noun, known: frozenset[str]) -> list[Token]:
    found: list[Token] = []
    start = noun.start
    for word in reversed(left):
        if word.key not in known or not _is_gap(text[word.end : start]):
            break
        found.insert(0, word)
        start = word.start
    return found


def _beside(text: str, left: Sequence[Token], noun: Noun) -> list[Token]:
    """The unbroken runs of words in front of the product and behind it."""
    found: list[Token] = []
    start, end = noun.start, noun.end
    for word in reversed([one for one in left if one.start < noun.start]):
        if _is_gap(text[word.end : start]):
            found.append(word)
            start = word.start
    for word in (one for one in left if one.start > noun.start):
        if _is_gap(text[end : word.start]):
            found.append(word)
            end = word.end
    return found


def _touches(text: str, word: Token, places: Sequence[Place]) -> bool:
    """Whether a value stands right before a word or right behind it."""
    return any(
        (end <= word.start and _is_gap(text[end : word.start]))
        or (word.end <= start and _is_gap(text[word.end : start]))
        for start, end in places
    )


def _is_gap(between: str) -> bool:
    return between.strip("-") in ("", " ")


def _is_term(text: str, at: int, left: Sequence[Token], known: frozenset[str]) -> bool:
    word, behind = left[at], left[at + 1] if at + 1 < len(left) else None
    if not word.key.isdigit():
        return word.key in known
    return (
        behind is not None and _is_gap(text[word.end : behind.start]) and f"{word.key} {behind.key}" in known
    )


@cache
def _never() -> frozenset[str]:
    return frozenset(word_key(word) for word in read_words("carriers")["never_searched"].split())
