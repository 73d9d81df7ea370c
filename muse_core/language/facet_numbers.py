"""Limits on the numbers among a shop's facets: "16 gb ram", "8gb tak ki memory", "battery 5000 se zyada".

Which facet a number is about follows from its unit, from the names beside it and from what the shop has:
of two facets in gigabytes the one whose range holds the number. A bare number needs the name next to it,
and one that is far from all the shop's values is about something else.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from muse_core.language.facet_bounds import Bound, bound_around, bound_behind, ends_of, unit_in
from muse_core.language.facet_forms import listed
from muse_core.language.facet_values import FacetText, Named
from muse_core.language.matching import word_key
from muse_core.language.numerals import has_number, read_number
from muse_core.language.price_context import words as price_words
from muse_core.language.price_pieces import piece_keys, pieces
from muse_core.language.units import (
    COUNT,
    STARS,
    converted,
    dimension_of,
    find_quantities,
    is_told_in,
)
from muse_core.language.word_lists import read_words
from muse_core.types import Facet

_REACH = 5  # words between a number with a unit and the name of its facet
_STOP_COSTS = 3  # words that a comma or another number between the two counts as
_FAR = 4.0  # times the shop's largest value, or its part of the smallest: another thing's number
_STOPS = frozenset(",.;!?।|")


@dataclass(frozen=True)
class Limit:
    """What a number limits: a facet by its place, `value` in the facet's unit, at code points [start, end)
    with the words that make it a limit."""

    facet: int
    bound: Bound
    value: float
    start: int
    end: int


class _Amount(NamedTuple):
    """One number, or the two ends of a range, at pieces [first, last); `unit` "" is none."""

    values: tuple[float, ...]
    unit: str
    first: int
    last: int


def find_limits(text: str, said: FacetText, taken: Sequence[tuple[int, int]]) -> list[Limit]:
    """The limits of a text, left to right. `taken`: places of words that are no numbers of facets."""
    may_be = has_number(piece_keys(text)) and any(facet.kind == "number" for facet in said.index.facets)
    return _NumberReader(text, said, taken).read() if may_be else []


class _NumberReader:
    """The numbers of one text with the words around them."""

    def __init__(self, text: str, said: FacetText, taken: Sequence[tuple[int, int]]) -> None:
        self.text, self.said = text, said
        self.facets = said.index.facets
        self.pieces = pieces(text)
        self.keys = [piece.key for piece in self.pieces]
        self.starts = [piece.start for piece in self.pieces]
        self.word_starts = [word.start for word in said.words]
        self.word_ends = [word.end for word in said.words]
        self.is_taken = [False] * len(self.pieces)
        for start, end in taken:
            self._take(bisect_left(self.starts, start), bisect_left(self.starts, end))

    def read(self) -> list[Limit]:
        measured = list(self._measured())
        for amount in measured:
            self._take(amount.first, amount.last)
        named = self._by_name(measured)
        free = [
            name for at, name in enumerate(self.said.names) if at not in {used for _, used in named.values()}
        ]
        limits: list[Limit] = []
        for at, amount in enumerate(measured):
            facet = named[at][0] if at in named else self._by_range(amount)
            limits += self._limits(amount, facet) if facet is not None else []
        limits += self._bare(free)
        return sorted(limits, key=lambda limit: limit.start)

    def _take(self, first: int, last: int) -> None:
        self.is_taken[first:last] = [True] * (min(last, len(self.pieces)) - first)

    # ---- numbers with a unit

    def _measured(self) -> Iterator[_Amount]:
        """Numbers with a unit; the two ends of a range are one."""
        before: _Amount | None = None
        for found in find_quantities(self.text):
            first, last = bisect_left(self.starts, found.start), bisect_left(self.starts, found.end)
            if any(self.is_taken[first:last]):
                continue
            amount = self._with_start(_Amount((found.value,), found.unit, first, last))
            if before is not None and len(amount.values) == 1 and self._is_range(before, amount):
                yield _Amount((*before.values, found.value), found.unit, before.first, last)
                before = None
                continue
            if before is not None:
                yield before
            before = amount
        if before is not None:
            yield before

    def _with_start(self, high: _Amount) -> _Amount:
        """ "between 8 and 16 gb": the other links of a range need no "between" (`units`)."""
        start = high.first - 2
        if start < 1 or self.keys[high.first - 1] not in price_words("joining_links"):
            return high
        low = read_number(self.keys, start)
        is_range = low is not None and low.end == high.first - 1 and self.keys[start - 1] == "between"
        if low is None or not is_range or low.value >= high.values[0]:
            return high
        return _Amount((low.value, *high.values), high.unit, start, high.last)

    def _is_range(self, low: _Amount, high: _Amount) -> bool:
        is_linked = high.first == low.last + 1 and self.keys[low.last] in _links()
        if is_linked and self.keys[low.last] in price_words("joining_links"):
            is_linked = low.first > 0 and self.keys[low.first - 1] == "between"
        is_single = len(low.values) == 1
        return is_linked and is_single and low.unit == high.unit and low.values[0] < high.values[0]

    def _candidates(self, unit: str) -> list[int]:
        """The facets that a number with this unit may be about."""
        if dimension_of(unit) == COUNT or unit == STARS:
            named = self.said.index.names.get(unit, set())
            counted = [at for at in named if self.facets[at].kind == "number" and not self.facets[at].unit]
            if counted or unit != STARS:
                return counted
        return [
            at
            for at, facet in enumerate(self.facets)
            if facet.kind == "number" and facet.unit and converted(1, unit, unit_in(facet)) is not None
        ]

    def _by_name(self, amounts: Sequence[_Amount]) -> dict[int, tuple[int, int]]:
        """(facet, place of the name) by place of the amount: the nearest names first, each used once."""
        pairs = sorted(
            (distance, at, place, facet)
            for at, amount in enumerate(amounts)
            for distance, place, facet in self._near(amount)
        )
        found: dict[int, tuple[int, int]] = {}
        used: set[int] = set()
        for _, at, place, facet in pairs:
            if at not in found and place not in used:
                found[at] = (facet, place)
                used.add(place)
        return found

    def _near(self, amount: _Amount) -> Iterator[tuple[float, int, int]]:
        """(distance, place of the name, facet) of the names around an amount. Of two equally near ones the
        one behind it counts, unless it is the name that opens the list ("ram 8 gb, storage 128 gb")."""
        candidates = set(self._candidates(amount.unit))
        first, last = self._words_of(amount.first, amount.last)
        opening = bool(self.said.names) and self.said.names[0].last <= first
        for place, name in self._names_between(first - 2 * _REACH, last + 2 * _REACH):
            own = sorted(candidates & name.facets)
            is_before = name.last <= first
            gap = first - name.last if is_before else max(0, name.first - last)
            start, end = self._between(name, first, last)
            cost = _STOP_COSTS * sum(char in _STOPS for char in self.text[start:end])
            if own and gap + cost <= _REACH:
                prefers = is_before if opening else not is_before
                yield gap + cost + (0.0 if prefers else 0.5), place, own[0]

    def _between(self, name: Named, first: int, last: int) -> tuple[int, int]:
        """The code points between a name and the words [first, last)."""
        if name.last <= first:
            start = self.word_starts[first] if first < len(self.word_starts) else 0
            return self.word_ends[name.last - 1], start
        return self.word_ends[last - 1], self.word_starts[name.first]

    def _names_between(self, first: int, last: int) -> Iterator[tuple[int, Named]]:
        names = self.said.names
        at = bisect_left(names, first, key=lambda name: name.first)
        while at < len(names) and names[at].first <= last:
            yield at, names[at]
            at += 1

    def _words_of(self, first: int, last: int) -> tuple[int, int]:
        """The words at pieces [first, last)."""
        start, end = self.pieces[first].start, self.pieces[last - 1].end
        at = bisect_left(self.word_ends, start + 1)
        return at, max(at, bisect_left(self.word_starts, end))

    def _by_range(self, amount: _Amount) -> int | None:
        """The facet whose values are of this size, of those with the unit."""
        unit = amount.unit
        told = [at for at in self._candidates(unit) if is_told_in(unit, unit_in(self.facets[at]))]
        likely = [at for at in told if self._is_likely(at, amount, _FAR)]
        within = [at for at in likely if self._is_likely(at, amount, 1.0)]
        for left in (within, likely):
            if len(left) == 1:
                return left[0]
        return None

    def _is_likely(self, at: int, amount: _Amount, room: float) -> bool:
        """Whether the shop has values up to `room` times away from the amount."""
        low, high = ends_of(self.facets[at])
        values = self._in_unit(amount, self.facets[at])
        return all(low / room <= value <= high * room for value in values)

    def _in_unit(self, amount: _Amount, facet: Facet) -> list[float]:
        if not amount.unit or not facet.unit:
            return list(amount.values)
        values = [converted(value, amount.unit, unit_in(facet)) for value in amount.values]
        return [value for value in values if value is not None]

    # ---- numbers without a unit

    def _bare(self, free: Sequence[Named]) -> Iterator[Limit]:
        """Numbers that stand next to the name of their facet."""
        ends = {name.last: name for name in free}
        starts = {name.first: name for name in free}
        at = 0
        while at < len(self.keys):
            number = None if self._is_no_number(at) else read_number(self.keys, at)
            if number is None:
                at += 1
                continue
            amount = _Amount((number.value,), "", at, number.end)
            facet = None if self._is_money(amount) else self._beside(amount, starts, ends)
            if facet is not None:
                yield from self._limits(amount, facet)
            at = number.end

    def _is_no_number(self, at: int) -> bool:
        """Taken already, or part of a code such as mx250."""
        before = self.pieces[at - 1] if at else None
        is_glued = before is not None and before.end == self.pieces[at].start and before.key.isalpha()
        is_with = self.keys[at - 1 : at] and self.keys[at - 1] in listed("genitives")  # ke saath, not sixty
        return self.is_taken[at] or is_glued or bool(is_with and not self.keys[at][0].isdecimal())

    def _is_money(self, amount: _Amount) -> bool:
        around = (
            *self.keys[max(0, amount.first - 1) : amount.first],
            *self.keys[amount.last : amount.last + 1],
        )
        return any(key in price_words("currency") for key in around)

    def _beside(self, amount: _Amount, starts: dict[int, Named], ends: dict[int, Named]) -> int | None:
        """The facet whose name is next to the number and its bound, but for light words."""
        _, first, last = bound_around(self.keys, amount.first, amount.last)
        left, right = self._words_of(first, last)
        names = [starts.get(self._skipped(right, 1)), ends.get(self._skipped(left - 1, -1) + 1)]
        for name in names:
            likely = [at for at in sorted(name.facets) if self._fits(at, amount)] if name else []
            counts = [at for at in likely if not self.facets[at].unit]
            if likely:
                return (counts or likely)[0]
        return None

    def _fits(self, at: int, amount: _Amount) -> bool:
        return self.facets[at].kind == "number" and self._is_likely(at, amount, _FAR)

    def _skipped(self, at: int, step: int) -> int:
        """The next word in a direction that is not light, two of which may be left out."""
        words = self.said.words
        for _ in range(2):
            if not (0 <= at < len(words)) or words[at].key not in listed("light"):
                break
            at += step
        return at

    # ---- limits

    def _limits(self, amount: _Amount, facet: int) -> list[Limit]:
        values = self._in_unit(amount, self.facets[facet])
        if len(values) == 2:
            start, end = self.pieces[amount.first].start, self.pieces[amount.last - 1].end
            return [Limit(facet, "min", values[0], start, end), Limit(facet, "max", values[1], start, end)]
        bound, first, last = bound_around(self.keys, amount.first, amount.last)
        if bound == "is" and (name := self.said.name_from(self._words_of(first, last)[1], facet)):
            behind = bound_behind(self.keys, amount.first, bisect_left(self.starts, name[1]))
            bound, last = behind or (bound, last)
        start, end = self.pieces[first].start, self.pieces[last - 1].end
        return [Limit(facet, bound, value, start, end) for value in values]


@lru_cache(maxsize=1)
def _links() -> frozenset[str]:
    """What may stand between the ends of a range."""
    return frozenset(word_key(word) for word in read_words("units")["reading"]["links"].split(", "))
