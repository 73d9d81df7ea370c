"""What a number of a facet limits: the phrases of prices (under, तक), and those that only measures have
(lighter than, से बड़ा); and between which ends a shop's numbers are."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from muse_core.language.matching import word_key
from muse_core.language.phrases import Phrase, Phrases
from muse_core.language.price_bounds import bound_phrases, is_of_model, turned
from muse_core.language.price_context import words as price_words
from muse_core.language.units import unit_of
from muse_core.language.word_lists import read_words
from muse_core.types import Facet

Bound = Literal["min", "max", "is"]


def bound_around(keys: Sequence[str], first: int, last: int) -> tuple[Bound, int, int]:
    """(what the number at pieces [first, last) does, first and last piece of it with its bound): two words
    behind it count before one in front of it, and that before one behind it; "is" for no bound."""
    behind = _phrases("after").at(keys, last)
    at = first
    while at > 0 and keys[at - 1] in ("of", "is", "hai", "है", "-"):
        at -= 1
    ahead = _phrases("before").before(keys, at)
    if ahead is not None and is_of_model(keys, at, keys[at - ahead[0] : at]):
        ahead = None
    if behind is not None and (behind[0] > 1 or ahead is None):
        last += behind[0]
        return turned(keys, behind[1], first, last), first, last
    if ahead is not None:
        first = at - ahead[0]
        return turned(keys, ahead[1], first, last), first, last
    return "is", first, last


def bound_behind(keys: Sequence[str], first: int, last: int) -> tuple[Bound, int] | None:
    """(bound, last piece of it) behind the pieces [first, last), a number with its facet's name."""
    behind = _phrases("after").at(keys, last)
    then = keys[last + behind[0] :][:1] if behind is not None else ()
    if behind is None or (then and then[0][0].isdecimal()):  # "5 cm depth and under 100"
        return None
    return turned(keys, behind[1], first, last + behind[0]), last + behind[0]


@lru_cache(maxsize=2)
def _phrases(place: Literal["before", "after"]) -> Phrases[Bound]:
    """The bounds by their phrases as keys, the longest first; "around" is no bound."""
    own = read_words("facet_words")["bounds"]
    kinds: tuple[Bound, Bound] = ("min", "max")
    rows: list[tuple[Bound, Phrase]] = [
        (kind, tuple(map(word_key, phrase.split()))) for kind in kinds for phrase in own[f"{place}_{kind}"]
    ]
    measures = [row for row in bound_phrases(place) if not set(row[1]) & price_words("money_nouns")]
    rows += [("is" if kind == "about" else kind, phrase) for kind, phrase in measures]
    return Phrases((phrase, kind) for kind, phrase in sorted(rows, key=lambda row: -len(row[1])))


def unit_in(facet: Facet) -> str:
    """A facet's unit by its usual name: a shop may say "litre" for "l"."""
    return unit_of(facet.unit) or facet.unit


def ends_of(facet: Facet) -> tuple[float, float]:
    """The smallest and the largest value of a number that a shop has."""
    numbers = [float(value.split()[0]) for value in facet.values] or [0.0, float("inf")]
    return min(numbers), max(numbers)
