"""Words of a catalogue text: what the index stores, what a query is cut into, and singulars.

Small on purpose: English plurals, possessives and the spellings of "t-shirt" are folded; Devanagari
words are kept whole (their vowel signs belong to the word). It is no general stemmer: "printed" and
"print" stay two words, since in shop titles they mean different things.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from muse_core.catalog.tables import listed, table

_WORD = re.compile(r"[a-z0-9\u00c0-\u024f\u0900-\u097f]+(?:\.[0-9]+)?")
_POSSESSIVE = re.compile(r"['\u2019]s\b")
_TSHIRT = re.compile(r"\bt[\s-]?shirt|\btee[\s-]shirt")

_KEEP_S = ("ss", "us", "is", "os")


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """The form two spellings of a noun share: 'watches' and 'watch', 'jeans' and 'jean'."""
    if len(word) <= 3 or not word.endswith("s") or word.endswith(_KEEP_S) or not word.isascii():
        return word
    if word.endswith("ies"):
        return word[:-3] + "y" if len(word) > 5 else word[:-1]
    if word.endswith(("sses", "shes", "ches", "xes", "zzes")):
        return word[:-2]
    return word[:-1]


def plain_words(text: str) -> list[str]:
    """Lower-case words in order, possessives and "t-shirt" folded, plurals kept."""
    folded = _POSSESSIVE.sub("", text.lower())
    if "shirt" in folded:
        folded = _TSHIRT.sub("tshirt", folded)
    return _WORD.findall(folded)


def stems(text: str) -> list[str]:
    """`plain_words`, each as its stem: what titles and queries are compared by."""
    return [stem(word) for word in plain_words(text)]


@cache
def _plural_only() -> frozenset[str]:
    return frozenset(listed(table("nouns")["words"]["plural_only"]))


def singular(phrase: str) -> str:
    """The phrase with its last word in the singular a shopper would say: 'casual shoes' -> 'casual shoe'.

    What is worn or sold in pairs stays: 'track pants' -> 'track pants'."""
    words = phrase.lower().split()
    if not words or words[-1] in _plural_only():
        return " ".join(words)
    return " ".join([*words[:-1], stem(words[-1])])
