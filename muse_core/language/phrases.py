"""Phrases found by their first or last word, and keys found by how they begin: a rule looks at the words of
a text once and not at every phrase that it knows.

    found = Phrases([(("se", "kam"), "max"), (("above",), "min")])
    found.at(["do", "hazaar", "se", "kam"], 2)    -> (2, "max")
    found.before(["above", "500"], 1)             -> (1, "min")
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from muse_core.language.matching import LONGEST_ENDING, roman_key

Told = TypeVar("Told")
Phrase = tuple[str, ...]

ROMAN_CHANGES = 2  # letters at the end of a loose key that the letters behind it may change


class Phrases(Generic[Told]):
    """Phrases with what each tells; of several that fit the first given counts."""

    def __init__(self, rows: Iterable[tuple[Phrase, Told]]) -> None:
        self._by_first: dict[str, list[tuple[Phrase, Told]]] = {}
        self._by_last: dict[str, list[tuple[Phrase, Told]]] = {}
        for phrase, told in rows:
            self._by_first.setdefault(phrase[0], []).append((phrase, told))
            self._by_last.setdefault(phrase[-1], []).append((phrase, told))

    def at(self, keys: Sequence[str], at: int) -> tuple[int, Told] | None:
        """(words, what is told) of the phrase that starts with the word at `at`."""
        if not 0 <= at < len(keys):
            return None
        for phrase, told in self._by_first.get(keys[at], ()):
            if len(phrase) == 1 or tuple(keys[at : at + len(phrase)]) == phrase:
                return len(phrase), told
        return None

    def before(self, keys: Sequence[str], end: int) -> tuple[int, Told] | None:
        """(words, what is told) of the phrase that ends before the word at `end`."""
        if not 0 < end <= len(keys):
            return None
        for phrase, told in self._by_last.get(keys[end - 1], ()):
            if end >= len(phrase) and tuple(keys[end - len(phrase) : end]) == phrase:
                return len(phrase), told
        return None


class Beginnings:
    """Tells of the first words of a run whether a longer run of them may be one of some keys. `exact`: what a
    run is, with `has_plurals` also by one of its singulars; `loose`: what its loose key is (`roman_key`)."""

    def __init__(self, exact: Iterable[str], loose: Iterable[str] = (), has_plurals: bool = True) -> None:
        self._exact = _starts(exact)
        self._loose = _starts(loose)
        # At least one letter stands behind, so a plural's ending reaches one letter less far into the key.
        self._changing = LONGEST_ENDING - 1 if has_plurals else 0

    def may_go_on(self, key: str) -> bool:
        """Whether a longer run that begins with this key may be known."""
        if key[: max(0, len(key) - self._changing)] in self._exact:
            return True
        return bool(self._loose) and roman_key(key)[:-ROMAN_CHANGES] in self._loose


def _starts(keys: Iterable[str]) -> frozenset[str]:
    return frozenset(key[:length] for key in keys for length in range(len(key) + 1))
