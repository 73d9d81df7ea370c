"""The values of a shop's facets that a text names: choices by their words, yes and no by the facet's name.

A whole value counts in any form; a part ("i5" of "intel core i5") where it leaves one value. A value that is
a word of every day ("normal", "small"), and a single letter, count only beside the facet's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from muse_core.language.facet_forms import form_of, joined, listed, words_of
from muse_core.language.facet_index import FacetIndex, Target
from muse_core.language.scripts import is_roman_hindi

T = TypeVar("T")

YES = "yes"
_BESIDE = 2  # words between a value and the name of its facet
_MIN_PART = 3  # letters of a part without a digit


@dataclass(frozen=True)
class Named:
    """A name of facets at words [first, last) of a text."""

    facets: frozenset[int]
    first: int
    last: int


@dataclass(frozen=True)
class Found:
    """A value of a facet at code points [start, end); `is_whole`: by the whole value, in any form."""

    facet: int
    value: str
    start: int
    end: int
    is_whole: bool = True
    is_beside_name: bool = False


class FacetText:
    """The words of one text as a shop's index compares them, and the names of facets among them."""

    def __init__(self, text: str, index: FacetIndex) -> None:
        self.index = index
        self.words = words_of(text)
        self.heard = [index.heard(word) for word in self.words]
        self.reach = [self._reach(at) for at in range(len(self.words))]
        self._forms: dict[tuple[int, int], tuple[str, ...]] = {}
        self.is_open = [self._begins_form(at) for at in range(len(self.words))]
        self.names = list(self._named())

    def values(self) -> list[Found]:
        """Choices and yes/no, left to right; words that are taken by one value are free for no other."""
        found: list[Found] = []
        at = 0
        while at < len(self.words):
            value, after = self._choice_at(at)
            found += [value] if value is not None else []
            at = max(after, at + 1)
        return sorted([*found, *self._yes(found)], key=lambda value: value.start)

    # ---- names

    def _named(self) -> Iterator[Named]:
        at = 0
        while at < len(self.words):
            for length in range(self.reach[at], 0, -1) if self.is_open[at] else ():
                facets = self._look_up(self.index.names, at, at + length)
                if facets:
                    yield Named(frozenset(facets), at, at + length)
                    at += length - 1
                    break
            at += 1

    def name_places(self) -> list[tuple[int, int]]:
        """Where the facets' names stand; the bed of "king size bed" is the product."""
        return [
            (self.words[name.first].start, self.words[name.last - 1].end)
            for name in self.names
            if not any(self._is_product(facet, name) for facet in name.facets)
        ]

    def _is_product(self, facet: int, name: Named) -> bool:
        """Whether words are a thing whose sizes a choice tells: the bed of bed_size."""
        about = self.index.facets[facet]
        return about.kind == "choice" and about.name == f"{self.words[name.last - 1].stem}_size"

    def name_from(self, word: int, facet: int) -> tuple[int, int] | None:
        """Where the facet's name stands that begins with a word: "300 thread count and up"."""
        names = (one for one in self.names if one.first == word and facet in one.facets)
        places = ((self.words[one.first].start, self.words[one.last - 1].end) for one in names)
        return next(places, None)

    def choice_names(self) -> Iterator[tuple[int, int]]:
        """Where names stand that are of choices alone."""
        for name in self.names:
            if name.facets <= self.index.choices:
                yield self.words[name.first].start, self.words[name.last - 1].end

    def sole_names(self) -> Iterator[tuple[int, int, int]]:
        """(facet, start, end) of the names that are of one facet alone."""
        for name in self.names:
            if len(name.facets) == 1:
                yield next(iter(name.facets)), self.words[name.first].start, self.words[name.last - 1].end

    def is_named(self, facet: int, first: int, last: int) -> bool:
        """Whether the facet's name stands beside the words [first, last)."""
        return any(
            facet in name.facets and (0 <= first - name.last <= _BESIDE or 0 <= name.first - last <= _BESIDE)
            for name in self.names
        )

    def _yes(self, choices: Sequence[Found]) -> Iterator[Found]:
        for name in self.names:
            start, end = self.words[name.first].start, self.words[name.last - 1].end
            facets = [place for place in name.facets if self.index.facets[place].kind == "yes_no"]
            is_taken = any(start < choice.end and choice.start < end for choice in choices)
            if len(facets) == 1 and not is_taken and self._is_meant(name):
                yield Found(facets[0], YES, start, end)

    def _is_meant(self, name: Named) -> bool:
        """A name that is a word of every day counts beside "with", "wali", "required"."""
        if name.last - name.first > 1 or self.words[name.first].stem not in listed("everyday_names"):
            return True
        beside = (*self.words[max(0, name.first - 1) : name.first], *self.words[name.last : name.last + 1])
        return any(word.stem in listed("having") for word in beside)

    # ---- choices

    def _choice_at(self, at: int) -> tuple[Found | None, int]:
        """(the choice whose first word is at `at`, the place behind it)."""
        if not self.is_open[at]:
            return None, at + 1
        if self.words[at].key in listed("light") and self.words[at].stem not in self.index.own:
            return None, at + 1
        for last in range(at + self.reach[at], at, -1):
            for table in (self.index.own, self.index.full):
                targets = self._look_up(table, at, last)
                if targets and (target := self._resolved(targets, at, last, steps=None)) is not None:
                    return self._found(target, at, last, True), last
        return self._part_at(at)

    def _part_at(self, at: int) -> tuple[Found | None, int]:
        """The value of which a run of parts, with light words between them, leaves one."""
        left: set[Target] = set()
        steps, place, last = 0, at, at
        while place < len(self.words):
            targets, after = self._parts(place)
            targets = targets & left if steps else targets
            if not targets:
                break
            left, steps, last = targets, steps + 1, after
            place = self._behind_light(after)
        if not steps:
            return None, at + 1
        target = self._resolved(left, at, last, steps)
        return (self._found(target, at, last, False), last) if target is not None else (None, at + 1)

    def _parts(self, at: int) -> tuple[set[Target], int]:
        for last in range(at + self.reach[at], at, -1) if self.is_open[at] else ():
            targets = self._look_up(self.index.forms, at, last)
            if last == at + 1:
                targets = targets | self._look_up(self.index.parts, at, last)
            if targets:
                return targets, last
        return set(), at + 1

    def _behind_light(self, at: int) -> int:
        """The next word that is not light, at most two further on."""
        for place in range(at, min(at + 3, len(self.words))):
            if self.words[place].key not in listed("light"):
                return place
        return len(self.words)

    def _resolved(self, targets: Iterable[Target], at: int, last: int, steps: int | None) -> Target | None:
        """The one value that is meant; `steps`: how many of its words were named, None for all of them."""
        by_facet: dict[int, list[Target]] = {}
        for target in targets:
            by_facet.setdefault(target.facet, []).append(target)
        single = [self._single(own, steps) for own in by_facet.values()]
        left = [target for target in single if target is not None]
        named = [target for target in left if self.is_named(target.facet, at, last)]
        if len(named) == 1:
            return named[0]
        if named or not left or self._needs_name(left, at, last, steps):
            return None
        if len(left) == 1:
            return left[0]
        whole = [target for target in left if steps == self.index.lengths[target]]
        return whole[0] if len(whole) == 1 else None

    def _single(self, targets: list[Target], steps: int | None) -> Target | None:
        """Of one facet's values the only one, or the only one whose every word was named."""
        whole = [target for target in targets if steps == self.index.lengths[target]]
        for left in (targets, whole):
            if len(left) == 1:
                return left[0]
        return None

    def _needs_name(self, left: Sequence[Target], at: int, last: int, steps: int | None) -> bool:
        """Whether these words are too usual to be a value by themselves."""
        key, stem = self._key(at, last), self.heard[at]
        said = (self.words[at].stem, *(form_of(target.value) for target in left))
        is_usual = last - at == 1 and any(form in listed("everyday_values") for form in said)
        if is_usual and last - at == 1 and self._is_denied(at):
            return False
        if is_usual or key in listed("everyday_values") or len(key) == 1 or key.isdecimal():
            return True
        if steps is None or steps > 1:
            return False
        if key in self.index.names or joined(self.words[at:last]) in self.index.names:
            return True  # "hard disk" names a facet, it is no part of "double hard drives"
        if last - at > 1:
            return False
        has_digit = any(char.isdecimal() for char in stem)
        if has_digit:
            return stem[0].isdecimal()
        if len(stem) < _MIN_PART or stem.endswith("ly") or is_roman_hindi(self.words[at].key):
            return True
        if stem in listed("never_parts"):
            return True
        return all(words_of(target.value)[-1].stem == stem for target in left)

    def _is_denied(self, at: int) -> bool:
        """ "no prints": a word of every day that is a value where it is not wanted."""
        return (
            at > 0
            and self.words[at].stem in listed("denied_values")
            and self.words[at - 1].key in listed("denials")
        )

    def _found(self, target: Target, at: int, last: int, is_whole: bool) -> Found:
        start, end = self.words[at].start, self.words[last - 1].end
        beside = self.is_named(target.facet, at, last)
        return Found(target.facet, target.value, start, end, is_whole, beside)

    # ---- keys

    def _key(self, at: int, last: int) -> str:
        return "".join(self.heard[at:last])

    def _look_up(self, table: dict[str, set[T]], at: int, last: int) -> set[T]:
        """What a run of words stands for: as written, as heard, or loosely spelt."""
        return next((table[key] for key in self._forms_of(at, last) if key in table), set())

    def _forms_of(self, at: int, last: int) -> tuple[str, ...]:
        """The forms of some name or value that a run of words is."""
        forms = self._forms.get((at, last))
        if forms is None:
            written = self.words[at].stem if last == at + 1 else joined(self.words[at:last])
            forms = self._forms[at, last] = self.index.forms_of(written, self._key(at, last))
        return forms

    def _begins_form(self, at: int) -> bool:
        """Whether a form of some name or value begins with a word; most words begin none."""
        return any(self._forms_of(at, last) for last in range(at + 1, at + self.reach[at] + 1))

    def _reach(self, at: int) -> int:
        """How many words from one on may be a name or a value, one at least."""
        written = heard = ""
        most = min(self.index.longest, len(self.words) - at)
        for length in range(1, most):
            written += self.words[at + length - 1].stem
            heard += self.heard[at + length - 1]
            if not (self.index.may_go_on(written) or (heard != written and self.index.may_go_on(heard))):
                return length
        return most
