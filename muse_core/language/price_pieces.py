"""A text cut into the pieces that prices are made of: numbers, words, currency and comparison signs.

Digits that a tokeniser has spaced out are one number again ("1 , 499", "1 5 0 0"); a hyphen after a
word links number words ("do-teen"); a decimal point or a colon between digits is told apart.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from muse_core.language.matching import word_key

_WORD = r"(?:(?!\d)(?:[^\W_]|[\u0900-\u0963\u0970-\u097F\u200c\u200d]))+"
_PIECE = re.compile(rf"[₹$]|\d[\d,]*\d(?:\.\d+)?|\d(?:\.\d+)?|{_WORD}|/-|<=|>=|[<>≤≥:/×*&+%°–—-]")
# "150 , 000", "1 5 0 0 0"
_SPACED = re.compile(r"(?<![\d.,:])(?:\d{1,3}(?: , ?\d{2,3})* , ?\d{3}|\d(?: \d){2,})(?!\d| ?[.,:] ?\d)")


class Piece(NamedTuple):
    """One piece: its normalised word and its code-point offsets in the text."""

    key: str
    start: int
    end: int


def pieces(text: str) -> list[Piece]:
    """The pieces of a text, left to right; what is none of them (quotes, emoji) is left out."""
    return list(_pieces(text))


@lru_cache(maxsize=1024)
def _pieces(text: str) -> tuple[Piece, ...]:
    found = [Piece(word_key(m.group()), m.start(), m.end()) for m in _PIECE.finditer(text)]
    for spaced in reversed(list(_SPACED.finditer(text))):
        found = _joined(found, spaced)
    return tuple(found)


@lru_cache(maxsize=1024)
def piece_keys(text: str) -> tuple[str, ...]:
    """The words of a text's pieces."""
    return tuple(piece.key for piece in _pieces(text))


def _joined(found: list[Piece], spaced: re.Match[str]) -> list[Piece]:
    """The pieces inside a spaced-out number become one."""
    number = Piece(word_key(spaced.group().replace(" ", "")), spaced.start(), spaced.end())
    before = [piece for piece in found if piece.end <= number.start]
    return [*before, number, *(piece for piece in found if piece.start >= number.end)]
