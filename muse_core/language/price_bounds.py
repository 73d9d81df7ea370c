"""What a price in a text limits: the phrases around its number, and the currency words beside it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal, TypeVar

from muse_core.language.matching import word_key
from muse_core.language.numerals import scale_value
from muse_core.language.phrases import Phrase, Phrases
from muse_core.language.price_context import words
from muse_core.language.word_lists import read_words

Bound = Literal["max", "min", "about"]
Kind = TypeVar("Kind", bound=str)
_OPPOSITE = {"min": "max", "max": "min"}


def skip_currency(keys: Sequence[str], at: int) -> int:
    while at < len(keys) and (keys[at] in words("currency") or keys[at] == "/-"):
        at += 1
    return at


def skip_currency_back(keys: Sequence[str], at: int) -> int:
    while at > 0 and keys[at - 1] in words("currency"):
        at -= 1
    return at


def bound_of(keys: list[str], start: int, end: int) -> Bound | None:
    """What the price limits: a phrase of several words after it, else one before it, else one word after;
    the other way round where that is denied or to be removed."""
    while end < len(keys) and keys[end] in words("per_piece"):
        end += 1
    after = _bound_after(keys, end)
    if after is not None and after[1] > 1:
        return turned(keys, after[0], start, end + after[1])
    before = skip_currency_back(keys, start)
    if before and keys[before - 1] == "a" and scale_value(keys[start]) is not None:  # under a thousand
        before -= 1
    while before > 0 and keys[before - 1] in ("of", "is", "hai", "है", "-", "price"):
        before -= 1
    ahead = _bound_before(keys, before)
    if ahead is not None:
        return turned(keys, ahead[0], before - ahead[1], end)
    return turned(keys, after[0], start, end + after[1]) if after is not None else None


def turned(keys: Sequence[str], kind: Kind, first: int, last: int) -> Kind:
    """The bound of the pieces [first, last) as it is meant: "can't go over 500" is an upper one."""
    if kind not in _OPPOSITE:
        return kind
    while first > 0 and keys[first - 1] in _turning("light_before"):
        first -= 1
    while last < len(keys) and keys[last] in _turning("light_after"):
        last += 1
    before, after = keys[first - 1] if first else "", keys[last] if last < len(keys) else ""
    is_removed = before in _turning("removals_before") or after in _turning("removals_after")
    is_denied = before in _turning("denials_before") or after in _turning("denials_after")
    return _OPPOSITE[kind] if is_removed or (is_denied and kind == "min") else kind  # type: ignore[return-value]


@lru_cache(maxsize=8)
def _turning(name: str) -> frozenset[str]:
    return frozenset(word_key(word) for word in read_words("price_words")["turned"][name].split())


def _bound_after(keys: list[str], end: int) -> tuple[Bound, int] | None:
    found = _table("after").at(keys, end)
    return (found[1], found[0]) if found is not None else None


def _bound_before(keys: list[str], before: int) -> tuple[Bound, int] | None:
    found = _table("before").before(keys, before)
    if found is None or is_of_model(keys, before, keys[before - found[0] : before]):
        return None
    return found[1], found[0]


def is_of_model(keys: Sequence[str], before: int, phrase: Sequence[str]) -> bool:
    """The "max" of "13 pro max 256gb": no bound of the number that begins at `before`."""
    at = before - len(phrase) - 1
    return (
        len(phrase) == 1
        and phrase[0] in words("model_bounds")
        and at >= 0
        and keys[at] in words("model_words")
    )


@lru_cache(maxsize=2)
def _table(place: Literal["before", "after"]) -> Phrases[Bound]:
    return Phrases((phrase, kind) for kind, phrase in bound_phrases(place))


@lru_cache(maxsize=2)
def bound_phrases(place: Literal["before", "after"]) -> list[tuple[Bound, Phrase]]:
    """(bound, phrase as keys) of every bound phrase, longest first."""
    table: dict[Bound, list[str]] = read_words("price_words")[place]
    rows = [
        (kind, tuple(word_key(word) for word in phrase.split()))
        for kind, phrases in table.items()
        for phrase in phrases
    ]
    return sorted(rows, key=lambda row: -len(row[1]))
