"""What a price in a text limits: the phrases around its number, and the currency words beside it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from muse_core.language.matching import word_key
from muse_core.language.price_context import words
from muse_core.language.word_lists import read_words

Bound = Literal["max", "min", "about"]


def skip_currency(keys: Sequence[str], at: int) -> int:
    while at < len(keys) and (keys[at] in words("currency") or keys[at] == "/-"):
        at += 1
    return at


def skip_currency_back(keys: Sequence[str], at: int) -> int:
    while at > 0 and keys[at - 1] in words("currency"):
        at -= 1
    return at


def bound_of(keys: list[str], start: int, end: int) -> Bound | None:
    """What the price limits: a phrase of several words after it, else one before it, else one word after."""
    after = _bound_after(keys, end)
    if after is not None and after[1] > 1:
        return after[0]
    before = skip_currency_back(keys, start)
    while before > 0 and keys[before - 1] in ("of", "is", "hai", "है", "-", "price"):
        before -= 1
    return _bound_before(keys, before) or (after[0] if after is not None else None)


def _bound_after(keys: list[str], end: int) -> tuple[Bound, int] | None:
    for kind, phrase in bound_phrases("after"):
        if tuple(keys[end : end + len(phrase)]) == phrase:
            return kind, len(phrase)
    return None


def _bound_before(keys: list[str], before: int) -> Bound | None:
    for kind, phrase in bound_phrases("before"):
        if before >= len(phrase) and tuple(keys[before - len(phrase) : before]) == phrase:
            return kind
    return None


@lru_cache(maxsize=2)
def bound_phrases(place: Literal["before", "after"]) -> list[tuple[Bound, tuple[str, ...]]]:
    """(bound, phrase as keys) of every bound phrase, longest first."""
    table: dict[Bound, list[str]] = read_words("price_words")[place]
    rows = [
        (kind, tuple(word_key(word) for word in phrase.split()))
        for kind, phrases in table.items()
        for phrase in phrases
    ]
    return sorted(rows, key=lambda row: -len(row[1]))
