"""Whether a word that may be a size is one: "double bed", no "double door"; "32 inch jeans", no shelf."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from muse_core.language.matching import Token, word_key
from muse_core.language.word_lists import read_words

_REACH = 2  # words between "double" and the bed
_BEDS = ("SINGLE", "DOUBLE")


def is_size(value: str, words: Sequence[Token], at: int, length: int) -> bool:
    """Whether the words [at, at + length) name this size."""
    if length == 1 and value in _BEDS:
        return _is_of_bed(words, at)
    behind = words[at + length].key if at + length < len(words) else ""
    return value.isdecimal() or behind not in _listed("unsized")


def is_cue(key: str, words: Sequence[Token]) -> bool:
    """Whether a word makes the number beside it a size; of what is measured in inches only clothes do."""
    if key not in _listed("size_cues"):
        return False
    return key not in _listed("inch_cues") or any(word.key in _listed("waisted") for word in words)


def _is_of_bed(words: Sequence[Token], at: int) -> bool:
    behind = {word.key for word in words[at + 1 : at + 1 + _REACH]}
    before = {word.key for word in words[max(0, at - 1) : at]}
    if (behind | before) & _listed("beds") or (behind | before) & _listed("size_names"):
        return True
    return bool(before & _listed("size_prepositions")) or len(words) == 1


@lru_cache(maxsize=8)
def _listed(name: str) -> frozenset[str]:
    return frozenset(word_key(word) for word in read_words("price_words")[name].split())
