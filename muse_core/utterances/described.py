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
from itertools import pairwise, takewhile

from muse_core.catalog.product import Catalog
from muse_core.language.matching import Token, tokens, word_key
from muse_core.language.scripts import detect_language
from muse_core.reading.unknown_nouns import Noun
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
    known, before = terms.get(noun.value, frozenset()), _in_front(text, left, noun)
    if detect_language(text) != "en":
        return _last_known(before, known)
    known = known | terms.get(ANY_PRODUCT, frozenset())
    others = [place for place in places if place[1] <= noun.start or noun.end <= place[0]]
    are_free = all(word in before or not _touches(text, word, others) for word in left)
    are_known = all(
        _is_term(text, at, left, known) and not is_carrier(word.key) for at, word in enumerate(left)
    )
    return list(left) if are_free and are_known and len(left) <= _MOST else []


def searched(noun: Noun, query: str, found: Sequence[Token]) -> str:
    """What is searched with the words that belong to it, in their order; `query` stands for the product."""
    before = [one.key for one in found if one.start < noun.start]
    behind = [one.key for one in found if one.start > noun.start]
    return " ".join([*before, query, *behind])


def is_lacked(text: str, noun: Noun) -> bool:
    """Whether a product is named as what another one has not, or stands against: "fragrance free"."""
    return text[noun.end :].lstrip(" -").lower().startswith(("free", "proof", "resistant"))


def _in_front(text: str, left: Sequence[Token], noun: Noun) -> list[Token]:
    """The unbroken run of words right in front of the product."""
    found: list[Token] = []
    start = noun.start
    for word in reversed([one for one in left if one.start < noun.start]):
        if not _is_gap(text[word.end : start]):
            break
        found.insert(0, word)
        start = word.start
    return found


def _last_known(before: Sequence[Token], known: frozenset[str]) -> list[Token]:
    run = list(takewhile(lambda word: word.key in known, reversed(before)))
    return run[:_MOST_BEFORE][::-1]


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
