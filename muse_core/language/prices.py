"""Prices in text: read, found with their bound, said in three languages, and formatted.

`read_price` reads one price however it is written (₹1,499, Rs 1499, 1.5k, डेढ़ हज़ार, pandrah sau, १४९९).
`find_prices` finds every price of an utterance with what it limits: 'max' (under, तक, se kam), 'min'
(above, से ज़्यादा, kam se kam) or 'about' (around, or no bound word). A range gives a 'min' and a 'max'.
A bare number counts as a price from 100 on (not the years 2010 to 2030), or with a currency, a scale
or a bound word; never before a unit (500 ml), next to a size word, or in "4k tv".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from muse_core.language.matching import word_key
from muse_core.language.numerals import Script, read_number, say_number, say_scale, say_small
from muse_core.language.word_lists import read_words
from muse_core.types import Language

Bound = Literal["max", "min", "about"]

MIN_BARE_PRICE = 100  # rupees; a smaller bare number is a count, a size or a rating
MAX_BARE_PRICE = 10_000_000  # a larger one is a code


@dataclass(frozen=True)
class PriceSpan:
    """A price in a text: value in the text's currency, what it limits, code-point offsets."""

    value: float
    kind: Bound
    start: int
    end: int


_PIECE = re.compile(
    r"[₹$]|\d[\d,]*\d(?:\.\d+)?|\d(?:\.\d+)?"
    r"|(?:(?!\d)(?:[^\W_]|[\u0900-\u0963\u0970-\u097F\u200c\u200d]))+|/-|[-–—%]"
)


@dataclass(frozen=True)
class _Piece:
    key: str
    start: int
    end: int


# ---- reading --------------------------------------------------------------------------------------


def read_price(text: str) -> float | None:
    """The price that a short text states; of a range the upper end; None when there is no number."""
    spans = find_prices(text)
    if spans:
        is_range = len(spans) > 1 and spans[0].kind == "min" and spans[1].kind == "max"
        return spans[1].value if is_range else spans[0].value
    keys = [piece.key for piece in _pieces(text)]
    for at in range(len(keys)):
        if (number := read_number(keys, at)) is not None:
            return number.value
    return None


def find_prices(text: str) -> list[PriceSpan]:
    """Every price of a text, left to right."""
    pieces = _pieces(text)
    keys = [piece.key for piece in pieces]
    spans: list[PriceSpan] = []
    at = 0
    while at < len(pieces):
        found, after = _price_at(pieces, keys, at)
        spans.extend(found)
        at = max(after, at + 1)
    return spans


def _pieces(text: str) -> list[_Piece]:
    return [_Piece(word_key(m.group()), m.start(), m.end()) for m in _PIECE.finditer(text)]


def _price_at(pieces: list[_Piece], keys: list[str], at: int) -> tuple[list[PriceSpan], int]:
    """The price or range whose number starts at piece `at`, and where to go on."""
    number = read_number(keys, at)
    if number is None or _is_glued(pieces, at):
        return [], at + 1
    second = _range_end(pieces, keys, at, number.end)
    if second is not None:
        return second
    end = _skip_currency(keys, number.end)
    kind = _bound(keys, at, end)
    if not _counts_as_price(keys, at, number.end, number.value, number.has_scale, kind):
        return [], number.end
    first = _skip_currency_back(keys, at)
    return [PriceSpan(number.value, kind or "about", pieces[first].start, pieces[end - 1].end)], end


def _range_end(
    pieces: list[_Piece], keys: list[str], at: int, link: int
) -> tuple[list[PriceSpan], int] | None:
    """`2-3 hazaar`, `500 se 1000`, `between 500 and 1000`: a 'min' and a 'max' span."""
    low = read_number(keys, at)
    link = _skip_currency(keys, link)
    if low is None or link >= len(keys) or keys[link] not in _words("range_links"):
        return None
    start = link + 1
    while start < len(keys) and keys[start] in _words("currency"):
        start += 1
    high = read_number(keys, start)
    if high is None:
        return None
    value = _shared_scale(low.value, high.value, low.has_scale, keys[high.end - 1], high.has_scale)
    if keys[link] in ("and", "aur", "or", "ya", "और", "या") and not _is_between(keys, at, high.end):
        return None
    end = _skip_currency(keys, high.end)
    if value >= high.value or not _counts_as_price(keys, at, high.end, high.value, high.has_scale, None):
        return None
    first = _skip_currency_back(keys, at)
    spans = [
        PriceSpan(value, "min", pieces[first].start, pieces[link].start),
        PriceSpan(high.value, "max", pieces[start].start, pieces[end - 1].end),
    ]
    return [_trimmed_before(spans[0], pieces[link - 1]), spans[1]], end


