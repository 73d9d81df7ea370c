"""What a column's header claims to hold: by its words, abbreviated, misspelt, in Hindi, with units.

    spoken("Price (INR)") -> "price"      claim("Prdouct Nmae", "title") -> 57.5

A claim is a number from 0 to 100: from `EXACT` on the header is a name that shops use, below it only
contains one or is nearly one. Whether the values can carry a claim is asked in `columns.py`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from difflib import SequenceMatcher
from functools import cache, lru_cache
from itertools import islice

from muse_core.catalog.raw_table import MAX_COLUMNS
from muse_core.catalog.tables import listed, table
from muse_core.catalog.words import stem

MEANINGS: tuple[str, ...] = (
    "id", "title", "product_type", "category", "brand", "colour", "gender", "sizes", "material", "occasion",
    "price", "rating", "description", "currency", "model", "image", "title_hi", "cost", "status",
    "record_kind", "parent", "language", "variation", "stock",
)  # fmt: skip
EXACT = 70.0
_MAX_HEADER = 60  # characters; what is longer is a sentence
_ENDS_IN, _MISSPELT, _HOLDS, _ID_LIKE = 62.0, 58.0, 52.0, 40.0
_LOCALE = re.compile(
    r"(?:^|[\s_\-.(\[/:])(hi|hin|hindi|en|eng|english)(?:[_-](?:in|gb|us|uk))?[)\]]?$", re.IGNORECASE
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_BRACKETS = re.compile(r"[(\[{][^)\]}]*[)\]}]")
_SHELF_OF = frozenset(["product", "item", "store", "shop", "parent", "root", "top", "article"])


@cache
def _units() -> frozenset[str]:
    """Words of a header that say only in what its values are."""
    return frozenset(listed(table("headers")["words"]["units"]))


@lru_cache(maxsize=8192)
def spoken(header: str) -> str:
    """A header as words: 'productDisplayName' -> 'product display name', 'Price (INR)' -> 'price'."""
    bare = re.sub(r"[^a-z0-9\u0900-\u097f]+", " ", folded(_CAMEL.sub(" ", _BRACKETS.sub(" ", header))))
    bare = re.sub(r"\bcolor", "colour", bare).replace("variant of", "variantof")
    words = bare.split()
    kept = [word for word in words if word not in _units()]
    return " ".join(kept or words)


def folded(text: str) -> str:
    """Small letters without accents: 'Größe' -> 'grosse'. Devanagari stays."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", "".join(c for c in apart if not "\u0300" <= c <= "\u036f"))


def language_of(header: str) -> str | None:
    """'hi' or 'en' where the header says in which language its cells are: 'name(hi-in)', 'title_hi'."""
    found = _LOCALE.search(header.strip())
    return found.group(1)[:2].lower() if found else None


def known_names(header: Iterable[str]) -> int:
    """How many cells of a first row are names of columns that shops use."""
    return sum(
        1
        for cell in islice(header, MAX_COLUMNS)
        if any(claim(cell, meaning) >= EXACT for meaning in MEANINGS)
    )


def names_something(header: str) -> bool:
    """Whether a cell is, nearly is or ends in a name of a column."""
    return any(claim(header, meaning) > 55 for meaning in MEANINGS)


@lru_cache(maxsize=8192)
def claim(header: str, meaning: str) -> float:
    """0..100: how strongly a header names a meaning."""
    words = _plain(spoken(header)) if len(header) <= _MAX_HEADER else ()
    if not words:
        return 0.0
    if meaning in ("cost", "price") and is_cost(header):
        return 90.0 if meaning == "cost" else 0.0
    if language_of(header) == "hi" and meaning in ("title", "title_hi"):
        meaning, hindi = "title", meaning == "title_hi"
        return _claim(words, meaning) if hindi else min(_claim(words, meaning), _ID_LIKE)
    return _claim(words, meaning)


