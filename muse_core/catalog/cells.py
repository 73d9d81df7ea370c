"""One cell of a shop's table -> one clean value, or None. Unknown is None, never a guess.

price("Rs\\n1,09,999")         -> 109999.0
price("5,000-10,000")          -> 5000.0   (the low end)
colour("Black & Grey")         -> "black"
gender("Unisex Kids")          -> "unisex"
path('["Apparel >> Topwear"]') -> ("Apparel", "Topwear")
"""

from __future__ import annotations

import json
import re
from functools import cache, lru_cache

from muse_core.catalog.amounts import is_range as is_range
from muse_core.catalog.amounts import plain as plain_amount
from muse_core.catalog.amounts import price as price
from muse_core.catalog.cell_text import LONGEST, NULLS
from muse_core.catalog.cell_text import text as text
from muse_core.catalog.currency import code_in
from muse_core.catalog.facet_words import english
from muse_core.catalog.words import plain_words, stem, stems
from muse_core.language import lexicon

currency = code_in


def rating(cell: str) -> float | None:
    """The first number of a rating cell, in the cell's own scale: '4.2 out of 5' -> 4.2."""
    found = re.match(r"\D{0,12}?(\d+(?:[.,]\d+)?)", plain_amount(cell))
    return float(found.group(1).replace(",", ".")) if found else None


# ---- words ----------------------------------------------------------------------------------------

_WEAK_COLOURS = frozenset(
    [
        "matte",
        "steel",
        "nude",
        "skin",
        "platinum",
        "cream",
        "multi",
        "rose",
        "metallic",
        "copper",
        "bronze",
        "rust",
        "wine",
        "tan",
    ]
)
_COLOURISH = {"multicolour", "multicolor", "multicoloured", "multicolored"}


@cache
def _colour_table() -> dict[tuple[str, ...], str]:
    """Stemmed English and Devanagari spellings of every colour -> canonical. Roman Hindi is left out:
    'kali' in an English title is a brand more often than a colour."""
    table: dict[tuple[str, ...], str] = {}
    for value in lexicon.values("colour"):
        for spelling in (*lexicon.surfaces("colour", value, "en"), *lexicon.surfaces("colour", value, "hi")):
            table.setdefault(tuple(stems(spelling)), value)
    return table


@cache
def _colour_first_words() -> frozenset[str]:
    return frozenset(words[0] for words in _colour_table() if words)


def colours_in(phrase: str) -> list[str]:
    """Every colour named in a text, left to right, the longest name at each place."""
    words, table, found = stems(phrase), _colour_table(), []
    at = 0
    while at < len(words):
        step = 1
        if words[at] in _COLOURISH:
            found.append("multi")
        elif words[at] in _colour_first_words():
            for length in (3, 2, 1):
                value = table.get(tuple(words[at : at + length]))
                if value:
                    found.append(value)
                    step = length
                    break
        at += step
    return found


@lru_cache(maxsize=8192)
def colour(cell: str) -> str | None:
    """The colour of a colour cell: a known name, the first known name in it, or the words as they are."""
    bare = text(cell[:LONGEST]).lower().strip(" .,")
    if not bare:
        return None
    known = lexicon.canonical("colour", bare)
    if known:
        return known
    named = colours_in(bare) or [value for value, _, _ in lexicon.find("colour", bare)] or _metals_in(bare)
    if named:
        return named[0]
    plain = len(bare.split()) <= 2 and all(part.isalpha() for part in bare.split())
    return bare if plain else None


def each_colour(cell: str) -> list[str]:
    """Every colour that a cell lists: 'Blue | Green' -> blue, green."""
    found = [colour(part) for part in re.split(r"\s*(?:[|;,]|/)\s*", cell[:LONGEST]) if part.strip()]
    return [name for name in found if name]


def _metals_in(bare: str) -> list[str]:
    """Materials that are colours too: चांदी in a colour cell is silver."""
    found = [value for value, _, _ in lexicon.find("material", bare)]
    return [value for value in found if value in lexicon.values("colour")]


def is_colour(cell: str) -> bool:
    """Whether the cell names a known colour."""
    bare = text(cell).lower()
    return bool(bare) and len(bare) < 40 and bool(lexicon.canonical("colour", bare) or colours_in(bare))


def colour_in_title(title: str) -> str | None:
    """The first colour a title names; names that are also materials or finishes do not count."""
    return next((value for value in colours_in(title) if value not in _WEAK_COLOURS), None)


_GENDERS = {
    "men": "men man male males mens gents gent gentleman gentlemen m",
    "women": "women woman female females womens ladies lady f w",
    "boys": "boy boys", "girls": "girl girls",
    "unisex": "unisex kid kids child children adult adults all everyone both universal infant baby toddler",
}  # fmt: skip
_GENDER_OF = {word: value for value, words in _GENDERS.items() for word in words.split()}
_GLUED = re.compile(r"_|(?<=[a-z])(?=[A-Z])")
_TITLE_GENDER = re.compile(
    r"\b(men|women|boys?|girls?|unisex|man|woman|ladies|gents|mens|womens|male|female)\b", re.IGNORECASE
)