def _trimmed_before(span: PriceSpan, last: _Piece) -> PriceSpan:
    return PriceSpan(span.value, span.kind, span.start, last.end)


def _shared_scale(low: float, high: float, low_scaled: bool, last: str, high_scaled: bool) -> float:
    """In `2-3 hazaar` the scale belongs to both numbers."""
    if low_scaled or not high_scaled or low >= 100:
        return low
    scale = 1
    for unit in (100, 1_000, 100_000, 10_000_000):
        if high >= unit and high / unit >= low:
            scale = unit
    return low * scale if scale > 1 and last else low


def _is_between(keys: list[str], at: int, end: int) -> bool:
    before = keys[max(0, at - 2) : at]
    after = keys[end : end + 4]
    return "between" in before or "from" in before or any(word in after for word in ("beech", "bich", "बीच"))


def _is_glued(pieces: list[_Piece], at: int) -> bool:
    """A number inside a code such as WH1000 or iPhone15: a word ends right where it starts."""
    if at == 0 or not pieces[at].key[:1].isdigit():
        return False
    before = pieces[at - 1]
    return before.end == pieces[at].start and before.key.isalpha() and before.key not in _words("currency")


def _counts_as_price(
    keys: list[str], at: int, end: int, value: float, has_scale: bool, kind: Bound | None
) -> bool:
    before = keys[at - 1] if at else ""
    after = keys[end] if end < len(keys) else ""
    if before in _words("currency") or after in _words("currency") or after == "/-":
        return True
    if after in _words("units") or before in _words("size_words"):
        return False
    if has_scale:
        return not (keys[end - 1] == "k" and after in _words("screens"))
    is_digits = keys[at][:1].isdigit()
    if kind is not None and (is_digits or value >= 20):
        return value >= 20
    is_year = 2010 <= value <= 2030 and keys[at].isdigit()
    return (
        is_digits
        and MIN_BARE_PRICE <= value <= MAX_BARE_PRICE
        and not is_year
        and after not in _words("size_words")
    )


def _skip_currency(keys: Sequence[str], at: int) -> int:
    while at < len(keys) and (keys[at] in _words("currency") or keys[at] == "/-"):
        at += 1
    return at


def _skip_currency_back(keys: Sequence[str], at: int) -> int:
    while at > 0 and keys[at - 1] in _words("currency"):
        at -= 1
    return at


def _bound(keys: list[str], start: int, end: int) -> Bound | None:
    """What the price limits: a phrase of several words after it, else one before it, else one word after."""
    after = _bound_after(keys, end)
    if after is not None and after[1] > 1:
        return after[0]
    before = _skip_currency_back(keys, start)
    while before > 0 and keys[before - 1] in ("of", "is", "hai", "है", "-", "price"):
        before -= 1
    return _bound_before(keys, before) or (after[0] if after is not None else None)


def _bound_after(keys: list[str], end: int) -> tuple[Bound, int] | None:
    for kind, phrase in _phrases("after"):
        if tuple(keys[end : end + len(phrase)]) == phrase:
            return kind, len(phrase)
    return None


def _bound_before(keys: list[str], before: int) -> Bound | None:
    for kind, phrase in _phrases("before"):
        if before >= len(phrase) and tuple(keys[before - len(phrase) : before]) == phrase:
            return kind
    return None


@lru_cache(maxsize=8)
def _words(name: str) -> frozenset[str]:
    return frozenset(word_key(word) for word in read_words("price_words")[name].split())


@lru_cache(maxsize=2)
def _phrases(place: Literal["before", "after"]) -> list[tuple[Bound, tuple[str, ...]]]:
    """(bound, phrase as keys) of every bound phrase, longest first."""
    table: dict[Bound, list[str]] = read_words("price_words")[place]
    rows = [
        (kind, tuple(word_key(word) for word in phrase.split()))
        for kind, phrases in table.items()
        for phrase in phrases
    ]
    return sorted(rows, key=lambda row: -len(row[1]))


