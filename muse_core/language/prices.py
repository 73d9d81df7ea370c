"""Prices in text: read, found with their bound, said in three languages, and formatted.

`read_price` reads one price however it is written (₹1,499, Rs 1499, 1.5k, डेढ़ हज़ार, pandrah sau, १४९९).
`find_prices` finds every price of an utterance with what it limits: 'max' (under, तक, se kam), 'min'
(above, से ज़्यादा, kam se kam) or 'about' (around, or no bound word). A range gives a 'min' and a 'max'.
Which numbers are money at all is `price_context.py`, what they limit `price_bounds.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from muse_core.language.numerals import (
    Number,
    Script,
    half_value,
    has_number,
    read_number,
    say_number,
    say_scale,
    say_small,
    small_value,
)
from muse_core.language.price_bounds import Bound, bound_of, skip_currency, skip_currency_back
from muse_core.language.price_context import MIN_BARE_PRICE, Surroundings, words
from muse_core.language.price_pieces import piece_keys, pieces
from muse_core.types import Language

_HYPHENS = ("-", "–", "—")
_RANGES = ("beech", "bich", "बीच", "range", "रेंज")


@dataclass(frozen=True)
class PriceSpan:
    """A price in a text: value in the text's currency, what it limits, code-point offsets."""

    value: float
    kind: Bound
    start: int
    end: int


# ---- reading --------------------------------------------------------------------------------------


def read_price(text: str) -> float | None:
    """The price that a short text states; of a range the upper end; None when there is no number."""
    spans = find_prices(text)
    if spans:
        is_range = len(spans) > 1 and spans[0].kind == "min" and spans[1].kind == "max"
        return spans[1].value if is_range else spans[0].value
    keys = [piece.key for piece in pieces(text)]
    for at in range(len(keys)):
        if (number := read_number(keys, at)) is not None:
            return number.value
    return None


def find_prices(text: str) -> list[PriceSpan]:
    """Every price of a text, left to right."""
    if not has_number(piece_keys(text)):
        return []
    around = Surroundings(text, pieces(text))
    spans: list[PriceSpan] = []
    at = 0
    while at < len(around.keys):
        found, after = _price_at(around, at)
        spans.extend(found)
        at = max(after, at + 1)
    return spans


def _price_at(around: Surroundings, at: int) -> tuple[list[PriceSpan], int]:
    """The price or range whose number starts at piece `at`, and where to go on."""
    number = read_number(around.keys, at)
    if number is None:
        return _half_range_at(around, at)
    if (found := _range_at(around, at, number)) is not None:
        return found
    end = skip_currency(around.keys, number.end)
    kind = bound_of(around.keys, at, end)
    if not around.is_price(at, number, kind is not None):
        return [], number.end
    return [_span(around, number.value, kind or "about", skip_currency_back(around.keys, at), end)], end


def _span(around: Surroundings, value: float, kind: Bound, start: int, end: int) -> PriceSpan:
    """The span from piece `start` up to the piece before `end`."""
    return PriceSpan(value, kind, around.pieces[start].start, around.pieces[end - 1].end)


def _range_at(around: Surroundings, at: int, low: Number) -> tuple[list[PriceSpan], int] | None:
    """`2-3 hazaar`, `do teen hazaar`, `500 se 1000`, `between 500 and 1000`: a 'min' and a 'max' span."""
    keys = around.keys
    link = skip_currency(keys, low.end)
    start = _after_link(keys, at, link)
    high = read_number(keys, start) if start is not None else None
    if start is None or high is None:
        return None
    value = _shared_scale(low, high)
    if value >= high.value or (start == link and not _is_next(low, high, value)):
        return None
    has_bound = _is_between(keys, at, high.end) or keys[link] in words("sure_range_links")
    if start > link and keys[link] in words("joining_links") and not _is_between(keys, at, high.end):
        return None
    is_large = high.value >= MIN_BARE_PRICE
    is_plain = keys[link] in _HYPHENS and around.is_round(at, low, high)
    is_bound = (has_bound and is_large) or is_plain
    if not around.is_price(start, high, is_bound) and not around.has_currency_before(at):
        return None
    end = skip_currency(keys, high.end)
    first = skip_currency_back(keys, at)
    return [
        _span(around, value, "min", first, link),
        _span(around, high.value, "max", skip_currency_back(keys, start), end),
    ], end


def _half_range_at(around: Surroundings, at: int) -> tuple[list[PriceSpan], int]:
    """`dedh do hazaar`, ढाई-तीन हज़ार: a half form that shares the scale of the number behind it."""
    low = half_value(around.keys[at])
    if low is None:
        return [], at + 1
    start = at + 1 + (around.key(at + 1) == "-")
    high = read_number(around.keys, start)
    if high is None or not high.has_scale:
        return [], at + 1
    value = low * _scale_of(high)
    if not value < high.value <= 2 * value:
        return [], at + 1
    end = skip_currency(around.keys, high.end)
    return [_span(around, value, "min", at, at + 1), _span(around, high.value, "max", start, end)], end


def _after_link(keys: list[str], at: int, link: int) -> int | None:
    """Where the second number of a range starts: behind `-`, `to`, `se`; or at once (do teen hazaar)."""
    if link >= len(keys):
        return None
    if keys[link] not in words("range_links"):
        return link if small_value(keys[at]) is not None and small_value(keys[link]) is not None else None
    start = link + 1
    while start < len(keys) and (keys[start] in words("currency") or keys[start] in words("range_fillers")):
        start += 1
    return start


def _is_next(low: Number, high: Number, value: float) -> bool:
    """`do teen hazaar`: two small numbers in a row with one scale."""
    return high.has_scale and high.value / value * low.value == low.value + 1


def _shared_scale(low: Number, high: Number) -> float:
    """In `2-3 hazaar` the scale belongs to both numbers."""
    if low.has_scale or not high.has_scale or low.value >= 100:
        return low.value
    return low.value * _scale_of(high, low.value)


def _scale_of(number: Number, at_least: float = 1) -> int:
    """The largest scale that the number has `at_least` times."""
    scales = [unit for unit in (100, 1_000, 100_000, 10_000_000) if number.value / unit >= max(at_least, 1)]
    return max(scales, default=1)


def _is_between(keys: list[str], at: int, end: int) -> bool:
    before = keys[max(0, at - 2) : at]
    after = keys[end : end + 4]
    return "between" in before or "from" in before or any(word in after for word in _RANGES)


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