@lru_cache(maxsize=8192)
def gender(cell: str) -> str | None:
    """men, women, boys, girls or unisex; two different ones are unisex: 'Men & Women'."""
    bare = text(cell[:LONGEST]).lower()
    known = _GENDER_OF.get(bare) or (lexicon.canonical("gender", bare) if bare else None)
    return known or _one_gender(
        [_GENDER_OF[word] for word in plain_words(bare) if len(word) > 1 and word in _GENDER_OF]
    )


@lru_cache(maxsize=4096)
def gender_in_title(title: str) -> str | None:
    """The gender that a title or a category path says in so many words ('Men', "Women's", 'Boys')."""
    return _one_gender([_GENDER_OF[word.lower()] for word in _TITLE_GENDER.findall(_GLUED.sub(" ", title))])


def _one_gender(named: list[str]) -> str | None:
    kinds = set(named)
    if not kinds:
        return None
    if "unisex" in kinds:
        grown = kinds - {"unisex"}
        return grown.pop() if grown in ({"boys"}, {"girls"}) else "unisex"
    return kinds.pop() if len(kinds) == 1 else "unisex"


@lru_cache(maxsize=8192)
def known(slot: str, cell: str) -> str | None:
    """The canonical value of a material or occasion cell; the first of several; else its words, if few."""
    bare = text(cell[:LONGEST]).lower()
    if not bare:
        return None
    parts = [part.strip() for part in re.split(r"[,/|;&+]|\band\b", bare) if part.strip()]
    for part in (bare, *parts):
        value = lexicon.canonical(slot, part)
        if value:
            return value
    found = lexicon.find(slot, bare)
    if found:
        return found[0][0]
    return parts[0] if parts and len(parts[0].split()) <= 3 and len(parts[0]) <= 30 else None


_OCCASIONS = frozenset(
    ["casual", "formal", "party", "wedding", "festive", "sports", "sport", "ethnic", "travel"]
)


@cache
def _material_table() -> dict[str, str]:
    """One-word materials by stem; words that are colours or finishes as often are left out."""
    unsure = {
        "gold",
        "silver",
        "net",
        "paper",
        "metal",
        "glass",
        "copper",
        "clay",
        "mesh",
        "foam",
        "synthetic",
        "canvas",
    }
    return {
        stem(value): value for value in lexicon.values("material") if " " not in value and value not in unsure
    }


def material_in_title(title: str) -> str | None:
    """The first material that a title names, as long as the word means nothing else."""
    table = _material_table()
    return next((table[word] for word in stems(title) if word in table), None)


def occasion_in_title(title: str) -> str | None:
    """The first occasion word of a title: 'Men Blue Casual Shirt' -> 'casual'."""
    word = next((word for word in plain_words(title) if word in _OCCASIONS), None)
    return lexicon.canonical("occasion", word) if word else None


@lru_cache(maxsize=8192)
def sizes(cell: str) -> tuple[str, ...]:
    """The sizes of a cell in order: '["S", "M"]', 'S, M | L', 'UK 8' -> letter sizes in capitals, Hindi
    words in English."""
    found: list[str] = []
    for part in re.split(r"[,|;/\[\]\"']+|\s+and\s+", text(cell)):
        bare = part.strip(" .:")
        if bare and len(bare) <= 24 and bare.lower() not in NULLS:
            said = bare if bare.isascii() else english(bare)
            value = lexicon.canonical("size", bare) or (said.upper() if len(said) <= 4 else said)
            if value not in found:
                found.append(value)
    return tuple(found)


_PATH = re.compile(r"\s*(?:-+>|>>|>|\||::|\u203a|\u00bb|/(?!\s*\d))\s*")
_KEY = re.compile(r"""['"]?\w+['"]?\s*:\s*(?=['"])""")
_LISTED = re.compile(r"""\"([^"]*)\"|'([^']*)'|([^,'"\[\]{}]+)""")


@lru_cache(maxsize=8192)
def path(cell: str) -> tuple[str, ...]:
    """The steps of a category cell, from shelf to leaf; brackets, quotes and repeats gone."""
    bare = text(cell)
    parts = _listed(bare) if bare[:1] in ("[", "{") else [bare]
    steps = [step.strip("[]{}\"' ") for part in parts for step in _PATH.split(part)]
    return tuple(dict.fromkeys(step for step in steps if step and step.lower() not in NULLS))


def _listed(bare: str) -> list[str]:
    """The texts of a list in JSON, Python's or an array's spelling; of an object, its values."""
    try:
        value = json.loads(bare)
    except (ValueError, RecursionError):
        found = _LISTED.findall(_KEY.sub("", bare))
        return ["".join(kinds).strip() for kinds in found]
    values = list(value.values()) if isinstance(value, dict) else value
    return [str(inner) for inner in values if isinstance(inner, str | int)]


_PICTURE_PATH = re.compile(r"[^\n|,]{1,300}\.(?:jpe?g|png|webp|gif|bmp)", re.IGNORECASE)


def is_picture_path(cell: str) -> bool:
    """Whether the cell names a picture file (and is no link to one)."""
    bare = cell.strip()
    return "://" not in bare and not bare.startswith("www.") and bool(_PICTURE_PATH.fullmatch(bare))
