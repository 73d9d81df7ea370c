"""One cell of a shop's table -> one clean value, or None. Unknown is None, never a guess.

price("Rs\\n1,09,999")         -> 109999.0
price("5,000-10,000")          -> 5000.0   (the low end)
colour("Black & Grey")         -> "black"
gender("Unisex Kids")          -> "unisex"
path('["Apparel >> Topwear"]') -> ("Apparel", "Topwear")
"""

from __future__ import annotations

import html
import json
import re
from functools import cache, lru_cache

from muse_core.catalog.words import plain_words, stem, stems
from muse_core.language import lexicon

_NULLS = frozenset(
    re.split(
        "  +",
        "nan  none  null  nil  na  n/a  n.a  n.a.  nat  -  --  ---  .  ..  |  ||  /  ?  undefined  unknown  "
        "#n/a  #na  #div/0!  #value!  #ref!  #name?  #null!  not_available  <na>  []  {}  [nan]  (null)  "
        "not available  not specified  not applicable  no data",
    )
) | {""}
_LONGEST = 200  # characters of a cell that is one price, colour, gender or size; a longer one is prose
_TAG = re.compile(r"<[a-zA-Z/!][^<>]{0,200}>")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"))
_DIGITS = str.maketrans("०१२३४५६७८९", "0123456789")


def text(cell: str) -> str:
    """The cell with tags, entities, control signs and runs of blanks gone; '' for any spelling of null."""
    if "&" in cell and ";" in cell:
        cell = _ENTITY.sub(_unescaped, _ENTITY.sub(_unescaped, cell))  # '&amp;nbsp;' was escaped twice
    if "<" in cell:
        cell = _TAG.sub(" ", cell)
    if not cell.isprintable():
        cell = "".join(letter if letter.isprintable() else " " for letter in cell.translate(_INVISIBLE))
    cell = " ".join(cell.replace("\ufffd", " ").split())
    return "" if cell.lower() in _NULLS else cell


def _unescaped(entity: re.Match[str]) -> str:
    return html.unescape(entity.group())


# ---- money ----------------------------------------------------------------------------------------

_MONEY_SIGN = r"₹|rs\.?|inr|mrp|\$|€|£|¥|usd|eur|gbp|रु\.?|रुपये|रुपए"
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?(?![\d.]*\s*%)")
_SIGNED_NUMBER = re.compile(rf"(?:{_MONEY_SIGN})\s*:?\s*(\d[\d,]*(?:\.\d+)?)")
_WORD_SCALE = {
    "k": 1e3,
    "thousand": 1e3,
    "हज़ार": 1e3,
    "हजार": 1e3,
    "lakh": 1e5,
    "lac": 1e5,
    "लाख": 1e5,
    "crore": 1e7,
    "cr": 1e7,
}
_SCALE = re.compile(r"(\d)\s*(" + "|".join(_WORD_SCALE) + r")(?![a-z\u0900-\u097f])")
_SPACED = re.compile(r"(?<=[\d,.])\s+(?=[,.])|(?<=[,.])\s+(?=\d)")
_SPACED_OUT = re.compile(r"\d[\d,.]*(?: [\d,.]+){2,}")
_EUROPEAN = re.compile(r"(?<![\d.,])(?:\d{1,3}(?:\.\d{3})+,\d{2}|\d+,\d{2}|\d{1,3}(?:\.\d{3}){2,})(?![\d.,])")
_RANGE = re.compile(r"\d[\d,.]*\s*(?:-|\u2013|\u2014|~|to|से)\s*\D{0,6}\d")
_CURRENCIES = (
    ("INR", re.compile(r"₹|\brs\b|\binr\b|\bmrp\b|rupee|रु")),
    ("CNY", re.compile(r"yuan|\brmb\b|\bcny\b|元|युआन")),
    ("USD", re.compile(r"\$|\busd\b|dollar")),
    ("EUR", re.compile(r"€|\beur\b|euro")),
    ("GBP", re.compile(r"£|\bgbp\b|pound")),
)  # fmt: skip


@lru_cache(maxsize=16384)
def price(cell: str) -> float | None:
    """The price of a cell in its own currency; the low end of a range; None for '<5,000', '20% off', 0."""
    bare = text(cell[:_LONGEST]).translate(_DIGITS).lower()
    if (
        not bare
        or bare.startswith(("<", "\u2264", "under", "below", "up to", "upto"))
        or re.match(r"-\s*\d", bare)
    ):
        return None
    bare = _EUROPEAN.sub(_without_dots, _closed_up(bare))
    scaled = _SCALE.search(bare)
    factor = _WORD_SCALE[scaled.group(2)] if scaled else 1.0
    signed = _SIGNED_NUMBER.findall(bare)
    found = signed or _NUMBER.findall(bare)
    numbers = [number for number in map(_number, found) if number]
    if not numbers or (not signed and len(numbers) > 1 and not is_range(bare)):
        return numbers[0] * factor if numbers else None
    return min(numbers[:2]) * factor


def is_range(cell: str) -> bool:
    """Whether the cell names two ends: '5,000-10,000'."""
    return bool(_RANGE.search(cell))


def currency(cell: str) -> str | None:
    """The currency that a cell or header names, as its code."""
    lower = cell.lower().replace("_", " ")
    return next((code for code, sign in _CURRENCIES if sign.search(lower)), None)


def _closed_up(bare: str) -> str:
    """'4 , 999' -> '4,999'; digits spaced out one by one are joined: '1 2 7 , 9 0 0' -> '127,900'."""
    return _SPACED_OUT.sub(_joined, _SPACED.sub("", bare))


def _joined(run: re.Match[str]) -> str:
    groups = re.findall(r"\d+", run.group())
    return run.group().replace(" ", "") if max(map(len, groups)) == 1 else run.group()


def _without_dots(european: re.Match[str]) -> str:
    """'1.299,00' -> '1299.00'."""
    return european.group().replace(".", "").replace(",", ".")


def _number(found: str) -> float | None:
    try:
        value = float(found.replace(",", ""))
    except ValueError:
        return None
    return value if 0 < value < 1e10 else None


def rating(cell: str) -> float | None:
    """The first number of a rating cell, in the cell's own scale: '4.2 out of 5' -> 4.2."""
    found = re.match(r"\D{0,12}?(\d+(?:[.,]\d+)?)", _closed_up(text(cell[:_LONGEST]).translate(_DIGITS)))
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
    bare = text(cell[:_LONGEST]).lower().strip(" .,")
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
    bare = text(cell[:_LONGEST]).lower()
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
    bare = text(cell[:_LONGEST]).lower()
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
    """The sizes of a cell in order: '["S", "M"]', 'S, M | L', 'UK 8' -> letter sizes in capitals."""
    found: list[str] = []
    for part in re.split(r"[,|;/\[\]\"']+|\s+and\s+", text(cell)):
        bare = part.strip(" .:")
        if bare and len(bare) <= 24 and bare.lower() not in _NULLS:
            value = lexicon.canonical("size", bare) or (bare.upper() if len(bare) <= 4 else bare)
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
    return tuple(dict.fromkeys(step for step in steps if step and step.lower() not in _NULLS))


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
