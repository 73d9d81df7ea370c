"""Brands of a catalogue in a text, each in either script: Aravali as अरावली, HP as एचपी, डेल as dell."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from muse_core.language import lexicon
from muse_core.language.matching import form_key, roman_key, tokens
from muse_core.language.sounds import english_sound, latin_of, letters_of, skeleton

Span = tuple[str, int, int]

_MIN_SOUND = 4  # letters of a brand that is matched by sound
_MIN_LATIN = 3  # and of one in Devanagari: डेल is dell


def find_brands(text: str, brands: Sequence[str]) -> list[Span]:
    """(brand as given, start, end) of every brand named in a text, longest first at each word."""
    index = _index(tuple(brands))
    words = tokens(text)
    found: list[Span] = []
    at = 0
    is_written = text.isascii() and not index.latin  # no brand is told by its sound
    while at < len(words):
        if is_written and words[at].key not in index.starts:
            at += 1
            continue
        length, brand = _brand_at([word.key for word in words[at : at + index.longest]], index)
        if brand is not None:
            found.append((brand, words[at].start, words[at + length - 1].end))
        at += length
    return found


def _brand_at(keys: list[str], index: _Index) -> tuple[int, str | None]:
    """(words taken, brand) for the words at one place."""
    for length in range(len(keys), 0, -1):
        key = "".join(keys[:length])
        if (brand := index.exact.get(key)) is not None:
            return length, brand
        if key.isascii() and not index.latin:
            continue
        if (brand := _by_sound(key, index)) is not None:
            return length, brand
    return 1, None


@lru_cache(maxsize=32_768)
def _by_sound(key: str, index: _Index) -> str | None:
    """A word of the other script that sounds like a brand, or spells it, and is no word of the lexicon."""
    if lexicon.slots_of(key):
        return None
    if key.isascii():
        return index.latin.get(key) or index.latin.get(english_sound(key))
    if len(spelt := letters_of(key)) > 1 and spelt in index.exact:
        return index.exact[spelt]
    sound = roman_key(latin_of(key))
    return index.sounds.get(sound) or index.skeletons.get(skeleton(sound))


class _Index:
    """Brands by their joined key, by sound and by consonants; those in Devanagari by what Latin letters write
    of them (`latin`)."""

    def __init__(self, brands: Sequence[str]) -> None:
        self.exact = {form_key(brand): brand for brand in brands}
        self.exact.pop("", None)
        self.starts = frozenset(key[:length] for key in self.exact for length in range(1, len(key) + 1))
        self.longest = max((len(tokens(brand)) for brand in brands), default=1) or 1
        latin = {key: brand for key, brand in self.exact.items() if key.isascii()}
        self.sounds = {roman_key(key): brand for key, brand in latin.items() if len(key) >= _MIN_SOUND}
        self.skeletons = {skeleton(roman_key(key)): brand for key, brand in latin.items()}
        self.skeletons.pop("", None)
        hindi = [(key, brand) for key, brand in self.exact.items() if not key.isascii()]
        said = [(roman_key(latin_of(key)), brand) for key, brand in hindi]
        self.latin = {sound: brand for sound, brand in said if len(sound) >= _MIN_LATIN}
        self.latin |= {letters: brand for key, brand in hindi if len(letters := letters_of(key)) > 1}


@lru_cache(maxsize=1024)
def _index(brands: tuple[str, ...]) -> _Index:
    return _Index(brands)
