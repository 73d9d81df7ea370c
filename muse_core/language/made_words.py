"""Nouns that do not exist, such as `govumorv`: nobody can know them by heart, so they have to be read.

They are built of syllables, each of which Devanagari writes in one way, and end as no English word does, so
that they are known again: `spelled("govumorv")` is `गोवुमोर्व`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

import numpy as np

from muse_core.language.word_lists import read_words

_MOST_SYLLABLES = 2


def made_word(rng: np.random.Generator) -> str:
    """A word of one or two syllables and an ending."""
    letters = read_words("made_words")
    count = 1 + int(rng.random() * _MOST_SYLLABLES)
    syllables = "".join(_one(letters["onsets"], rng) + _one(letters["vowels"], rng) for _ in range(count))
    return syllables + _one(letters["onsets"], rng) + _one(letters["endings"], rng)


def made_name(rng: np.random.Generator) -> str:
    """A brand's name: syllables, a consonant between them now and then, and no ending of nouns."""
    letters = read_words("made_words")
    count = 2 + int(rng.random() * _MOST_SYLLABLES)
    parts = []
    for _ in range(count):
        parts += [_one(letters["onsets"], rng), _one(letters["vowels"], rng)]
        parts += [_one(letters["codas"], rng)] if rng.random() < 0.4 else []
    return "".join(parts).capitalize()


def spelled(word: str) -> str | None:
    """A made word in Devanagari; None for any other word."""
    if not _pattern().fullmatch(word):
        return None
    letters = read_words("made_words")
    end = next(end for end in letters["endings"] if word.endswith(end))
    body = word.removesuffix(end)
    written = _syllable_pattern().sub(
        lambda found: letters["onsets"][found[1]] + letters["vowels"].get(found[2] or "", ""), body
    )
    return str(written) + str(letters["endings"][end])


@cache
def _pattern() -> re.Pattern[str]:
    letters = read_words("made_words")
    onset, vowel, end = (
        "|".join(sorted(letters[name], key=len, reverse=True)) for name in ("onsets", "vowels", "endings")
    )
    return re.compile(f"(?:(?:{onset})(?:{vowel})){{1,2}}(?:{onset})(?:{end})")


@cache
def _syllable_pattern() -> re.Pattern[str]:
    letters = read_words("made_words")
    onset = "|".join(sorted(letters["onsets"], key=len, reverse=True))
    return re.compile(f"({onset})({'|'.join(letters['vowels'])})?")


def _one(values: Iterable[str], rng: np.random.Generator) -> str:
    known = tuple(values)
    return known[int(rng.random() * len(known))]
