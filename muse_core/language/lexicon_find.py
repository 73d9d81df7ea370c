"""The values of the lexicon's slots in a text, all of them in one look at its words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from muse_core.language.lexicon_entries import all_slots, is_lone_letter, longest, lookup, meaning
from muse_core.language.matching import Token, tokens, word_key
from muse_core.language.size_words import is_cue, is_size
from muse_core.language.word_lists import read_words

_HALF_SIZE = re.compile(r"(\d)(\.5)(?!\d)")
_HALF = re.compile(r"\.\d(?!\d)")


def numeric_size(surface: str) -> str | None:
    """'UK 8', 'size 8', '8 number' -> '8'; 'size 7.5' -> '7.5'."""
    half = _HALF_SIZE.search(surface)
    words = [
        token.key for token in tokens(surface[: half.end(1)] + surface[half.end() :] if half else surface)
    ]
    numbers = [word for word in words if word.isdigit() and len(word) <= 3]
    others = [word for word in words if not word.isdigit()]
    if len(numbers) == 1 and all(word in _size_cues() for word in others):
        return str(int(numbers[0])) + (half[2] if half else "")
    return None


@lru_cache(maxsize=4096)
def found_in(text: str) -> Mapping[str, list[tuple[str, int, int]]]:
    """The values of each slot in a text."""
    words, slots = tokens(text), all_slots()
    found: dict[str, list[tuple[str, int, int]]] = {}
    free: dict[str, int] = {}  # by slot, the first word that no value has taken
    for at, word in enumerate(words):
        known = _known_at(words, at)
        if word.key.isdigit():
            known += _size_at(text, words, at)
        for length, name, value, end in known:
            is_open = at >= free.get(name, 0) and length <= slots[name].longest
            if is_open and _is_plausible(name, value, text, words, at, length):
                found.setdefault(name, []).append((value, word.start, end))
                free[name] = at + length
    return found


def _known_at(words: list[Token], at: int) -> list[tuple[int, str, str, int]]:
    """(words, slot, value, end) of every run from one place on that a slot knows, the longest first."""
    found: list[tuple[int, str, str, int]] = []
    key = ""
    if not meaning(words[at].key).goes_on:
        return found
    for length, word in enumerate(words[at : at + longest()], 1):
        if length > 1 and is_lone_letter(word):
            break
        key += word.key
        values, goes_on = meaning(key)
        if values:
            found += [(length, name, value, word.end) for name, value in values.items()]
        if not goes_on:
            break
    return found[::-1]


def _size_at(text: str, words: list[Token], position: int) -> Iterator[tuple[int, str, str, int]]:
    """A bare number, as in `_known_at`: a size only next to a size word."""
    key, _, end = words[position]
    if not (key.isdigit() and len(key) <= 3) or lookup("size", key) or not _has_size_cue(words, position):
        return
    half = _HALF.match(text, end)
    yield 1, "size", str(int(key)) + (half[0] if half else ""), half.end() if half else end


def _has_size_cue(words: list[Token], position: int) -> bool:
    around = (*words[max(0, position - 1) : position], *words[position + 1 : position + 2])
    return any(is_cue(token.key, words) for token in around)


def _is_plausible(name: str, value: str, text: str, words: list[Token], position: int, length: int) -> bool:
    """A single letter is a size only in capitals or next to a size word ("I'm", "s" are not; nor is एल)."""
    first = words[position]
    if name == "size" and not is_size(value, words, position, length):
        return False
    is_spelt = not first.key.isascii()
    if name != "size" or length > 1 or first.end - first.start > 1 + is_spelt:
        return True
    if first.start > 0 and text[first.start - 1] in "'\u2019":
        return False
    return (not is_spelt and text[first.start].isupper()) or _has_size_cue(words, position)


@lru_cache(maxsize=1)
def _size_cues() -> frozenset[str]:
    """Words that make a bare number next to them a size."""
    return frozenset(word_key(word) for word in read_words("price_words")["size_cues"].split())
