"""An interpolated trigram language model with a decaying n-gram cache over the context.

The trigram part is smoothed after Witten and Bell (1991); the cache part (Kuhn & De Mori 1990; its
conditioning on the previous words is the discrete counterpart of Grave et al. 2017) gives a word that
stands in the context more weight the nearer it stands (exponential decay: Clarkson & Robinson 1997).
It learns from plain text in seconds and, through the cache, can read a tool's result: that is what
the utility filter needs from a scorer, and what a small model from scratch cannot do within minutes.

Words are lower-cased runs of letters, whole numbers (`1,499` and `1499` are one word) and single
signs. A word never seen in training shares the unknown mass evenly with `UNSEEN_WORDS` others.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

UNSEEN_WORDS = 10_000  # word types assumed to exist beyond the training vocabulary
CACHE_SHARE = 0.5  # weight of the cache against the trigram model when the context has words
CACHE_WINDOW = 400  # words of context that the cache keeps
CACHE_DECAY = 1 / 150  # per word of distance
CACHE_BACKOFF = 0.3  # pseudo-count of the shorter history inside the cache

BREAK = "\n"  # stands between two messages

_WORD = re.compile(r"\d[\d,]*(?:\.\d+)?|[^\W\d]+[\w\u0900-\u097f]*|[\u0900-\u097f]+|\n|[^\w\s]")
_SEPARATOR = re.compile(r"(?<=\d),(?=\d)")


def words(text: str) -> list[str]:
    """The words of a text in the model's sense."""
    return _WORD.findall(_SEPARATOR.sub("", text.lower()))


def word_starts(text: str) -> list[tuple[int, str]]:
    """Each word with its code-point offset (separators inside numbers removed from the word only)."""
    return [(match.start(), _SEPARATOR.sub("", match.group().lower())) for match in _WORD.finditer(text)]


@dataclass(frozen=True)
class Followers:
    """What followed one history in training: counts by word, and their sum."""

    counts: Mapping[str, int]
    total: int


_NOTHING = Followers({}, 0)


@dataclass
class Cache:
    """The words of a context with their places; newest words count most."""

    size: int = 0
    places: dict[str, list[int]] = field(default_factory=dict)
    sequence: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, sequence: Sequence[str]) -> Cache:
        """The last `CACHE_WINDOW` words of `sequence`."""
        cache = cls()
        for word in sequence[-CACHE_WINDOW:]:
            cache.append(word)
        return cache

    def append(self, word: str) -> None:
        """One more word at the end."""
        self.places.setdefault(word, []).append(self.size)
        self.sequence.append(word)
        self.size += 1

    def extended(self, sequence: Sequence[str]) -> Cache:
        """A copy with (the last `CACHE_WINDOW` of) more words at its end."""
        copy = Cache(self.size, {word: list(at) for word, at in self.places.items()}, list(self.sequence))
        for word in sequence[-CACHE_WINDOW:]:
            copy.append(word)
        return copy

    def probability(self, word: str) -> float:
        """P(word | the words so far) under the cache alone; sums to 1 over the words it holds."""
        weight, sequence = self._weight, self.sequence
        all_weight = (1 - _POWER[self.size]) / (1 - _POWER[1])
        at_word = self.places.get(word, [])
        chance = sum(weight(place) for place in at_word) / all_weight
        history = sequence[-1]
        after = [place + 1 for place in self.places[history] if place + 1 < self.size]
        for length in (1, 2):
            if length == 2:
                if self.size < 2:
                    break
                after = [place for place in after if place >= 2 and sequence[place - 2] == sequence[-2]]
            if not after:
                break
            seen = sum(weight(place) for place in after)
            hits = sum(weight(place) for place in after if sequence[place] == word)
            chance = (hits + CACHE_BACKOFF * chance) / (seen + CACHE_BACKOFF)
        return chance

    def _weight(self, place: int) -> float:
        return _POWER[self.size - 1 - place]


_POWER = [math.exp(-CACHE_DECAY * distance) for distance in range(4 * CACHE_WINDOW + 1)]


@dataclass(frozen=True)
class NgramModel:
    """Trigram counts. `followers[()]` are the unigrams; keys are histories of one or two words."""

    followers: Mapping[tuple[str, ...], Followers]

    @classmethod
    def train(cls, texts: Iterable[Sequence[str]]) -> NgramModel:
        """Counts every text, each preceded by two breaks."""
        counts: dict[tuple[str, ...], dict[str, int]] = {(): {}}
        for text in texts:
            second, first = BREAK, BREAK
            for word in (*text, BREAK):
                for history in ((), (first,), (second, first)):
                    row = counts.setdefault(history, {})
                    row[word] = row.get(word, 0) + 1
                second, first = first, word
        return cls({history: Followers(row, sum(row.values())) for history, row in counts.items()})

    @property
    def vocabulary(self) -> Iterable[str]:
        """Every word type seen in training."""
        return self.followers[()].counts.keys()

    def probability(self, word: str, history: Sequence[str]) -> float:
        """Witten-Bell P(word | last two words of `history`), unknown words included."""
        unigrams = self.followers[()]
        kinds = len(unigrams.counts)
        unknown = (kinds or 1) / (unigrams.total + kinds or 1) / UNSEEN_WORDS
        chance = unigrams.counts[word] / (unigrams.total + kinds) if word in unigrams.counts else unknown
        for length in (1, 2):
            key = tuple(history[-length:])
            row = self.followers.get(key, _NOTHING) if len(key) == length else _NOTHING
            if row.total:
                types = len(row.counts)
                chance = (row.counts.get(word, 0) + types * chance) / (row.total + types)
        return chance

    def trigram_chances(self, prefix: Sequence[str], target: Sequence[str]) -> list[float]:
        """The trigram part of each word of `target` after `prefix`; the same for every context."""
        history = [BREAK, BREAK, *prefix]
        chances = []
        for word in target:
            chances.append(self.probability(word, history))
            history.append(word)
        return chances


def target_nats(chances: Sequence[float], target: Sequence[str], cache: Cache) -> list[float]:
    """-ln P of each word of `target`; `cache` (used up) holds what stands before, the prefix included."""
    nats = []
    for chance, word in zip(chances, target, strict=True):
        nats.append(-math.log(_mix(chance, cache, word)))
        cache.append(word)
    return nats


def _mix(chance: float, cache: Cache, word: str) -> float:
    if cache.size == 0:
        return chance
    return (1 - CACHE_SHARE) * chance + CACHE_SHARE * cache.probability(word)
