"""Phrases found by their first or last word, and keys found by how they begin, so that a rule looks at the
words of a text once and not at every phrase that it knows.

    found = Phrases([(("se", "kam"), "max"), (("above",), "min")])
    found.at(["do", "hazaar", "se", "kam"], 2)    -> (2, "max")
    found.before(["above", "500"], 1)             -> (1, "min")
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Generic, TypeVar

from muse_core.language.matching import plurals, roman_key

Told = TypeVar("Told")
Phrase = tuple[str, ...]

# What the end of a loose key may become when more letters follow ("a" and "ai", "p" and "ph"), by its last.
_CHANGED_TAILS = {
    "a": (("a", ("e", "o", "u")),),
    "e": (("e", ("i",)), ("ae", ("e",)), ("ee", ("e",))),
    "o": (("o", ("u",)), ("ao", ("o", "u")), ("oo", ("u",))),
    "p": (("p", ("f",)), ("fp", ("f",))),
}


class Phrases(Generic[Told]):
    """Phrases with what each tells; of several that fit the first given counts."""

    def __init__(self, rows: Iterable[tuple[Phrase, Told]]) -> None:
        self._by_first: dict[str, list[tuple[Phrase, Told]]] = {}
        self._by_last: dict[str, list[tuple[Phrase, Told]]] = {}
        for phrase, told in rows:
            self._by_first.setdefault(phrase[0], []).append((phrase, told))
            self._by_last.setdefault(phrase[-1], []).append((phrase, told))

    def may_be_in(self, keys: Iterable[str]) -> bool:
        """Whether any of the words begins a phrase."""
        return not self._by_first.keys().isdisjoint(keys)

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
        many = (form for key in exact for form in (key, *(plurals(key) if has_plurals else ())))
        self._exact, self._loose = _starts(many), _starts(loose)

    def may_go_on(self, key: str) -> bool:
        """Whether a longer run that begins with this key may be known."""
        if key in self._exact:
            return True
        return bool(self._loose) and not self._loose.isdisjoint(loose_starts(key))


def _starts(keys: Iterable[str]) -> frozenset[str]:
    return frozenset(key[:length] for key in keys for length in range(len(key) + 1))


@lru_cache(maxsize=65536)
def loose_starts(key: str) -> tuple[str, ...]:
    """How the loose key of a longer word may begin whose first letters these are."""
    loose = roman_key(key)
    tails = _CHANGED_TAILS.get(loose[-1:])
    if tails is None:
        return (loose,)
    changed = (
        loose.removesuffix(tail) + other for tail, others in tails if loose.endswith(tail) for other in others
    )
    return (loose, *changed)
