"""A request for one like an item of the last results (something like the second but cheaper, दूसरे वाले जैसा),
and for well rated ones.

`find_like` tells a position only where one is said; `likes_shown` hears "like this" and isi tarah, whose
position is for the caller, who knows what was shown. `find_min_rating` reads "rating 4 se upar", "4+ stars"
and the level "well rated".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Literal

from muse_core.language.back_references import find_order, find_positions, ordinal_of, row_place
from muse_core.language.facet_bounds import bound_around
from muse_core.language.matching import keys_of, tokens, word_key
from muse_core.language.numerals import has_number, read_number, small_value
from muse_core.language.price_pieces import piece_keys, pieces
from muse_core.language.word_lists import read_words

Than = Literal["cheaper", "costlier", "better_rated"]

WELL_RATED = 4.0  # docs/decisions.md#levels
_MOST_COUNTED = 20  # results
_MOST_STARS = 5
_SKIPPED = 2  # words between a position and "jaisa": dusri gaadi jaisi
_NEAR = 2  # words between a number and "rating"


@lru_cache(maxsize=1024)
def find_like(text: str) -> int | None:
    """The position (from 1; -1 is the last) of the result that another one is to be like."""
    keys = keys_of(text)
    for at, position in _positions(keys):
        if (
            (_is_after_like(keys, at) and not _is_set_beside(text, keys, at))
            or _is_before_like(keys, at + 1)
            or _differs_behind(keys, at + 1)
        ):
            return position
    named = find_positions(text)
    return named[0] if len(named) == 1 and _has(keys, "pronoun") else None


def likes_shown(text: str) -> bool:
    """Whether another one like what was shown last is asked for, and no position is said."""
    keys = keys_of(text)
    if not _may_have(keys, "shown") or find_positions(text) or find_like(text) is not None:
        return False
    return any(
        not set(keys[at + length : at + length + 1]) & _listed("relative")
        for at in range(len(keys))
        if (length := _length_at(keys, at, "shown")) and not _is_liked(keys, at)
    )


def find_than(text: str) -> Than | None:
    """How one like another is to differ from it."""
    keys = keys_of(text)
    if _has(keys, "better_rated"):
        return "better_rated"
    order = find_order(text)
    return None if order is None else "cheaper" if order == "price_low" else "costlier"


def find_min_rating(text: str, taken: Sequence[tuple[int, int]] = ()) -> float | None:
    """The lowest rating asked for; `taken`: places of numbers that are about something else."""
    number = find_rating_number(text, taken)
    if number is not None:
        return number
    return WELL_RATED if _has(piece_keys(text), "well_rated") and not asks_for_best_rated(text) else None


def find_rating_number(text: str, taken: Sequence[tuple[int, int]] = ()) -> float | None:
    """The lowest rating that is told as a number."""
    keys = piece_keys(text)
    if not has_number(keys):
        return None
    found = pieces(text)
    positions, is_energy = find_positions(text), names_energy(keys)
    for at in range(len(keys)):
        number = read_number(keys, at)
        if number is None or not 0 < number.value <= _MOST_STARS:
            continue
        if any(start <= found[at].start < end for start, end in taken):
            continue
        is_position = number.value in positions and not _is_star(keys, number.end)
        if not is_position and not is_energy and _is_rating(keys, at, number.end):
            return number.value
    return None


def asks_for_best_rated(text: str) -> bool:
    """An order: "top rated first", "achhi rating wale pehle"."""
    keys = keys_of(text)
    for at in range(len(keys)) if _may_have(keys, "well_rated") else ():
        length = _length_at(keys, at, "well_rated")
        if length and any(key in _listed("first") for key in keys[at + length : at + length + _SKIPPED]):
            return True
    return False


def _is_rating(keys: Sequence[str], first: int, last: int) -> bool:
    """Whether the number at pieces [first, last) is a lowest rating."""
    is_stars, is_digit = _is_star(keys, last), keys[first][:1].isdigit()
    bound, first, last = bound_around(keys, first, last + is_stars)
    if bound == "max":
        return False
    if not is_stars and _is_star(keys, last):  # 4+ stars
        return True
    near = (*keys[max(0, first - _NEAR) : first], *keys[last : last + _NEAR])
    is_named = any(key in _listed("rating") for key in near)
    return is_stars or (is_named and (is_digit or bound == "min"))  # "which one is rated higher"


def _is_star(keys: Sequence[str], at: int) -> bool:
    return at < len(keys) and keys[at] in _listed("stars")


def names_energy(keys: Sequence[str]) -> bool:
    """ "5 star ac": the label that a maker puts on it, unless customers are named."""
    return not _listed("energy").isdisjoint(keys) and not names_customers(keys)


def names_stars(keys: Sequence[str]) -> bool:
    """Whether stars are named."""
    return not _listed("stars").isdisjoint(keys)


def names_customers(keys: Sequence[str]) -> bool:
    """Whether those who have bought are named: "customers ki rating 4 star"."""
    return not _listed("customers").isdisjoint(keys)


# ---- positions ------------------------------------------------------------------------------------


def _positions(keys: Sequence[str]) -> Iterator[tuple[int, int]]:
    """(place of the word, position) of every ordinal or number of a result."""
    for at, key in enumerate(keys):
        before = keys[at - 1] if at else ""
        if (position := ordinal_of(key)) is not None:
            yield at, position
        elif before in _listed("number_words") and (number := _count(key)) is not None:
            yield at, number


def _count(key: str) -> int | None:
    number = int(key) if key.isdecimal() else small_value(key)
    return number if number is not None and 0 < number <= _MOST_COUNTED else None


def _is_after_like(keys: Sequence[str], at: int) -> bool:
    """ "like the second", "cheaper than number 2"; not "i like the second"."""
    while at > 0 and keys[at - 1] in _listed("articles"):
        at -= 1
    for phrase in _phrases("before"):
        if at >= len(phrase) and tuple(keys[at - len(phrase) : at]) == phrase:
            speaker = keys[at - len(phrase) - 1] if at > len(phrase) else ""
            return phrase != ("like",) or speaker not in _listed("likers")
    return False


def _is_set_beside(text: str, keys: Sequence[str], at: int) -> bool:
    """The 3 of "is 2 cheaper than 3": two are compared."""
    return bool(at) and keys[at - 1] in ("than", "then") and row_place(text) is not None


def _is_before_like(keys: Sequence[str], at: int) -> bool:
    """ "dusre jaisa", "pehli wali ki tarah", दूसरी गाड़ी जैसी."""
    for start in range(at, min(at + _SKIPPED, len(keys)) + 1):
        if start and keys[start - 1] in _listed("one"):  # "pehle aur dusre ek jaise hain"
            continue
        if start < len(keys) and _length_at(keys, start, "after"):
            return True
    return False


def _differs_behind(keys: Sequence[str], at: int) -> bool:
    """ "the second one but in red", "pehla wala par laal"; not "the second one but does it shrink"."""
    while at < len(keys) and keys[at] in _listed("counted"):
        at += 1
    behind = keys[at + 1 : at + 2]
    return (
        at < len(keys)
        and keys[at] in _listed("differing")
        and bool(behind)
        and behind[0] not in _listed("asks")
    )


def _is_liked(keys: Sequence[str], at: int) -> bool:
    """ "i like this": no likeness, unless it goes on with how another one is to differ."""
    speaker = keys[at - 1] if at else ""
    if keys[at] == word_key("like") and speaker in _listed("seeming"):  # "it sounds like it must be dear"
        return True
    is_said = keys[at] == word_key("like") and speaker in _listed("likers")
    return is_said and not any(key in _listed("differing") for key in keys[at + 2 : at + 4])


def _may_have(keys: Sequence[str], name: str) -> bool:
    """Whether any of the words begins a phrase of a list."""
    return not _by_first(name).keys().isdisjoint(keys)


def _has(keys: Sequence[str], name: str) -> bool:
    return _may_have(keys, name) and any(_length_at(keys, at, name) for at in range(len(keys)))


def _length_at(keys: Sequence[str], at: int, name: str) -> int:
    """How many words the longest phrase of a list has that starts at a word; 0 for none."""
    phrases = _by_first(name).get(keys[at], ())
    return next((len(phrase) for phrase in phrases if tuple(keys[at : at + len(phrase)]) == phrase), 0)


@lru_cache(maxsize=8)
def _by_first(name: str) -> dict[str, list[tuple[str, ...]]]:
    """The phrases of a list by their first word, the longest first."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for phrase in _phrases(name):
        found.setdefault(phrase[0], []).append(phrase)
    return found


@lru_cache(maxsize=16)
def _phrases(name: str) -> tuple[tuple[str, ...], ...]:
    rows = [
        tuple(token.key for token in tokens(phrase)) for phrase in read_words("request_words")["like"][name]
    ]
    return tuple(sorted(rows, key=len, reverse=True))


@lru_cache(maxsize=16)
def _listed(name: str) -> frozenset[str]:
    return frozenset(word_key(word) for word in read_words("request_words")["like"][name].split())