def is_cost(header: str) -> bool:
    """Whether a header names what goods cost the shop: 'Dealer Rate', 'Einkaufspreis'."""
    words = f" {' '.join(_plain(spoken(header)))} "
    charged = any(f" {word} " in words for word in _excluded("cost"))
    return not charged and any(f" {word} " in words for word in _cost_words())


@cache
def _cost_words() -> tuple[str, ...]:
    return tuple(" ".join(_plain(folded(word))) for word in listed(table("headers")["words"]["cost"]))


def _claim(words: tuple[str, ...], meaning: str) -> float:
    names = _names(meaning)
    joined = "".join(words)
    for rank, name in enumerate(names):
        if joined == "".join(name):
            return 100.0 - rank / 4
    if any(f" {phrase} " in f" {' '.join(words)} " for phrase in _excluded(meaning)):
        return 0.0
    best = _ID_LIKE if meaning == "id" and words[-1] in ("id", "sku", "code") and len(words) <= 2 else 0.0
    return max(best, *(_near(words, joined, name, meaning) - rank / 4 for rank, name in enumerate(names)))


def is_before_discount(header: str) -> bool:
    """Whether a header names the price that was asked before: MRP, 'Original Price'."""
    words = f" {' '.join(_plain(spoken(header)))} "
    return any(f" {word} " in words for word in listed(table("headers")["before"]["price"]))


def is_unsure(header: str, meaning: str) -> bool:
    """Whether shops use this name for other things as well, so that the values must show the meaning."""
    return spoken(header) in listed(table("headers")["unsure"].get(meaning, ""))


def _near(words: tuple[str, ...], joined: str, name: tuple[str, ...], meaning: str) -> float:
    """The claim of a header that is not the name but holds it or is nearly it."""
    long = len("".join(name)) > 3
    of_goods = meaning != "category" or words[0] in _SHELF_OF  # a 'gpu category' is no shelf
    if long and words[-len(name) :] == name and of_goods:
        return _ENDS_IN
    if _is_misspelt(joined, "".join(name)):
        return _MISSPELT
    held = long and meaning != "category" and f" {' '.join(name)} " in f" {' '.join(words)} "
    return _HOLDS if held else 0.0


def _is_misspelt(header: str, name: str) -> bool:
    """One or two letters off or letters swapped, in words long enough to tell."""
    spellings = {name, name.replace("colour", "color")}
    return any(_is_nearly(header, spelling) for spelling in spellings)


def _is_nearly(header: str, name: str) -> bool:
    if len(name) < 5 or abs(len(name) - len(header)) > 2 or not header or header[0] != name[0]:
        return False
    swapped = sorted(header) == sorted(name) and (len(name) >= 8 or _is_one_swap(header, name))
    return swapped or SequenceMatcher(None, header, name).ratio() >= 0.84


def _is_one_swap(one: str, other: str) -> bool:
    """Two neighbouring letters changed places: 'pirce'."""
    apart = [place for place, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    return len(apart) == 2 and apart[1] - apart[0] == 1


def _plain(header: str) -> tuple[str, ...]:
    """The words that names are compared by: abbreviations written out, singular, without numbers."""
    full = table("headers")["abbreviations"]
    words = [full.get(word, word) for word in header.split()]
    named = [word for word in words if not word.isdigit()]
    return tuple(stem(word) for word in (named or words))


@cache
def _names(meaning: str) -> tuple[tuple[str, ...], ...]:
    """What shops call a column of this meaning, the best name first, as compared."""
    names = listed(table("headers")["names"][meaning])
    return tuple(dict.fromkeys(_plain(folded(name)) for name in names))


@cache
def _excluded(meaning: str) -> tuple[str, ...]:
    """Words with which a header means something else: a 'rating count' is no rating."""
    phrases = listed(table("headers")["excluded"].get(meaning, ""))
    return tuple(" ".join(_plain(folded(phrase))) for phrase in phrases if phrase)
