"""The colours that a request asks for.

`lexicon.find` sees every colour word; a request's "gold plated", "green tea", "Orange County" and
"sensitive skin" name none. Words such as cream, coffee or peach count only where something says that
they are colours. A code ("black06") holds its colour, and "an espresso color" names one that the lexicon
does not know. `is_shade_of` tells that navy blue is a blue.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache

from muse_core.language import lexicon
from muse_core.language.matching import Token, keys_of, tokens, word_key
from muse_core.language.scripts import is_roman_hindi
from muse_core.language.word_lists import read_words

Span = tuple[str, int, int]

_CODE = re.compile(r"\d{0,3}([a-z]{3,}?)\d{0,3}")
_MIN_UNKNOWN = 4  # letters of a colour that the lexicon does not know
_REACH = 3  # words between "color" and what it announces; words between a colour and its product


def find_colours(text: str) -> list[Span]:
    """(canonical colour, start, end) of every colour asked for, left to right."""
    may_be = lexicon.find("colour", text) or not _listed("colour_words").isdisjoint(keys_of(text))
    return _ColourReader(text).read() if may_be or any(_in_codes(tokens(text))) else []


def is_shade_of(shade: str, colour: str) -> bool:
    """Whether somebody who asks for `colour` means `shade` too: navy blue is a blue, blue is no navy blue."""
    return shade == colour or colour in (shade.split()[-1], shade.split()[0])


class _ColourReader:
    """The words of one text, its colour words and its products."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.words = tokens(text)
        self.keys = [word.key for word in self.words]
        self.written = [text[word.start : word.end] for word in self.words]
        self.is_shouted = sum(word[0].isupper() for word in self.written) * 2 > len(self.written)
        self.starts = [word.start for word in self.words]
        self.place = {word.start: at for at, word in enumerate(self.words)}
        self.found = [*lexicon.find("colour", text), *_in_codes(self.words)]
        self.products = [(start, end) for _, start, end in lexicon.find("product_type", text)]

    def read(self) -> list[Span]:
        meant = [span for span in self.found if self._is_meant(span)]
        meant += [span for span in self._unknown() if not any(_overlap(span, other) for other in meant)]
        meant.sort(key=lambda span: span[1])
        beside = [meant[max(0, at - 1) : at] + meant[at + 1 : at + 2] for at in range(len(meant))]
        return [
            span for span, near in zip(meant, beside, strict=True) if not self._is_part_of_another(span, near)
        ]

    # ---- one colour word

    def _is_meant(self, span: Span) -> bool:
        value, start, end = span
        if self._is_in_product(start, end) or self._is_thing(value, start, end):
            return False
        first, after = self.place[start], self._after(end)
        if self._has_colour_word(first, after):
            return True
        if self._is_listed(start, end, "finishes") or self._is_name(first, after):
            return False
        return not self._is_listed(start, end, "weak") or self._is_sure(span, first, after)

    def _is_sure(self, span: Span, first: int, after: int) -> bool:
        """A weak colour word: alone, in "in cream", beside another colour, or before a product."""
        follower = self._key(after)
        if follower == "" and first == 0:
            return True
        if self._key(first - 1) == "in" and follower in ("", *_listed("colour_followers")):
            return True
        if follower in _listed("colour_followers") - {"and", "or", "aur", "with", "for", "और"}:
            return True
        is_material = lexicon.canonical("material", self.text[span[1] : span[2]]) is not None
        return self._is_beside_colour(span) or (not is_material and self._is_before_product(after))

    def _is_beside_colour(self, span: Span) -> bool:
        """Next to a colour word that is not weak itself, or joined to one by `and`, `or`, a comma."""
        for other in self.found:
            if other == span or self._is_listed(other[1], other[2], "weak"):
                continue
            between = self.text[min(span[2], other[2]) : max(span[1], other[1])]
            if re.fullmatch(r"[\s,/&-]*(?:and|or|aur|ya|और|या)?\s*", between):
                return not self._is_listed(other[1], other[2], "finishes")
        return False

    def _is_before_product(self, after: int) -> bool:
        """A product stands behind, with only words of the shop in between."""
        for at in range(after, min(after + _REACH, len(self.words))):
            if any(start <= self.words[at].start < end for start, end in self.products):
                return True
            if not _is_shop_word(self.keys[at]):
                return False
        return False

    def _has_colour_word(self, first: int, after: int) -> bool:
        if self._key(after) in _listed("colour_words"):
            return True
        at = first - 1
        while at >= max(0, first - _REACH) and self.keys[at] in _listed("announcing"):
            at -= 1
        return self._key(at) in _listed("colour_words") and not self._is_own_colour_word(at)

    def _is_own_colour_word(self, at: int) -> bool:
        """In "black color skin care" the word belongs to black."""
        return any(self._after(end) == at for _, _, end in self.found)

    def _is_thing(self, value: str, start: int, end: int) -> bool:
        """ "gold plated", "green tea", "maroon 5": part of another thing's name."""
        next_word = self._key(self._after(end))
        return next_word != "" and next_word in (_things("any") | _things(value))

    def _is_in_product(self, start: int, end: int) -> bool:
        """The coffee of a coffee table."""
        return any(left <= start and end <= right for left, right in self.products)

    def _is_name(self, first: int, after: int) -> bool:
        """ "Orange County", "Al Green": a capital beside a capitalised word that no shop knows."""
        written = self.written
        if not written[first][0].isupper() or self.is_shouted:
            return False
        follower = written[after] if after < len(written) else ""
        if _is_unknown_name(follower):
            return True
        is_named = first > 1 and _is_unknown_name(written[first - 1])
        return is_named and not _is_shop_word(word_key(follower))

    # ---- colours that the lexicon does not find

    def _unknown(self) -> Iterator[Span]:
        """ "an espresso color", "camo colored": the word before a colour word."""
        for at in range(1, len(self.words)):
            if self.keys[at] in _listed("colour_words") and (value := self._unknown_at(at - 1)) is not None:
                yield value, self.words[at - 1].start, self.words[at - 1].end

    def _unknown_at(self, at: int) -> str | None:
        key = self.keys[at]
        if self.text[self.words[at].end : self.words[at + 1].start] not in (" ", "-"):
            return None
        if key in _named():
            return _named()[key]
        is_word = key.isascii() and key.isalpha() and len(key) >= _MIN_UNKNOWN
        is_participle = self.keys[at + 1].endswith("ed")
        is_expected = at == 0 or is_participle or self.keys[at - 1] in _unknown_words("after")
        if not is_word or not is_expected or _is_common(key) or _is_shop_word(key):
            return None
        return key

    def _is_part_of_another(self, span: Span, near: list[Span]) -> bool:
        """The blue of "navy (blue)" and the golden of "golden brown"; `near`: the colours beside it."""
        for other in near:
            gap = self.text[min(span[2], other[2]) : max(span[1], other[1])]
            if not re.fullmatch(r"[\s(/-]*", gap):
                continue
            if is_shade_of(other[0], span[0]) and (other[0] != span[0] or other[1] < span[1]):
                return True
            if self.text[span[1] : span[2]].lower() == "golden" and span[2] <= other[1]:
                return True
        return False

    def _after(self, end: int) -> int:
        """The place of the first word that starts at or behind a code point."""
        return bisect_left(self.starts, end)

    def _key(self, at: int) -> str:
        return self.keys[at] if 0 <= at < len(self.keys) else ""

    def _is_listed(self, start: int, end: int, name: str) -> bool:
        """Whether the span is one word of a list."""
        at = self.place.get(start)
        return at is not None and self.words[at].end == end and self.keys[at] in _listed(name)


