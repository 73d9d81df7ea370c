"""Numbers with a unit in a text, as shops and shoppers write them: 8gb, 15.6", 15.6 इंच, डेढ़ टन, 500 gm.

    find_quantities("8 gb ram wala 15.6 इंच laptop")   -> 8 gb, 15.6 inch, with their places
    converted(1, "tb", "gb")                           -> 1024.0

The words are `units.toml`. A range whose first number has no unit of its own gives both: "8-16 gb". Not
covered: sums of units (5 ft 6 in), units before the number.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from muse_core.language.matching import word_key
from muse_core.language.numerals import half_alone, has_number, read_number
from muse_core.language.price_pieces import Piece, piece_keys, pieces
from muse_core.language.word_lists import read_words

STARS = "star"  # of an energy label, or of customers
COUNT = "count"  # the dimension of things that are counted: seats, pieces
_LONGEST = 3  # words of a unit
_MARKS = ('"', "″", "”", "''")


class Quantity(NamedTuple):
    """A number with its unit (canonical, `units.toml`) at code points [start, end) of a text."""

    value: float
    unit: str
    start: int
    end: int


class _Unit(NamedTuple):
    name: str
    dimension: str
    factor: float
    words: dict[str, tuple[str, ...]]


# ---- units ----------------------------------------------------------------------------------------


def unit_of(word: str) -> str | None:
    """The unit that a word or two names in any script: "GB", "जीबी" -> "gb"; None for another word."""
    return _spellings().get(_key(word))


def dimension_of(unit: str) -> str | None:
    """What a unit measures ("weight"); `COUNT` for things that are counted; None for an unknown unit."""
    known = _units().get(unit)
    return known.dimension if known else None


def converted(value: float, unit: str, to: str) -> float | None:
    """A value in another unit of the same dimension; None where they do not measure the same."""
    own, other = _units().get(unit), _units().get(to)
    if unit == to:
        return value
    if own is None or other is None or own.dimension != other.dimension:
        return None
    return float(f"{value * own.factor / other.factor:.6g}")


def is_told_in(unit: str, own: str) -> bool:
    """Whether a number in a unit may be of what a shop tells in its `own`, though nobody names it. A product
    has many lengths: "8 inch" is no height in centimetres."""
    return unit == own or dimension_of(unit) != "length"


def words_of(unit: str, script: Literal["english", "roman", "devanagari"]) -> tuple[str, ...]:
    """How a unit is said, the usual word first; English stands in where a script has no word of its own."""
    known = _units().get(unit)
    return (known.words[script] or known.words["english"]) if known else (unit,)


def meant_in(unit: str, dimension: str) -> str:
    """The unit that a letter means beside units of a dimension: "1T" on a disk is no ton."""
    return _letters().get((dimension, unit), unit)


# ---- finding --------------------------------------------------------------------------------------


def find_quantities(text: str, in_cell: bool = False) -> list[Quantity]:
    """Every number with a unit, left to right. `in_cell`: the cell of a table, where a letter is enough."""
    keys = piece_keys(text)
    if not has_number(keys):
        return []
    found = pieces(text)
    out: list[Quantity] = []
    at = 0
    while at < len(found):
        number = _number_at(keys, at)
        if number is None:
            at += 1
            continue
        value, end = number
        named = _unit_at(text, found, keys, end, in_cell, value)
        if named is not None:
            unit, after, stop = named
            out += _shared(found, keys, at, unit, out)
            out.append(Quantity(value, unit, found[at].start, stop))
            end = after
        at = max(end, at + 1)
    return out


def _number_at(keys: Sequence[str], at: int) -> tuple[float, int] | None:
    """A number in digits or words and where it ends: "1,500", "डेढ़", "sava do"."""
    number = read_number(keys, at)
    if number is not None:
        return number.value, number.end
    half = half_alone(keys[at])
    return (half, at + 1) if half is not None else None


def _unit_at(
    text: str, found: list[Piece], keys: Sequence[str], at: int, in_cell: bool, value: float
) -> tuple[str, int, int] | None:
    """(unit, next piece, end in the text) of the unit behind a number that ends before piece `at`."""
    end = found[at - 1].end
    mark = next((mark for mark in _MARKS if text.startswith(mark, end)), None)
    if mark and (in_cell or not _closes_quote(text, end)):
        return "inch", at, end + len(mark)
    if at < len(keys) and keys[at] == "-":
        at += 1
    for count in range(min(_LONGEST, len(keys) - at), 0, -1):
        word = " ".join(key for key in keys[at : at + count] if key != "/")  # km/l
        unit = _spellings().get(word)
        written = text[found[at].start : found[at].end]
        glued = found[at].start == end or written.isupper()  # "2 L" is no size
        is_unit = (
            _is_in_cell(word, keys[at + count : at + count + 1]) if in_cell else _is_said(word, value, glued)
        )
        if unit is not None and is_unit:
            return unit, at + count, found[at + count - 1].end
    return None


def _closes_quote(text: str, at: int) -> bool:
    """Whether a quotation mark was opened before."""
    return any(
        sign in '"″”“' and not text[max(0, place - 1) : place].isdigit()
        for place, sign in enumerate(text[:at])
    )


def _is_said(word: str, value: float, glued: bool) -> bool:
    """Whether a short word is a unit in what people say."""
    if word == "g" and value in _networks():
        return False
    return word not in _listed("cells_only") and (glued or word not in _listed("glued"))


def _is_in_cell(word: str, behind: Sequence[str]) -> bool:
    """Whether a word of a cell is a unit: "in" before another word is not."""
    return word != "in" or not behind or not behind[0].isalpha()


def _shared(
    found: list[Piece], keys: Sequence[str], at: int, unit: str, before: list[Quantity]
) -> list[Quantity]:
    """The first number of a range whose unit stands behind the second: 8-16 gb."""
    if at < 2 or keys[at - 1] not in _listed("links"):
        return []
    start = at - 2
    number = _number_at(keys, start)
    if number is None or number[1] != at - 1 or (before and before[-1].end > found[start].start):
        return []
    return [Quantity(number[0], unit, found[start].start, found[at - 2].end)]


# ---- tables ---------------------------------------------------------------------------------------


def _key(words: str) -> str:
    return " ".join(map(word_key, words.replace(".", " ").split()))


@lru_cache(maxsize=1)
def _units() -> dict[str, _Unit]:
    found = {}
    for dimension, rows in read_words("units").items():
        if dimension != "reading":
            for name, (factor, english, roman, hindi) in rows.items():
                words = {"english": _split(english), "roman": _split(roman), "devanagari": _split(hindi)}
                found[name] = _Unit(name, dimension, float(factor), words)
    return found


def _split(words: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in words.split(",") if word.strip())


@lru_cache(maxsize=1)
def _spellings() -> dict[str, str]:
    """Key of every spelling -> unit."""
    return {
        _key(word): unit.name for unit in _units().values() for said in unit.words.values() for word in said
    }


@lru_cache(maxsize=4)
def _listed(name: str) -> frozenset[str]:
    return frozenset(map(_key, _split(read_words("units")["reading"][name])))


@lru_cache(maxsize=1)
def _letters() -> dict[tuple[str, str], str]:
    rows = (row.split() for row in _split(read_words("units")["reading"]["letters"]))
    return {(dimension, unit): meant for dimension, unit, meant in rows}


@lru_cache(maxsize=1)
def _networks() -> frozenset[float]:
    return frozenset(map(float, _listed("networks")))