# ---- saying ---------------------------------------------------------------------------------------


def say_price(value: float, language: Language, rng: np.random.Generator) -> str:
    """One of the ways people say this price; `read_price` of it is the value again."""
    forms = price_forms(value, language)
    return forms[int(rng.integers(len(forms)))]


def price_forms(value: float, language: Language) -> tuple[str, ...]:
    """Every form `say_price` chooses from, the plainest first."""
    if value < 0:
        raise ValueError(f"a price cannot be negative: {value}")
    plain = f"{value:.2f}".rstrip("0").rstrip(".") if not float(value).is_integer() else str(int(value))
    forms = [format_price(value), *_digit_forms(plain, language)]
    if float(value).is_integer() and value >= 100:
        for script in _SCRIPTS[language]:
            forms.extend(_word_forms(int(value), script))
        if language != "hi" and 1_000 <= value < 100_000 and value % 100 == 0:
            forms.append(f"{value / 1000:g}k")
    return tuple(dict.fromkeys(forms))


_SCRIPTS: dict[Language, tuple[Script, ...]] = {
    "en": ("english",),
    "hi": ("devanagari",),
    "mixed": ("roman", "devanagari"),
}


def _digit_forms(plain: str, language: Language) -> list[str]:
    if language == "en":
        return [plain, f"Rs {plain}", f"Rs. {plain}", f"{plain} rupees"]
    if language == "hi":
        return [f"{plain} रुपये", f"{plain} रुपए", plain]
    return [plain, f"Rs {plain}", f"{plain} rupaye", f"{plain} रुपये", f"{plain} rupees"]


def _word_forms(value: int, script: Script) -> list[str]:
    """Round prices in words: पंद्रह सौ, डेढ़ हज़ार, साढ़े तीन हज़ार, 2 हज़ार."""
    if value % 50:
        return []
    forms = [say_number(value, script)] if value % 100 == 0 else []
    if 1_000 < value < 10_000 and value % 100 == 0 and value % 1_000:
        forms.append(f"{say_small(value // 100, script)} {say_scale(100, script)}")
    for scale in (1_000, 100_000):
        count, rest = divmod(value, scale)
        if count < 100 and count and not rest:
            forms.append(f"{count} {say_scale(scale, script)}")
        if script != "english" and count < 100:
            forms.extend(_half_forms(count, rest / scale, scale, script))
    return forms


_HALVES: dict[Script, tuple[str, str, str, str, str]] = {
    "devanagari": ("डेढ़", "ढाई", "साढ़े", "सवा", "पौने"),
    "roman": ("dedh", "dhai", "saadhe", "sawa", "paune"),
}


def _half_forms(count: int, part: float, scale: int, script: Script) -> list[str]:
    one_half, two_half, and_half, and_quarter, less_quarter = _HALVES[script]
    word = say_scale(scale, script)
    if part == 0.5 and count in (1, 2):
        return [f"{one_half if count == 1 else two_half} {word}"]
    if part == 0.5 and count > 2:
        return [f"{and_half} {say_small(count, script)} {word}"]
    if part == 0.25 and count >= 1:
        return [f"{and_quarter} {word}" if count == 1 else f"{and_quarter} {say_small(count, script)} {word}"]
    if part == 0.75 and 1 <= count < 99:
        return [f"{less_quarter} {say_small(count + 1, script)} {word}"]
    return []


def format_price(value: float, currency: str = "INR") -> str:
    """`₹1,499`: Indian grouping, paise only when there are any; other currencies by their code."""
    whole, paise = divmod(round(abs(value) * 100), 100)
    sign = "-" if value < 0 else ""
    digits = str(whole)
    head, tail = digits[:-3], digits[-3:]
    step = 2 if currency == "INR" else 3
    groups = [head[max(0, end - step) : end] for end in range(len(head), 0, -step)][::-1]
    amount = ",".join([*groups, tail]) + (f".{paise:02d}" if paise else "")
    symbol = "₹" if currency == "INR" else f"{currency} "
    return f"{sign}{symbol}{amount}"
