"""A header of a shop -> the name of an argument, the unit that it states, or why it is no facet at all.

argument("Number of Seats") -> "seats"      stated_unit("Battery (mAh)") -> "mah"
argument("4wd") -> "wheel_drive"            argument("रैम") -> "ram"
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import cache

from muse_core.catalog import headers, identity, options
from muse_core.catalog.column_values import carries
from muse_core.catalog.tables import listed, table
from muse_core.language import lexicon
from muse_core.language.matching import word_key
from muse_core.language.numerals import say_small
from muse_core.language.units import COUNT, dimension_of, unit_of

_BRACKETS = re.compile(r"[(\[{]([^)\]}]*)[)\]}]")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORDS = re.compile(r"[a-z0-9\u0900-\u097f]+")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_LONGEST = 40  # characters of an argument's name
# What another column already says, where the header is a name that shops have for it.
_SAID = (
    "id", "title", "category", "brand", "colour", "gender", "price", "cost", "rating", "description",
    "currency", "image", "title_hi", "status", "language", "parent", "stock",
)  # fmt: skip
_KINDS = ("type", "kind", "class", "item", "category product")  # "type" beside the kind of product is a facet


# ---- which -----------------------------------------------------------------------------------------


def unfit(header: str, sample: list[str]) -> str | None:
    """Why a column of this name, with these cells, tells nothing that shoppers ask for; None when it may."""
    words = headers.spoken(header)
    if words in options.CHILD_LISTS or identity.is_row_number(header):
        return "it numbers or lists rows"
    for meaning in (*_SAID, "product_type"):
        named = headers.claim(header, meaning) >= headers.EXACT and words not in _KINDS
        if named and carries(meaning, sample):
            return f"another column of {meaning.replace('_', ' ')}"
    held = f" {words} "
    found = next((word for word in _excluded() if f" {word} " in held), None)
    return f"its name says {found!r}, which is nothing to shop by" if found else None


@cache
def _excluded() -> tuple[str, ...]:
    return tuple(headers.spoken(word) for word in listed(table("facets")["headers"]["excluded"]))


# ---- unit ------------------------------------------------------------------------------------------


def stated_unit(header: str) -> str | None:
    """The unit in which the column's numbers are: in brackets, or the header's last words."""
    for inside in _BRACKETS.findall(header):
        words = " ".join(part for part in _parts(inside) if part not in ("in",)) or inside.strip()
        if unit := unit_of(words) or unit_of(inside.strip()):
            return unit
    parts = _parts(_BRACKETS.sub(" ", header))
    for count in (2, 1):
        unit = unit_of(" ".join(parts[-count:])) if len(parts) >= count else None
        if unit and dimension_of(unit) != COUNT:
            return unit
    return None


# ---- name ------------------------------------------------------------------------------------------


def argument(header: str, has_unit: bool = False, place: int = 0) -> str:
    """The header as the name of an argument, in snake case and ASCII. `has_unit`: the unit that the header
    states is shown beside the name, and leaves it. `place`: names what cannot be written in such letters."""
    words = _named(_parts(_BRACKETS.sub(" ", header)) or _parts(header))
    if has_unit:
        words = _without_unit(words)
    words = _without_counting(words)
    name = "_".join(words)[:_LONGEST].strip("_")
    name = re.sub(r"^\d{1,2}", lambda digits: f"{say_small(int(digits.group()), 'english')}_", name)
    name = re.sub(r"_+", "_", name.replace(" ", "_")).strip("_")
    return name if _NAME.fullmatch(name) else f"column_{place}"


def _parts(text: str) -> list[str]:
    return _WORDS.findall(headers.folded(_CAMEL.sub(" ", text)))


def _named(parts: list[str]) -> list[str]:
    """The header's words in English, or at least in Latin letters."""
    whole = _names().get(" ".join(map(word_key, parts)))
    if whole:
        return whole.split()
    if all(part.isascii() for part in parts):
        return parts
    glossed, unknown = lexicon.gloss(" ".join(parts), "en")
    if not unknown and glossed.isascii():
        return _WORDS.findall(glossed.lower())
    return [word for part in parts for word in _latin(part).split()]


def _latin(word: str) -> str:
    """A word in Latin letters: as we know it, else by letters, with the vowel that Hindi does not write."""
    if word.isascii():
        return word
    if (known := _names().get(word_key(word))) is not None:
        return known
    vowels, consonants = table("facets")["vowels"], table("facets")["consonants"]
    out = ""
    for at, sign in enumerate(word):
        is_bare = sign in consonants and word[at + 1 : at + 2].isalpha()  # a vowel's sign is no letter
        out += vowels.get(sign) or consonants.get(sign, "") + ("a" if is_bare else "")
    return out


def _without_unit(words: list[str]) -> list[str]:
    """'screen size in inches' -> 'screen size'; what is only a unit says what it measures."""
    for count in (2, 1):
        unit = unit_of(" ".join(words[-count:])) if len(words) >= count else None
        if unit is None or dimension_of(unit) == COUNT:
            continue
        if len(words) == count:
            return (dimension_of(unit) or unit).split()
        kept = words[:-count]
        return kept[:-1] if len(kept) > 1 and kept[-1] in ("in", "by") else kept
    return words


def _without_counting(words: list[str]) -> list[str]:
    """'number of seats' -> 'seats'."""
    counting = listed(table("facets")["headers"]["counting"])
    small = listed(table("facets")["headers"]["small_words"])
    kept = list(words)
    while len(kept) > 1 and (kept[0] in counting or (kept[0] in small and kept != words)):
        kept = kept[1:]
    while len(kept) > 1 and kept[-1] in ("count", "number"):
        kept = kept[:-1]
    return kept


@cache
def _names() -> dict[str, str]:
    return {
        " ".join(map(word_key, header.split())): name for header, name in table("facets")["names"].items()
    }


# ---- free names ------------------------------------------------------------------------------------


@cache
def reserved() -> frozenset[str]:
    """Names that no facet may have: arguments of our tools and fields of a product."""
    return frozenset(listed(table("facets")["headers"]["reserved"]))


def is_name(name: str) -> bool:
    """Whether an argument may be called so."""
    return _NAME.fullmatch(name) is not None and len(name) <= _LONGEST


def arguments_of(name: str) -> Iterator[str]:
    """The arguments that a facet of this name may have in calls."""
    yield from (name, f"not_{name}", f"min_{name}", f"max_{name}")


def free_name(wanted: str, taken: Collection[str]) -> str:
    """`wanted`, or with `shop_` before or a number behind it where that is an argument already."""
    name = f"shop_{wanted}" if wanted in reserved() else wanted
    number = 2
    while any(argument in taken or argument in reserved() for argument in arguments_of(name)):
        base = wanted if wanted not in reserved() else f"shop_{wanted}"
        name, number = f"{base}_{number}", number + 1
    return name
