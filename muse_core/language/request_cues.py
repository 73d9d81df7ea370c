"""What a named value is meant for: wanted, unwanted (cotton nahi chahiye, without leather), or taken back
("red, sorry blue"). What is disliked or owned is unwanted, too: "tired of black", "i own a Nokia, show
another brand".

A mention is a value of one slot with its place in the text. Negation reaches over light words only, never
over a comma; it carries over "or" (not red or blue; red ya blue nahi). A question ("kya red nahi hai?")
asks for the value.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product

from muse_core.language.matching import Token, keys_of, tokens, word_key
from muse_core.language.phrases import Phrase, Phrases
from muse_core.language.word_lists import read_words

_REACH = 4  # words between a negation and its value
_CORRECTION_REACH = 6  # words between a value and the one that takes its place
_STOP = re.compile(r"[,.;!?।|]")


@dataclass(frozen=True)
class Mention:
    """One value of one slot at [start, end) of the text."""

    slot: str
    value: str
    start: int
    end: int


class Cues:
    """The words of one text around its mentions."""

    def __init__(self, text: str, nouns: Sequence[tuple[int, int]] = ()) -> None:
        """`nouns`: places of products, over which a negation reaches ("taiwan wali series chhod kar")."""
        self.text = text
        self.words = tokens(text)
        self.keys = keys_of(text)
        self._starts = [word.start for word in self.words]
        self._is_asking = not _listed("asking").isdisjoint(self.keys)
        self._named: set[int] = set()  # words of the mentions that are looked at
        self._names: set[int] = set()  # words of the facets' names
        self._nouns = {at for start, end in nouns for at in range(self._first(start), self._first(end))}

    def reach_over(self, places: Iterable[tuple[int, int]]) -> None:
        """A sure negation reaches over these, too: the names of choices ("solid pattern nahi")."""
        self._names |= {at for start, end in places for at in range(self._first(start), self._first(end))}

    def meant(self, mentions: Sequence[Mention]) -> tuple[list[Mention], list[Mention]]:
        """(wanted, unwanted) of the mentions of one slot, in order; those taken back are in neither."""
        if not mentions:
            return [], []
        unwanted = self._unwanted(mentions)
        kept = [
            mention
            for at, mention in enumerate(mentions)
            if mention in unwanted or not self._is_taken_back(mention, mentions[at + 1 :], unwanted)
        ]
        if unwanted and self._keeps_exceptions():
            return kept, []
        return [mention for mention in kept if mention not in unwanted], unwanted

    def _keeps_exceptions(self) -> bool:
        """ "drop anything that isn't red": all but the exceptions is to go."""
        return all(
            any(key in _listed(name) for key in self.keys)
            for name in ("everything", "removals", "exceptions")
        )

    def is_corrected(self, start: int, end: int) -> bool:
        """Whether the words of [start, end) take back what stands before: sorry, I mean, nahi nahi."""
        between = [word.key for word in self._within(start, end)]
        if len(between) > _CORRECTION_REACH:
            return False
        corrections = _phrases("correction", "words")
        if any(corrections.at(between, at) for at in range(len(between))):
            return True
        return bool(between) and between[-1] in _PLAIN_NO and (len(between) == 1 or between[0] in _PLAIN_NO)

    # ---- negation

    def _unwanted(self, mentions: Sequence[Mention]) -> list[Mention]:
        places = [(self._first(mention.start), self._first(mention.end)) for mention in mentions]
        self._named = {at for first, last in places for at in range(first, last)}
        before = [self._is_negated_before(mention) for mention in mentions]
        after = [self._is_negated_after(mention) for mention in mentions]
        for at in range(1, len(mentions)):
            if before[at - 1] and self._is_joined(mentions[at - 1], mentions[at]):
                before[at] = True
        for at in range(len(mentions) - 1, 0, -1):
            if after[at] and self._is_joined(mentions[at - 1], mentions[at]):
                after[at - 1] = True
        return [mention for mention, no, nahi in zip(mentions, before, after, strict=True) if no or nahi]

    def _is_negated_before(self, mention: Mention) -> bool:
        end = self._first(mention.start)
        for at in range(end, max(0, end - _REACH) - 1, -1):
            if at < end and self.keys[at] not in _listed("light"):
                return False
            if self._negates(at - 1) and not self._is_stopped(at - 1, mention.start):
                return True
        return False

    def _negates(self, last: int) -> bool:
        """Whether a negation that stands before its value ends with the word at `last`."""
        if self._is_no_negation(last):
            return False
        if self._is_owned(last):
            return True
        if _phrases("negation", "before").before(self.keys, last + 1) is None:
            return False
        return self.keys[last] not in _listed("postposed") or self._key(last - 1) not in _listed("genitives")

    def _is_owned(self, last: int) -> bool:
        """ "i own a Nokia, want another": what one has, where another one is asked for."""
        if not self._asks_for_another:
            return False
        return _phrases("negation", "owning").before(self.keys, last + 1) is not None

    @cached_property
    def _asks_for_another(self) -> bool:
        phrases = _phrases("negation", "other")
        return phrases.may_be_in(self.keys) and any(phrases.at(self.keys, at) for at in range(len(self.keys)))

    @cached_property
    def _may_dislike(self) -> bool:
        is_owned = self._asks_for_another and _phrases("negation", "owned").may_be_in(self.keys)
        return is_owned or _phrases("negation", "disliked").may_be_in(self.keys)

    def _is_no_negation(self, last: int) -> bool:
        """ "why not red", "nothing but red": they ask for the value."""
        return _phrases("negation", "no_negation").before(self.keys, last + 1) is not None

    def _is_stopped(self, at: int, start: int) -> bool:
        return _STOP.search(self.text[self.words[at].end : start]) is not None

    def _is_negated_after(self, mention: Mention) -> bool:
        if self._is_not_only(mention):
            return False
        if self.text[mention.end : mention.end + 5].lower() == "-free":
            return True
        begin = self._first(mention.end)
        strange = 0  # words that an exclusion reaches over, once: "taiwan wali series chhod kar"
        is_named = False
        for at in range(begin, min(begin + _REACH, len(self.words))):
            if (negation := self._negation_at(at)) is not None:
                is_stopped = _STOP.search(self.text[mention.end : self.words[at].start])
                is_near = not strange or (strange == 1 and negation[0] not in _listed("doubtful"))
                if is_named:
                    is_near = not strange and negation[0] not in _listed("unsure")
                return not is_stopped and is_near and self._is_said(negation, at)
            if at in self._named:
                return False
            is_named |= at in self._names
            strange += self.keys[at] not in _listed("between") and at not in (self._nouns | self._names)
        return False

    def _negation_at(self, at: int) -> Phrase | None:
        """The negation that starts with the word at `at`, of those that stand behind their value."""
        found = _phrases("negation", "after").at(self.keys, at) or self._dislike_at(at)
        return found[1] if found is not None else None

    def _dislike_at(self, at: int) -> tuple[int, Phrase] | None:
        """ "pasand nahi", "se bore"; what is owned ("already hai") where another one is asked for."""
        if not self._may_dislike:
            return None
        found = _phrases("negation", "disliked").at(self.keys, at)
        if found is not None:
            return None if any(key in _listed("supposed") for key in self.keys[:at]) else found
        found = _phrases("negation", "owned").at(self.keys, at)
        return found if found is not None and self._asks_for_another else None

    def _is_said(self, negation: Phrase, at: int) -> bool:
        """Not asked ("kya red nahi hai?") and no choice ("red nahi to blue"); "ke alawa" is always meant."""
        if negation[0] not in _listed("doubtful"):
            return True
        return not self._is_asking and self._key(at + len(negation)) not in _listed("or_else")

    def _is_not_only(self, mention: Mention) -> bool:
        """ "sirf red nahi" denies that it is all."""
        return self._key(self._first(mention.start) - 1) in _listed("only")

    def _is_joined(self, one: Mention, other: Mention) -> bool:
        between = self._within(one.end, other.start)
        return len(between) == 1 and between[0].key in _listed("joining")

    # ---- corrections

    def _is_taken_back(self, mention: Mention, later: Sequence[Mention], unwanted: Sequence[Mention]) -> bool:
        if self._is_not_only(mention):
            return False
        return any(
            other not in unwanted and self.is_corrected(mention.end, other.start) for other in later[:1]
        )

    # ---- places

    def _within(self, start: int, end: int) -> list[Token]:
        words = self.words[self._first(start) : self._first(end)]
        return words[:-1] if words and words[-1].end > end else words

    def _first(self, start: int) -> int:
        """The place of the first word at or behind a code point."""
        return bisect_left(self._starts, start)

    def _key(self, at: int) -> str:
        return self.keys[at] if 0 <= at < len(self.keys) else ""


_PLAIN_NO = frozenset(word_key(word) for word in ("no", "nahi", "nahin", "nhi", "नहीं", "नही"))


@lru_cache(maxsize=32)
def _listed(name: str) -> frozenset[str]:
    return frozenset(word_key(word) for word in read_words("request_words")["negation"][name].split())


@lru_cache(maxsize=16)
def _phrases(table: str, name: str) -> Phrases[Phrase]:
    """Phrases as keys, longest first."""
    said = (
        tuple(token.key for token in tokens(phrase)) for phrase in read_words("request_words")[table][name]
    )
    rows = dict.fromkeys(row for phrase in said for row in _spellings(phrase))
    return Phrases((row, row) for row in sorted(rows, key=len, reverse=True))


def _spellings(phrase: Phrase) -> Iterator[Phrase]:
    """A phrase of several words in all spellings of its usual ones."""
    if len(phrase) == 1:
        yield phrase
        return
    yield from product(*(next((row for row in _usual() if key in row), (key,)) for key in phrase))


@lru_cache(maxsize=1)
def _usual() -> tuple[tuple[str, ...], ...]:
    rows = read_words("request_words")["negation"]["spellings"]
    return tuple(tuple(map(word_key, row.split())) for row in rows)
