"""Near-copies: the same sentence with other values, or with a word changed.

A text is compared as its skeleton: values become what they are, the rest stays, and neighbouring words
make pairs.

    "blue shirt 2000 tak" -> (^ colour) (colour product_type) (product_type price) (price tak) (tak $)

Two skeletons are near when the pairs they share are at least `NEAR` of all their pairs (Jaccard): in a
sentence of eight words, one other word. The same words in another order are another sentence. Candidates
are found by prefix filtering (Chaudhuri, Ganti and Kaushik 2006): near sets share one of their rarest
pairs, whatever the order of rarity.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from muse_core.dialogue.llm.reading import Fact, Shelf, around_values, read
from muse_core.language.matching import tokens
from muse_core.wordings.book import shipped
from muse_core.wordings.grammar import readings

NEAR = 0.6
MOST_ALIKE = 3  # texts of one frame, each for another wish
VALUE = "\x00"  # no word is spelled like this
_SLOT = re.compile(r"\{\w+\}")
_FORMS = re.compile(r"\(([^()/|]+)/[^()]*\)")

Pairs = frozenset[tuple[str, str]]
Speaker = tuple[str, str]
Copy = Literal["own_wording", "repeated", "held_out"]


def skeleton(text: str, shelf: Shelf) -> list[str]:
    """The words of a text, with the name of the slot in place of each value."""
    values = [fact for fact in read(text, shelf) if fact.slot != "negation"]
    return _masked(text, values)


def coarse(words: Iterable[str]) -> list[str]:
    """A skeleton with every run of values and the small words between and around them made one, as the
    placeholders of wordings stand for them: `a V in V under V` is `V`."""
    plain = [VALUE if word.startswith(VALUE) else word for word in words]
    return _absorbed(_absorbed(plain)[::-1])[::-1]


def _absorbed(words: Iterable[str]) -> list[str]:
    """Without the small words and values that follow a value."""
    out: list[str] = []
    for word in words:
        if not (out[-1:] == [VALUE] and (word == VALUE or word in around_values())):
            out.append(word)
    return out


def _masked(text: str, values: list[Fact]) -> list[str]:
    out: list[str] = []
    for token in tokens(text):
        fact = next((one for one in values if one.start < token.end and token.start < one.end), None)
        word = VALUE + fact.slot if fact is not None else token.key
        if fact is None or out[-1:] != [word]:
            out.append(word)
    return out


def pairs(words: Iterable[str]) -> Pairs:
    """Neighbouring words, with marks for the two ends."""
    row = ["^", *words, "$"]
    return frozenset(pairwise(row))


def nearness(one: Pairs, other: Pairs) -> float:
    """Jaccard's index."""
    return len(one & other) / len(one | other)


@dataclass
class Seen:
    """Skeletons with who said them (a side) and where, the first first."""

    _rows: list[tuple[Pairs, Speaker]] = field(default_factory=list)
    _holders: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    def add(self, found: Pairs, speaker: Speaker) -> None:
        for pair in _rarest(found):
            self._holders.setdefault(pair, []).append(len(self._rows))
        self._rows.append((found, speaker))

    def near(self, found: Pairs) -> Iterator[Speaker]:
        """Who said something near."""
        rows = {row for pair in _rarest(found) for row in self._holders.get(pair, ())}
        return (self._rows[row][1] for row in sorted(rows) if nearness(found, self._rows[row][0]) >= NEAR)


def _rarest(found: Pairs) -> list[tuple[str, str]]:
    """Pairs of which near sets share one. Pairs with a value come last: they are in every request."""
    count = len(found) - math.ceil(NEAR * len(found)) + 1
    return sorted(found, key=lambda pair: (sum(word[0] in f"{VALUE}^$" for word in pair), pair))[:count]


@dataclass
class Copies:
    """What has been said so far: our own wordings, and what was taken from the teacher."""

    shelf: Shelf
    own: Seen = field(default_factory=lambda: own_wordings())
    taken: Seen = field(default_factory=Seen)

    def is_copy(self, text: str, side: str, lesson: str) -> Copy | None:
        """Whether a text is one of ours with other values, one of this lesson with a word changed, one more
        of a frame that has been used enough, or belongs to another side."""
        words = skeleton(text, self.shelf)
        if any(self.own.near(pairs(coarse(words)))):
            return "own_wording"
        alike = list(self.taken.near(pairs(words)))
        if any(other != side for other, _ in alike):
            return "held_out"
        is_repeated = len(alike) >= MOST_ALIKE or any(other == lesson for _, other in alike)
        return "repeated" if is_repeated else None

    def take(self, text: str, side: str, lesson: str) -> None:
        self.taken.add(pairs(skeleton(text, self.shelf)), (side, lesson))


def own_wordings() -> Seen:
    """The skeletons of every wording that the simulator speaks, of all sides."""
    seen = Seen()
    known: set[Pairs] = set()
    for frame, side, wording in frames():
        found = pairs(frame)
        if found not in known:
            known.add(found)
            seen.add(found, (side, wording))
    return seen


def frames() -> Iterator[tuple[tuple[str, ...], str, str]]:
    """(coarse skeleton, side, wording) of every reading of every wording that the simulator speaks."""
    for wordings in shipped().values():
        for wording in wordings:
            for reading in readings(wording.text):
                yield tuple(coarse(_words_of(reading))), wording.side, wording.text


def _words_of(reading: str) -> Iterator[str]:
    """The words of a reading; `{slot}` is a value. Forms that agree count by the first."""
    plain = _FORMS.sub(r"\1", reading).replace("*", " ")
    at = 0
    for slot in _SLOT.finditer(plain):
        yield from (token.key for token in tokens(plain[at : slot.start()]))
        yield VALUE
        at = slot.end()
    yield from (token.key for token in tokens(plain[at:]))
