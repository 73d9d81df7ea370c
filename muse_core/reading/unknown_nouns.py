"""Words of a text that may be a product nobody knows: nothing explains them.

"zorbix with emi chahiye" -> zorbix        "how long will delivery to Pune take" -> nothing
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from muse_core.catalog.nouns import known_noun
from muse_core.language.matching import Token, word_key
from muse_core.language.units import unit_of
from muse_core.language.word_lists import read_words
from muse_core.reading.known_words import is_asking

_LONGEST_UNKNOWN = 3
_LONGEST_MODEL = 3  # digits of a model's number
_SHORTEST_VERB = 5  # letters
_NO_WORD = re.compile(r"[bcdfghjklmnpqrstvwxz]{5}")
_STRANGE = re.compile(r"[bcdfghjklmnpqrstvwxz]{5}|^[bcdfghjklmnpqrstvwxz]{4,}$")
_REMEMBERED = 65536  # words that are asked for, in all shops
Place = tuple[int, int]


@dataclass(frozen=True)
class Noun:
    """A noun as a call has it, and where it stands. `is_known` off: words that nothing explains."""

    value: str
    start: int
    end: int
    is_known: bool


def unexplained(text: str, words: Sequence[Token], taken: Sequence[Place]) -> Noun | None:
    """The longest run of words that nothing explains, the last of equally long ones."""
    keys = {word.key for word in words}
    if (keys & _services() and not keys & _wanting()) or _is_gibberish(words, taken):
        return None
    best: Sequence[Token] = ()
    for run in _runs(text, words, taken):
        if len(run) >= len(best):
            best = run
    if not best:
        return None
    start, end = best[0].start, _with_number(text, words, best[-1], taken)
    return Noun(" ".join(text[start:end].lower().split()), start, end, False)


def _with_number(text: str, words: Sequence[Token], last: Token, taken: Sequence[Place]) -> int:
    """Where a name ends: "note 12" with the number of its model, unless that counts or measures something."""
    at = words.index(last) + 1
    number, behind = (*words[at : at + 2], None, None)[:2]
    if number is None or not number.key.isdecimal() or len(number.key) > _LONGEST_MODEL:
        return last.end
    if text[last.end : number.start] != " " or text[number.end : number.end + 1].strip(" ,.!?"):
        return last.end
    is_free = not any(start < number.end and number.start < end for start, end in taken)
    is_count = behind is not None and (unit_of(behind.key) or known_noun(behind.key))
    return number.end if is_free and not is_count else last.end


def _runs(text: str, words: Sequence[Token], taken: Sequence[Place]) -> Iterator[Sequence[Token]]:
    run: list[Token] = []
    for word in words:
        is_next = bool(run) and not text[run[-1].end : word.start].strip()
        if run and (not is_next or not is_open(word, taken)):
            yield run[-_LONGEST_UNKNOWN:]
            run = []
        if is_open(word, taken):
            run.append(word)
    if run:
        yield run[-_LONGEST_UNKNOWN:]


def is_open(word: Token, taken: Sequence[Place]) -> bool:
    """Whether a word may be part of an unknown noun."""
    if len(word.key) < 2 or word.key[0].isdigit() or is_asking(word.key) or unit_of(word.key):
        return False
    if _is_no_noun(word.key):
        return False
    return not any(start < word.end and word.start < end for start, end in taken)


def _is_gibberish(words: Sequence[Token], taken: Sequence[Place]) -> bool:
    """Whether half of the words that nothing explains are no words of any language."""
    strange = [word for word in words if _STRANGE.search(word.key)]
    return bool(strange) and 2 * len(strange) >= sum(is_open(word, taken) for word in words)


@lru_cache(maxsize=_REMEMBERED)
def _is_no_noun(key: str) -> bool:
    """A verb by its ending ("chodega", "भेजोगे"), or letters that are no word ("asdkjh")."""
    is_verb = len(key) >= _SHORTEST_VERB and key.endswith(_verb_endings())
    return is_verb or _NO_WORD.search(key) is not None


@cache
def _verb_endings() -> tuple[str, ...]:
    return tuple(map(word_key, read_words("aside_words")["verb_endings"].split()))


@cache
def _services() -> frozenset[str]:
    return frozenset(map(word_key, read_words("aside_words")["services"].split()))


@cache
def _wanting() -> frozenset[str]:
    return frozenset(map(word_key, read_words("aside_words")["wanting"].split()))
