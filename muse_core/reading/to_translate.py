"""What of a request may be the words to be translated.

    office ke kaam ke liye chhata english me        chhata
    cotton kurta with tassels, in hindi?            cotton kurta · tassels · cotton kurta with tassels
    what is our return policy called in hindi       policy · our return policy

Words that only ask, or name a language, are none; so is what stands on the other side of a comma or a quote.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import groupby

from muse_core.language import lexicon
from muse_core.language.matching import Token, roman_key, tokens
from muse_core.reading.known_words import is_asking
from muse_core.wordings.book import shipped
from muse_core.wordings.words import SCRIPTS, words

_NAMES = frozenset(("product_type", "colour", "material", "occasion", "gender", "category"))
_LONGEST_NAME = 3  # words
_MOST_WORDS = 8
_MOST_BETWEEN = 2  # words that only ask: cotton kurta with tassels
Place = tuple[int, int]  # first and last word
_SLOT = re.compile(r"\{[^{}]*\}")
_BREAK = re.compile("[,.;:?!।\"“”‘«»]|(?<!\\w)['’]|['’](?!\\w)")


def to_translate(text: str) -> tuple[str, ...]:
    """Runs of words that name something, what lies between two of them, the names of the lexicon in each, and
    each with what stands beside it and asks for no translation; in small letters, without double spaces.
    None where every word only asks."""
    found: dict[str, None] = {}
    for part in _BREAK.split(text):
        spoken = tokens(part)
        known = _known(spoken)
        told = [not one and _is_translating(word.key) for one, word in zip(known, spoken, strict=True)]
        named = [
            one or not (asks or is_asking(word.key))
            for one, asks, word in zip(known, told, spoken, strict=True)
        ]
        runs, around = _runs(named), _runs([not asks for asks in told])
        wide = [span for span in around if any(span[0] <= first <= span[1] for first, _ in runs)]
        for first, last in (*_between(runs), *_runs(known), *_short(wide)):
            found[" ".join(part[spoken[first].start : spoken[last].end].lower().split())] = None
    return tuple(found)


def _between(runs: Sequence[Place]) -> Iterator[Place]:
    """Each run, and what reaches from one to another with few words between each two."""
    for at, (first, last) in enumerate(runs):
        yield from _short([(first, last)])
        for start, end in runs[at + 1 :]:
            if start - last - 1 > _MOST_BETWEEN:
                break
            last = end
            yield from _short([(first, last)])


def _short(spans: Iterable[Place]) -> Iterator[Place]:
    return ((first, last) for first, last in spans if last - first < _MOST_WORDS)


def _runs(marked: Sequence[bool]) -> list[Place]:
    """First and last place of each longest run of marked places."""
    groups = [
        (is_marked, [at for at, _ in run])
        for is_marked, run in groupby(enumerate(marked), lambda one: one[1])
    ]
    return [(places[0], places[-1]) for is_marked, places in groups if is_marked]


def _known(spoken: Sequence[Token]) -> list[bool]:
    """Which words stand in a name of the lexicon."""
    found = [False] * len(spoken)
    for first in range(len(spoken)):
        for last in range(first + 1, min(first + _LONGEST_NAME, len(spoken)) + 1):
            if lexicon.slots_of(" ".join(word.key for word in spoken[first:last])) & _NAMES:
                found[first:last] = [True] * (last - first)
    return found


def _is_translating(key: str) -> bool:
    return key in _translating() or roman_key(key) in _translating()


@cache
def _translating() -> frozenset[str]:
    """Keys of the words by which the train side asks for a translation, and of names of languages."""
    texts = [
        _SLOT.sub(" ", wording.text)
        for (_, intent, _), wordings in shipped().items()
        if intent == "translation"
        for wording in wordings
        if wording.side == "train"
    ]
    names = [
        name for script in SCRIPTS for said in words("phrases", script)["target"].values() for name in said
    ]
    keys = {token.key for text in (*texts, *names) for token in tokens(text)}
    return frozenset(keys | {roman_key(key) for key in keys & lexicon.roman_hindi_words()})
