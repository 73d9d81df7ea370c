"""Numbers in words: Hindi in both scripts and English, with India's scales and half forms.

    पंद्रह सौ = pandrah sau = fifteen hundred = 1500
    डेढ़ हज़ार = dedh hazaar = 1500    ढाई लाख = 250000    साढ़े तीन हज़ार = 3500
    सवा सौ = 125    पौने दो हज़ार = 1750    1.5 lakh = 150000

`read_number` reads from a list of tokens; `say_number` writes. Not covered: ordinals, fractions other
than the four half forms, numbers of a hundred crore and more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from muse_core.language.matching import roman_key, word_key
from muse_core.language.word_lists import read_words

Script = Literal["devanagari", "roman", "english"]

_HALF_ALONE = {"sawa": 1.25, "dedh": 1.5, "dhai": 2.5, "paune": 0.75, "aadha": 0.5}
_HALF_ADDED = {"sawa": 0.25, "sadhe": 0.5, "paune": -0.25}

_DIGITS = re.compile(r"\d[\d,]*(?:\.\d+)?")


@dataclass(frozen=True)
class Number:
    """A number read from tokens [start, end). `is_words`: at least one word; `has_scale`: a scale word."""

    value: float
    end: int
    is_words: bool
    has_scale: bool


def digits_value(text: str) -> float | None:
    """'1,499' or '१४९९.५०' -> its value; None when it is not digits. Commas may group in any way."""
    if not _DIGITS.fullmatch(text):
        return None
    return float(text.replace(",", ""))


@lru_cache(maxsize=65536)
def small_value(word: str) -> int | None:
    """The value 0..99 of a number word in any of the three spellings."""
    key = word_key(word)
    table = _small()
    if key in table:
        return table[key]
    return _small_loose().get(roman_key(key)) if key.isascii() else None


def scale_value(word: str) -> int | None:
    """100, 1000, 100000 or 10000000 for a scale word."""
    return _scales().get(word_key(word))


@lru_cache(maxsize=65536)
def half_form(word: str) -> str | None:
    """'sawa', 'dedh', 'dhai', 'sadhe', 'paune' or 'aadha' for a half form in either script."""
    return _halves().get(word_key(word))


def half_value(word: str) -> float | None:
    """1.5 for dedh and 2.5 for dhai, the half forms that stand for a number by themselves."""
    form = half_form(word)
    return _HALF_ALONE[form] if form in ("dedh", "dhai") else None


def half_alone(word: str) -> float | None:
    """What a half form says before a unit: aadha kilo is 0.5, sawa 1.25, dedh 1.5; None for another word."""
    return _HALF_ALONE.get(half_form(word) or "")


def read_number(words: Sequence[str], start: int = 0) -> Number | None:
    """The longest number that starts at `words[start]`; None when there is none there."""
    if start >= len(words) or not may_begin_number(words[start]):
        return None
    return _NumberReader(words, start).read()


def has_number(words: Sequence[str]) -> bool:
    """Whether a number, or a half form, may begin at any of the words."""
    return any(map(may_begin_number, words))


@lru_cache(maxsize=65536)
def may_begin_number(word: str) -> bool:
    """Whether a number may begin with a word; most words begin none."""
    readers: tuple[Callable[[str], object], ...] = (half_form, digits_value, small_value, scale_value)
    return any(reader(word) is not None for reader in readers)


class _NumberReader:
    """Sums groups of falling scale: [half form] [0..99 | digits] [hundred] [thousand | lakh | crore]."""

    def __init__(self, words: Sequence[str], at: int) -> None:
        self.words, self.at = words, at
        self.total, self.ceiling = 0.0, float("inf")
        self.is_words = self.has_scale = False

    def read(self) -> Number | None:
        found = False
        while self.group():
            found = True
        return Number(self.total, self.at, self.is_words, self.has_scale) if found else None

    def group(self) -> bool:
        """One coefficient with its scales; taken only if it is smaller than the group before it."""
        after, coefficient, by_words = self.coefficient(self.at)
        if coefficient is None and self.is_bare_scale(self.at):
            coefficient = 1.0
        if coefficient is None or (self.total and not self.has_scale):
            return False
        scale, after = self.scales(after)
        value = round(coefficient * scale, 6)  # 16.1k is 16100, not 16100.000000000002
        if value >= self.ceiling or (self.total and not by_words and scale == 1 and value < 10):
            return False
        self.total += value
        is_thousands = word_key(self.words[after - 1]) == "k"  # "18k, 10 inch" are two numbers
        self.at = after
        self.ceiling = scale if scale > 1 and not is_thousands else 0.0
        self.is_words |= by_words or scale > 1
        self.has_scale |= scale > 1
        return True

    def scales(self, at: int) -> tuple[int, int]:
        """`sau`, `hazaar` or both (`pandrah sau`, `do lakh`); rising, as in 'hundred thousand'."""
        scale = 1
        while at < len(self.words) and (factor := scale_value(self.words[at])) and factor > scale:
            if scale == 1 or (scale == 100 and factor == 1000 and self.is_english(at)):
                scale, at = scale * factor, at + 1
                continue
            break
        return scale, at

    def is_english(self, at: int) -> bool:
        return word_key(self.words[at]) in ("thousand", "k")

    def is_bare_scale(self, at: int) -> bool:
        """'hazaar' alone is 1000; 'so' and 'k' alone are not numbers."""
        if at >= len(self.words) or word_key(self.words[at]) in ("so", "सो", "k", "thousands"):
            return False
        return scale_value(self.words[at]) is not None

    def coefficient(self, at: int) -> tuple[int, float | None, bool]:
        """(next, value, whether it was words) of what may stand before a scale."""
        if at >= len(self.words):
            return at, None, False
        form = half_form(self.words[at])
        if form is not None:
            return self.half(form, at)
        digits = digits_value(self.words[at])
        if digits is not None:
            return at + 1, digits, False
        return self.small(at)

    def half(self, form: str, at: int) -> tuple[int, float | None, bool]:
        after, base, _ = self.small(at + 1) if form in _HALF_ADDED else (at, None, True)
        if base is not None and form in _HALF_ADDED:
            return after, base + _HALF_ADDED[form], True
        is_before_scale = at + 1 < len(self.words) and scale_value(self.words[at + 1]) is not None
        if form in _HALF_ALONE and is_before_scale:
            return at + 1, _HALF_ALONE[form], True
        return at, None, True

    def small(self, at: int) -> tuple[int, float | None, bool]:
        if at >= len(self.words) or (value := small_value(self.words[at])) is None:
            return at, None, True
        is_tens = word_key(self.words[at]) in _listed("english_tens")
        unit = word_key(self.words[at + 1]) if at + 1 < len(self.words) else ""
        if is_tens and unit in _listed("english_small")[1:10]:
            return at + 2, float(value + _listed("english_small").index(unit)), True
        return at + 1, float(value), True


# ---- saying ---------------------------------------------------------------------------------------

_SAID_SCALES: dict[Script, dict[int, str]] = {
    "devanagari": {10_000_000: "करोड़", 100_000: "लाख", 1_000: "हज़ार", 100: "सौ"},
    "roman": {10_000_000: "crore", 100_000: "lakh", 1_000: "hazaar", 100: "sau"},
    "english": {10_000_000: "crore", 100_000: "lakh", 1_000: "thousand", 100: "hundred"},
}


def say_number(value: int, script: Script) -> str:
    """A whole number from 0 up to 99 crore in words: 1499 -> 'एक हज़ार चार सौ निन्यानवे'."""
    if not 0 <= value < 1_000_000_000:
        raise ValueError(f"cannot say {value} in words; expected 0 to 999,999,999")
    parts: list[str] = []
    rest = value
    for scale, word in _SAID_SCALES[script].items():
        count, rest = divmod(rest, scale)
        if count:
            parts.append(f"{say_small(count, script)} {word}")
    if rest or not parts:
        parts.append(say_small(rest, script))
    return " ".join(parts)


def say_small(value: int, script: Script) -> str:
    """0..99 in words."""
    if script == "devanagari":
        return _listed("hindi")[value]
    if script == "roman":
        return _listed("roman")[value]
    small = _listed("english_small")
    if value < 20:
        return small[value]
    tens, unit = divmod(value, 10)
    return _listed("english_tens")[tens - 2] + (f" {small[unit]}" if unit else "")


def say_scale(scale: int, script: Script) -> str:
    """The scale word: 1000 -> 'हज़ार'."""
    return _SAID_SCALES[script][scale]


# ---- tables ---------------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def _listed(name: str) -> tuple[str, ...]:
    return tuple(read_words("number_words")[name].split())


def _spellings(name: str) -> list[tuple[str, str]]:
    """(key, name of the row) of every spelling in a table of the word list."""
    rows: dict[str, str] = read_words("number_words")[name]
    return [(word_key(word), row) for row, words in rows.items() for word in words.split()]


@lru_cache(maxsize=1)
def _small() -> dict[str, int]:
    table = {word_key(word): 20 + 10 * place for place, word in enumerate(_listed("english_tens"))}
    for script in ("hindi", "roman", "english_small"):
        table.update({word_key(word): value for value, word in enumerate(_listed(script))})
    table.update({key: int(value) for key, value in _spellings("variants")})
    return table


@lru_cache(maxsize=1)
def _small_loose() -> dict[str, int]:
    english = {*_listed("english_small"), *_listed("english_tens")}
    loose: dict[str, int] = {}
    for key, value in _small().items():
        if key.isascii() and key not in english and len(key) > 3:
            loose.setdefault(roman_key(key), value)
    return loose


@lru_cache(maxsize=1)
def _scales() -> dict[str, int]:
    return {key: int(scale) for key, scale in _spellings("scales")}


@lru_cache(maxsize=1)
def _halves() -> dict[str, str]:
    return {name: name for name in read_words("number_words")["halves"]} | dict(_spellings("halves"))
