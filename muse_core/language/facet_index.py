"""What a shop's facets are called in a text: their names and values by every form that shoppers use.

index = facet_index(facets)
index.names["screen"]    -> {0}, the place of the facet screen_size
index.full["petrol"]     -> {Target(1, "gas")}: another form of the whole value
index.parts["i5"]        -> {Target(2, "intel core i5"), …}: values that have the word
index.heard("प्रोसेसर")     -> "processor", where the shop has the word
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from muse_core.language import lexicon
from muse_core.language.facet_forms import (
    Group,
    Word,
    decade_forms,
    groups_by_form,
    joined,
    listed,
    stem,
    words_of,
)
from muse_core.language.matching import roman_key
from muse_core.language.phrases import Beginnings
from muse_core.language.sounds import english_sound, latin_of, letters_of, skeleton
from muse_core.types import Facet

_LONGEST_FORM = 6  # words: a longer value is found by its parts
_MOST_VOWELS = 2  # letters by which words of the same consonants may differ
_MIN_SOUND = 4  # letters of a word that is known by its exact sound
_REMEMBERED = 1024  # words and runs of them, for each shop


class Target(NamedTuple):
    """A value of a facet, which is given by its place in the shop's list."""

    facet: int
    value: str


class FacetIndex:
    """Names and values of one shop's facets by joined stems (`facet_forms`).

    `own`: whole values as the shop writes them; `full`: other forms of whole values; `parts`: the values
    that have a word, `forms`: those of a part that has other forms; `names`: facets; `lengths`: words of each
    value."""

    def __init__(self, facets: Sequence[Facet]) -> None:
        self.facets = tuple(facets)
        self.choices = frozenset(at for at, facet in enumerate(facets) if facet.kind == "choice")
        self.names: dict[str, set[int]] = {}
        self.own: dict[str, set[Target]] = {}
        self.full: dict[str, set[Target]] = {}
        self.parts: dict[str, set[Target]] = {}
        self.forms: dict[str, set[Target]] = {}
        self.lengths: dict[Target, int] = {}
        self.longest = 1
        self._loose: dict[str, str] = {}
        self._words: set[str] = set()
        self._sounds: dict[str, str] = {}
        self._skeletons: dict[str, str] = {}
        for place, facet in enumerate(self.facets):
            self._add_name(place, words_of(facet.name.replace("_", " ")))
            name = "".join(word.stem for word in _said(words_of(facet.name.replace("_", " "))))
            for value in facet.values if facet.kind == "choice" else ():
                self._add_value(Target(place, value), words_of(value), name)
        tables = (self.names, self.own, self.full, self.parts, self.forms)
        self.forms_known = frozenset(form for table in tables for form in table)
        self._beginnings = Beginnings(self.forms_known, self._loose, has_plurals=False)
        self._heard = lru_cache(maxsize=_REMEMBERED)(self._hear_hindi)
        self.may_go_on = lru_cache(maxsize=_REMEMBERED)(self._beginnings.may_go_on)
        self.forms_of = lru_cache(maxsize=_REMEMBERED)(self._forms_of)

    def heard(self, word: Word) -> str:
        """The shop's word that a word of Devanagari spells or sounds like; its own stem for any other."""
        return word.stem if word.key.isascii() else self._heard(word)

    def _forms_of(self, written: str, heard: str) -> tuple[str, ...]:
        """The forms that some words are: as written, as heard, or loosely spelt."""
        return tuple(key for key in (written, heard, self.spelt(written)) if key in self.forms_known)

    def _hear_hindi(self, word: Word) -> str:
        spelt = stem(letters_of(word.key))
        if spelt in self._words:
            return spelt
        if lexicon.slots_of(word.key):
            return word.stem
        sound = roman_key(latin_of(word.key))
        by_sound = self._sounds.get(sound) if len(sound) >= _MIN_SOUND else None
        near = self._skeletons.get(_skeleton(sound), "")
        is_near = near and abs(len(english_sound(near)) - len(sound)) <= _MOST_VOWELS
        return by_sound or (near if is_near else word.stem)

    def spelt(self, key: str) -> str:
        """The form that a loosely spelt one of Roman Hindi stands for; itself when there is none, or when it
        is a word of its own ("shaadi" is no "saadi")."""
        known = self._loose.get(roman_key(key))
        return key if known is None or lexicon.is_word(key) else known

    # ---- building

    def _add_name(self, place: int, words: list[Word]) -> None:
        said = _said(words)
        self._hear(words)
        for phrase in (joined(words), joined(said), *self._name_forms(words, said)):
            self.names.setdefault(phrase, set()).add(place)

    def _name_forms(self, words: list[Word], said: list[Word]) -> set[str]:
        """The other forms of a name, or of the longest part of it that has any."""
        table = groups_by_form("names")
        runs = (joined(run) for run in (words, said, *_runs(words)))
        known = next((run for run in runs if run in table), None)
        return self._forms(table[known][:1]) if known is not None else set()

    def _add_value(self, target: Target, words: list[Word], name: str) -> None:
        table = groups_by_form("values")
        self.lengths[target] = len(words)
        self._hear(words)
        if 0 < len(words) <= _LONGEST_FORM:
            own = joined(words)
            self.own.setdefault(own, set()).add(target)
            groups = (
                *table.get(own, ()),
                *table.get(own + name, ()),
            )  # "full" of the facet sleeve: full sleeve
            for form in (*self._forms(groups), *decade_forms(target.value)):
                self.full.setdefault(form, set()).add(target)
        for run in _runs(words[: 2 * _LONGEST_FORM]):
            for form in self._forms(table.get(joined(run), ())):
                self.forms.setdefault(form, set()).add(target)
        for word in words:
            self.parts.setdefault(word.stem, set()).add(target)

    def _forms(self, groups: Iterable[Group]) -> set[str]:
        """Every form of some groups, which may be spelt loosely from now on."""
        found: set[str] = set()
        for group in groups:
            found.update(group.forms)
            self._loose.update(group.loose)
            self.longest = max(self.longest, group.longest)
        return found

    def _hear(self, words: list[Word]) -> None:
        self.longest = max(self.longest, min(len(words), _LONGEST_FORM))
        for word in words:
            if word.stem.isascii() and not word.stem.isdecimal():
                sound = english_sound(word.stem)
                self._words.add(word.stem)
                self._sounds.setdefault(sound, word.stem)
                self._skeletons.setdefault(_skeleton(sound), word.stem)
        self._skeletons.pop("", None)


def _said(name: list[Word]) -> list[Word]:
    """The words of a facet's name that people say."""
    return [word for word in name if word.stem not in listed("generic")] or name


def _runs(words: Sequence[Word]) -> Iterator[Sequence[Word]]:
    """Every run of words, the longest first."""
    for length in range(min(len(words), _LONGEST_FORM), 0, -1):
        for at in range(len(words) - length + 1):
            yield words[at : at + length]


def _skeleton(sound: str) -> str:
    """Hindi writes the s of cruise as a z, which sounds like a j; not at a word's start."""
    bare = skeleton(sound)
    return bare[:2] + bare[2:].replace("j", "s")


@lru_cache(maxsize=1024)
def facet_index(facets: tuple[Facet, ...]) -> FacetIndex:
    """The index of a shop's facets; those of the last shops are kept."""
    return FacetIndex(facets)
