"""What a product is: the noun a shopper would say, read from a type column or out of a title.

`nouns.toml` holds head nouns by shelf, in the singular. A title is read as shop titles are
written: the noun is the last known one before "with", "for", a comma or a bracket
("Slim Fit Casual Shirt with Pocket" -> shirt; "Laptop Bag for Men" -> laptop bag). Words of the
language room win where it knows them, so that a catalogue and a shopper use the same noun.
Not covered: nouns of trades that the table does not have; those fall back to the last word that
several titles of the same file end in, else to `UNKNOWN_TYPE`.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from muse_core.catalog.tables import listed, table
from muse_core.catalog.words import plain_words, singular, stem, stems
from muse_core.language import lexicon

UNKNOWN_TYPE = "item"
_HALF_WORDS = ("t", "tee")  # which "shirt" makes one word with (`catalog.words`)

# The noun stands before these; what follows describes it.
_TAIL = re.compile(
    r"\s(?:with|for|in|by|from|featuring|comprising|inspired|compatible)\s|[,(\[|;:+/]|\s[-\u2013\u2014]\s"
)
_DEVANAGARI = re.compile("[\u0900-\u097f]")
_SIZE_WORD = re.compile(
    r"^(?:\d.*|[sml]|x+l|xs|ml|gm?s?|kg|cm|mm|inch|inche|litre|ltr|gb|tb|mah|watt|w|v|pc|piece|pack|set|of|and|the|a|no|size|new)$"
)


def _spelled(noun: str) -> str:
    """The noun as the language room says it ("earring" -> "earrings"), else as we do."""
    own = table("nouns")["spellings"].get(noun, noun)
    return lexicon.canonical("product_type", noun) or lexicon.canonical("product_type", own) or own


@cache
def _words(name: str) -> frozenset[str]:
    """`accessories` (a noun before one of these names what the thing is for: a shirt box is no shirt) or
    `descriptions` (words that never name a product)."""
    return frozenset(listed(table("nouns")["words"][name]))


@cache
def _table() -> dict[tuple[str, ...], tuple[str, str | None]]:
    """Stemmed words of every known noun -> (noun as we say it, shelf)."""
    data = table("nouns")
    nouns: dict[tuple[str, ...], tuple[str, str | None]] = {}
    for shelf, names in data["shelves"].items():
        nouns.update({tuple(stems(noun)): (_spelled(noun), shelf) for noun in listed(names)})
    for spelling, noun in data["spellings"].items():
        nouns[tuple(stems(spelling))] = (_spelled(spelling), nouns.get(tuple(stems(noun)), (noun, None))[1])
    for noun in lexicon.values("product_type"):
        spellings = [tuple(stems(spelling)) for spelling in lexicon.surfaces("product_type", noun, "en")]
        shelves = [nouns[words][1] for words in spellings if words in nouns]
        nouns.update({words: (noun, shelves[0] if shelves else None) for words in spellings})
    return nouns


@cache
def _longest() -> int:
    return max(len(words) for words in _table())


def shelf_of(product_type: str) -> str | None:
    """The shelf a known noun lies on ('shirt' -> 'fashion'); None for others."""
    found = _table().get(tuple(stems(product_type)))
    return found[1] if found else None


def known_noun(phrase: str) -> str | None:
    """The noun that the whole phrase names, or None: 'Tshirts' -> 't-shirt'."""
    return noun_of_table(phrase) or lexicon.canonical("product_type", phrase.strip().lower())


@lru_cache(maxsize=65536)
def noun_of_table(phrase: str) -> str | None:
    """The noun of the table that the whole phrase names."""
    found = _table().get(tuple(stems(phrase))) if may_begin_noun(phrase) else None
    return found[0] if found else None


def may_begin_noun(phrase: str) -> bool:
    """Whether a known noun may begin with the phrase's first word; False only where surely none does."""
    word = phrase.split(maxsplit=1)[0].lower() if phrase else ""
    is_plain = word.isascii() and word.isalpha() and word not in _HALF_WORDS
    return not is_plain or stem(word) in _first_stems()


@cache
def _first_stems() -> frozenset[str]:
    return frozenset(words[0] for words in _table() if words)


def last_noun(text: str) -> str | None:
    """The last known noun of a stretch of text; of two that end at the same word, the longer."""
    words, nouns = stems(text), _table()
    for end in range(len(words), 0, -1):
        for start in range(max(0, end - _longest()), end):
            found = nouns.get(tuple(words[start:end]))
            if found:
                accessory = words[end] if end < len(words) and words[end] in _words("accessories") else None
                return f"{found[0]} {accessory}" if accessory else found[0]
    return None


def noun_in_title(title: str) -> str | None:
    """The product a title names: the last known noun of its head, else of a later part."""
    if _DEVANAGARI.search(title):
        named = lexicon.find("product_type", title)
        if named:
            return named[-1][0]
    for part in _TAIL.split(title):
        noun = last_noun(part)
        if noun:
            return noun
    return None


def tail_word(title: str) -> str | None:
    """The last word of a title's head that could be a noun, in the singular: the fallback's candidate."""
    for part in _TAIL.split(title):
        for word in reversed(plain_words(part)):
            bare = stem(word)
            described = bare in _words("descriptions") or _SIZE_WORD.match(bare) or has_digit(bare)
            if not described and len(bare) > 2 and bare.isalpha():
                return singular(word)
    return None


def has_digit(word: str) -> bool:
    """Whether the word holds a digit: model numbers, volumes."""
    return any(letter.isdigit() for letter in word)


@lru_cache(maxsize=8192)
def type_in_cell(cell: str) -> str | None:
    """The noun of a type or category cell: 'Casual Shoes' -> 'shoe', 'Necklace and Chains' -> 'necklace'.

    A cell of several nouns gives its first; a cell that the table does not know is itself, singular."""
    text = cell.replace("_", " ").strip(" -/&")
    whole = known_noun(text)
    if whole:
        return whole
    parts = [part for part in re.split(r"\s+and\s+|\s*[&/,]\s*", text.lower()) if part]
    for part in parts:
        noun = known_noun(part) or last_noun(part)
        if noun:
            return noun
    words = text.lower().split()
    if not words or len(words) > 4 or not any(letter.isalpha() for letter in text):
        return None
    return singular(" ".join(words))
