"""Requests that were read → wordings of the simulator: their values replaced by placeholders.

    "bhai ek black shirt dikhao 500 tak" -> "bhai {np} dikhao {tail}"

Only where the product stands in one stretch of words and its limits in one more, and something is left that
is said. All are of the train side: held-out shoppers speak in none of them, and one that asks in the words
of a held-out wording is left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from muse_core.language.matching import Token, tokens, word_key
from muse_core.reading.shop_words import ShopWords
from muse_core.types import TurnType
from muse_core.utterances.explained import is_carrier, known_nouns, values_in
from muse_core.utterances.read_log import Request
from muse_core.utterances.word_lists import read_words
from muse_core.wordings.book import Book, Wording, said, shipped
from muse_core.wordings.grammar import GrammarError, parse, readings
from muse_core.wordings.kinds import Shelf, check_placeholders
from muse_core.wordings.lined_toml import Line
from muse_core.wordings.sides import heads_of

_SHELVES: dict[str, tuple[TurnType, str]] = {
    "search": ("complete", "request"),
    "recommend": ("recommendation", "query"),
}
_SIGNS = re.compile(r"[()\[\]{}<>|*/\"“”‘’0-9]")
_ARTICLE = re.compile(r"\b(?:an?|some|any)\s+\{np\}", re.IGNORECASE)
MOST = 400  # wordings of a log, the most frequent ones


@dataclass(frozen=True)
class _Stretch:
    """Words of one kind beside each other: values (`is_value`), or what carries them."""

    start: int
    end: int
    is_value: bool


def wordings_of(read: Iterable[Request], words: ShopWords, file: str) -> Book:
    """The wordings of a log by shelf, each once."""
    counts: Counter[tuple[Shelf, str]] = Counter()
    for one in read:
        if one.side == "train" and one.by == "rules" and one.decision.tool in _SHELVES:
            text = pattern_of(one.text, words)
            if text is not None:
                shelf: Shelf = (one.script, *_SHELVES[one.decision.tool])
                counts[shelf, text] += one.count
    book: dict[Shelf, list[Wording]] = {}
    for (shelf, text), _ in counts.most_common():
        if sum(map(len, book.values())) < MOST and _is_new(shelf, text, book.get(shelf, ())):
            line = Line(file, 1)
            book.setdefault(shelf, []).append(Wording(shelf, text, "train", line, is_decided=True))
    return {shelf: tuple(found) for shelf, found in book.items()}


def pattern_of(text: str, words: ShopWords) -> str | None:
    """A request with placeholders in place of its values; None where they do not stand together."""
    nouns = known_nouns(text, words)
    if len(nouns) != 1:
        return None
    stretches = _stretches(text, words)
    at = next(
        (k for k, one in enumerate(stretches) if one.is_value and one.start <= nouns[0].start < one.end), None
    )
    others = [k for k, one in enumerate(stretches) if one.is_value and k != at]
    if at is None or len(others) > 1:
        return None
    has_limits_behind = bool(tokens(text[nouns[0].end : stretches[at].end]))
    if others and has_limits_behind:
        return None
    marks = {at: "{np}" if others else "{np} {tail}"} | dict.fromkeys(others, "{tail}")
    pieces = [marks[k] if k in marks else text[one.start : one.end] for k, one in enumerate(stretches)]
    pattern = _ARTICLE.sub("{a}", " ".join(" ".join(pieces).lower().split()).strip(" .,!?;:-"))
    literal = re.sub(r"\{\w+\}", " ", pattern)
    return pattern if tokens(literal) and not _SIGNS.search(literal) else None


def _stretches(text: str, words: ShopWords) -> list[_Stretch]:
    """The text cut into values and what carries them; links beside a limit are the limit's."""
    places = list(values_in(text, words))
    found = tokens(text)
    kinds = [_is_value(one, places) for one in found]
    for at, one in enumerate(found):
        kinds[at] = kinds[at] or (one.key in _listed("links_behind") and at > 0 and kinds[at - 1])
    for at in range(len(found) - 2, -1, -1):
        kinds[at] = kinds[at] or (found[at].key in _listed("links_before") and kinds[at + 1])
    stretches: list[_Stretch] = []
    for at, one in enumerate(found):
        is_value = kinds[at]
        start = 0 if at == 0 else one.start
        if stretches and stretches[-1].is_value == is_value:
            start = stretches.pop().start
        end = found[at + 1].start if at + 1 < len(found) else len(text)
        stretches.append(_Stretch(start, end, is_value))
    return stretches


def _is_value(word: Token, places: Sequence[tuple[int, int]]) -> bool:
    """What is no carrier was explained: by a value, or because the reading depends on it."""
    return any(start < word.end and word.start < end for start, end in places) or not is_carrier(word.key)


@cache
def _listed(name: str) -> frozenset[str]:
    return frozenset(word_key(word) for word in read_words("carriers")[name].split())


def _is_new(shelf: Shelf, text: str, known: Sequence[Wording]) -> bool:
    """Whether a wording can be read, says what none of ours says, and is in the words of none held out."""
    try:
        parse(text)
        check_placeholders(shelf, text)
        heads = heads_of(text)
    except GrammarError:
        return False
    ours = shipped().get(shelf, ())
    spoken = {said(reading) for one in (*ours, *known) for reading in readings(one.text)}
    held_out = {head for one in ours if one.side != "train" for head in heads_of(one.text)}
    return said(readings(text)[0]) not in spoken and not set(heads) & held_out
