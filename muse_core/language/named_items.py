"""Which of the shown products a text names by a word of its title: "Kiara or Oslo, which is cheaper?".

Only words that stand in one of the titles name it, and none that a shop knows as a colour, a material or a
kind of product: those are limits. A brand names an item where it is the only one of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from muse_core.language import lexicon
from muse_core.language.matching import tokens

_SHORTEST = 3  # letters of a word that names something


def naming_words(titles: Sequence[str]) -> list[tuple[str, ...]]:
    """For each title the words, as written, that name it among the others; () where none does."""
    words = [_words(title) for title in titles]
    counts = Counter(key for found in words for key in found)
    return [tuple(written for key, written in found.items() if counts[key] == 1) for found in words]


def find_named(text: str, titles: Sequence[str]) -> tuple[int, ...]:
    """Positions (from 1) of the titles that a text names, in the order said."""
    of_word = {
        token.key: at
        for at, written in enumerate(naming_words(titles), 1)
        for word in written
        for token in tokens(word)
    }
    found = [of_word[token.key] for token in tokens(text) if token.key in of_word]
    return tuple(dict.fromkeys(found))


@lru_cache(maxsize=4096)
def _words(title: str) -> dict[str, str]:
    """Key -> word as written, of those that can name a product."""
    known = lexicon.english_words()
    return {
        token.key: title[token.start : token.end]
        for token in tokens(title)
        if len(token.key) >= _SHORTEST and token.key.isalpha() and token.key not in known
    }
