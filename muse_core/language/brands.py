"""Brands of a catalogue in a text, in Latin letters or as Hindi writes them (अरावली, एडिडास)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from muse_core.language import lexicon
from muse_core.language.matching import form_key, roman_key, tokens
from muse_core.language.word_lists import read_words

Span = tuple[str, int, int]

_MIN_SKELETON = 3  # consonants that a loan word must share with a brand
_MIN_SOUND = 4  # letters of a brand that is matched by sound
_VIRAMA = "्"


def find_brands(text: str, brands: Sequence[str]) -> list[Span]:
    """(brand as given, start, end) of every brand named in a text, longest first at each word."""
    index = _index(tuple(brands))
    words = tokens(text)
    found: list[Span] = []
    at = 0
    while at < len(words):
        length, brand = _brand_at(text, [word.key for word in words[at : at + index.longest]], index)
        if brand is not None:
            found.append((brand, words[at].start, words[at + length - 1].end))
        at += length
    return found


def _brand_at(text: str, keys: list[str], index: _Index) -> tuple[int, str | None]:
    """(words taken, brand) for the words at one place."""
    for length in range(len(keys), 0, -1):
        key = "".join(keys[:length])
        if (brand := index.exact.get(key)) is not None:
            return length, brand
        if not key.isascii() and (brand := _by_sound(key, index)) is not None:
            return length, brand
    return 1, None


def _by_sound(key: str, index: _Index) -> str | None:
    """A Devanagari word that sounds like a brand and is no word of the lexicon."""
    if any(lexicon.canonical(slot, key) for slot in (*lexicon.slots(), lexicon.WORDS)):
        return None
    sound = roman_key(_latin(key))
    return index.sounds.get(sound) or index.skeletons.get(_skeleton(sound))


def _latin(word: str) -> str:
    """Devanagari by its letters, with the inherent a but for the last: अरावली -> aravali."""
    consonants, vowels, signs = (_letters(kind) for kind in ("consonants", "vowels", "signs"))
    out = ""
    for char, following in zip(word, f"{word[1:]} ", strict=True):
        if char in consonants:
            is_bare = following in signs or following in (_VIRAMA, " ")
            out += consonants[char] + ("" if is_bare else "a")
        else:
            out += vowels.get(char) or signs.get(char, "")
    return out


@lru_cache(maxsize=4)
def _letters(kind: str) -> dict[str, str]:
    pairs = read_words("roman_hindi")["letters"][kind].split()
    return dict(zip(pairs[::2], pairs[1::2], strict=True))


def _skeleton(sound: str) -> str:
    """The consonants of a sound, or nothing when there are too few to tell a word by."""
    bare = re.sub(r"[aeiouyh\W]", "", sound)
    return sound[:1].replace("e", "a") + bare if len(bare) >= _MIN_SKELETON else ""


class _Index:
    """Brands by their joined key, by sound and by consonants."""

    def __init__(self, brands: Sequence[str]) -> None:
        self.exact = {form_key(brand): brand for brand in brands}
        self.exact.pop("", None)
        self.longest = max((len(tokens(brand)) for brand in brands), default=1) or 1
        latin = {key: brand for key, brand in self.exact.items() if key.isascii()}
        self.sounds = {roman_key(key): brand for key, brand in latin.items() if len(key) >= _MIN_SOUND}
        self.skeletons = {_skeleton(roman_key(key)): brand for key, brand in latin.items()}
        self.skeletons.pop("", None)


@lru_cache(maxsize=16)
def _index(brands: tuple[str, ...]) -> _Index:
    return _Index(brands)
