"""Of several products that a text names, those that are asked for: the last of a compound, and not what it
is for or comes with.

    hot butter rum syrup -> syrup      cover for my phone -> cover      phone ka cover -> cover
    bottle of conditioner -> conditioner       doll pink dress wali -> doll

Places are code points. Not covered: what a product is made for without a word between ("phone black cover"
is a list as often as a cover).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Protocol, TypeVar

from muse_core.language.matching import Token, word_key
from muse_core.language.word_lists import read_words

_MOST_BETWEEN = 4  # words between a product and what it is for


class _Place(Protocol):
    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int: ...


N = TypeVar("N", bound=_Place)


def heads(text: str, words: Sequence[Token], nouns: Sequence[N], is_open: Callable[[Token], bool]) -> list[N]:
    """The nouns without those that only tell of another; `is_open`: nothing explains a word."""
    kept: list[N] = list(nouns[:1])
    for noun in nouns[1:]:
        before = kept[-1]
        between = [word for word in words if before.end <= word.start and word.end <= noun.start]
        is_parted = any(sign in ",;.!?।|/+&" for sign in text[before.end : noun.start])
        said = text[before.start : before.end]
        if is_parted or not between or len(between) > _MOST_BETWEEN:
            kept.append(noun)
        elif _tells_of_next(said, [word.key for word in between]) or all(map(is_open, between)):
            kept[-1] = noun
        elif between[0].key not in _listed("accompanying") and not _is_had(words, noun):
            kept.append(noun)
    return kept


def _is_had(words: Sequence[Token], noun: _Place) -> bool:
    """The dress of "doll pink dress wali"."""
    behind = next((word.key for word in words if word.start >= noun.end), "")
    return behind in _listed("having")


def _tells_of_next(said: str, between: Sequence[str]) -> bool:
    """ "phone ke liye cover", "phone ka cover", "bottle of conditioner": the product before it is none."""
    if between[0] == "of":
        return word_key(said) in _listed("containers") and len(between) <= 2
    if between[0] in _listed("having"):
        return True
    is_for = between[0] in _listed("genitives") and between[-1] in _listed("for")
    return is_for or (len(between) == 1 and between[0] in _listed("genitives"))


@lru_cache(maxsize=8)
def _listed(name: str) -> frozenset[str]:
    return frozenset(map(word_key, read_words("request_words")["heads"][name].split()))
