"""How two spellings of a word are found to be the same word.

A text becomes tokens with offsets; a form becomes a key: its tokens, normalised and joined without
spaces, so that "t-shirt", "T shirt" and "tshirt" share one key. Devanagari loses nukta and folds
chandrabindu into anusvara; Roman Hindi has a second, looser key (`roman_key`) that folds vowel length
and common letter swaps (laal/lal, neela/nila, safed/safaid).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

# letters and digits of any script; Devanagari signs that are not alphanumeric; a possessive 's is dropped
_TOKEN = re.compile(r"((?:[^\W_]|[\u0900-\u0963\u0970-\u097F\u200c\u200d])+)(?:['\u2019]s?(?![^\W_]))?")
_DEVANAGARI_FOLDS = str.maketrans(
    {"\u093c": None, "\u0901": "\u0902", "\u200c": None, "\u200d": None, "\u0945": None, "\u0949": "\u093e"}
)
_ROMAN_FOLDS = (
    ("aa", "a"), ("ee", "i"), ("oo", "u"), ("ai", "e"), ("ei", "e"), ("au", "o"), ("ou", "u"),
    ("w", "v"), ("ph", "f"), ("z", "j"), ("q", "k"), ("x", "ks"), ("sh", "s"), ("ch", "c"),
)  # fmt: skip
_DOUBLED = re.compile(r"([b-df-hj-np-tv-z])\1")


class Token(NamedTuple):
    """A word of a text with its offsets; `key` is the normalised word."""

    key: str
    start: int
    end: int


def tokens(text: str) -> list[Token]:
    """The words of a text; punctuation is left out."""
    return list(_tokens(text))


@lru_cache(maxsize=65536)
def _tokens(text: str) -> tuple[Token, ...]:
    return tuple(
        Token(key, match.start(1), match.end(1))
        for match in _TOKEN.finditer(text)
        if (key := word_key(match.group(1)))
    )


@lru_cache(maxsize=4096)
def keys_of(text: str) -> tuple[str, ...]:
    """The keys of a text's words."""
    return tuple(token.key for token in _tokens(text))


@lru_cache(maxsize=65536)
def word_key(word: str) -> str:
    """Lower case, NFKC, Devanagari folds."""
    # decompose first: a precomposed nukta letter gives its nukta up only in pieces
    plain = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", word)) if not word.isascii() else word
    return unicodedata.normalize("NFC", plain.translate(_DEVANAGARI_FOLDS)).lower()


@lru_cache(maxsize=65536)
def form_key(form: str) -> str:
    """The joined key of a phrase."""
    return "".join(token.key for token in tokens(form))


@lru_cache(maxsize=65536)
def roman_key(key: str) -> str:
    """Loose key of a Roman Hindi word: vowel length, doubled consonants and letter swaps folded."""
    for found, folded in _ROMAN_FOLDS:
        key = key.replace(found, folded)
    return _DOUBLED.sub(_once, key)


def _once(doubled: re.Match[str]) -> str:
    return doubled[1]  # a template would be read again for every key


@lru_cache(maxsize=65536)
def singulars(key: str) -> tuple[str, ...]:
    """Singular candidates of a key, likeliest first; English endings or Devanagari ones."""
    return tuple(_english_singulars(key) if key.isascii() else _hindi_singulars(key))


def _english_singulars(key: str) -> Iterator[str]:
    if len(key) < 4 or not key.endswith("s") or key.endswith("ss"):
        return
    if key.endswith("ies"):
        yield key[:-3] + "y"
    yield key[:-1]
    if key.endswith("es"):
        yield key[:-2]
    if key.endswith("ves"):
        yield key[:-3] + "f"


_HINDI_ENDINGS = (
    ("ियाँ", "ी"), ("ियां", "ी"), ("ियों", "ी"), ("ुएं", "ू"), ("ुओं", "ू"),
    ("ाएं", "ा"), ("ाओं", "ा"), ("ें", ""), ("ों", ""), ("ों", "ा"), ("्स", ""), ("ज", ""), ("े", "ा"), ("ए", "ा"),
)  # fmt: skip


def _hindi_singulars(key: str) -> Iterator[str]:
    for ending, singular in _HINDI_ENDINGS:
        if key.endswith(ending) and len(key) > len(ending) + 1:
            yield key[: -len(ending)] + singular


def plurals(key: str) -> Iterator[str]:
    """Every key that has this one among its singulars, and some that have not."""
    yield from (key + "s", key + "es", key[:-1] + "ies", key[:-1] + "ves")
    for ending, singular in _HINDI_ENDINGS:
        if key.endswith(singular):
            yield key[: len(key) - len(singular)] + ending