def _in_codes(words: Sequence[Token]) -> Iterator[Span]:
    """ "black06", "02navy": an English colour with digits glued on."""
    for word in words:
        has_digit = not word.key.isalpha() and any(char.isdigit() for char in word.key)
        code = _CODE.fullmatch(word.key) if has_digit else None
        value = lexicon.canonical("colour", code.group(1)) if code else None
        if value is not None and code is not None and not _listed("weak") & {code.group(1)}:
            yield value, word.start, word.end


def _is_common(key: str) -> bool:
    """A word that everybody knows and that is no colour."""
    is_listed = key in _unknown_words("never") or key in _listed("colour_words")
    return is_listed or is_roman_hindi(key) or lexicon.canonical(lexicon.WORDS, key) is not None


def _overlap(one: Span, other: Span) -> bool:
    return one[1] < other[2] and other[1] < one[2]


def _is_unknown_name(written: str) -> bool:
    return written[:1].isupper() and written[:1].isascii() and not _is_shop_word(word_key(written))


def _is_shop_word(key: str) -> bool:
    """Whether any slot of the lexicon knows the word."""
    return key != "" and bool(lexicon.slots_of(key) - {lexicon.WORDS, "size" if key.isdigit() else ""})


@lru_cache(maxsize=8)
def _listed(name: str) -> frozenset[str]:
    return frozenset(word_key(word) for word in read_words("request_words")[name].split())


@lru_cache(maxsize=128)
def _things(name: str) -> frozenset[str]:
    return frozenset(word_key(word) for word in read_words("request_words")["things"].get(name, "").split())


@lru_cache(maxsize=2)
def _unknown_words(name: str) -> frozenset[str]:
    return frozenset(read_words("request_words")["unknown"][name].split())


@lru_cache(maxsize=1)
def _named() -> dict[str, str]:
    return dict(read_words("request_words")["named"])
