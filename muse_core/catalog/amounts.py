"""The price in one cell, out of all that shops write around it.

price("Rs\\n1,09,999") -> 109999.0         price("₹1499 + ₹40 delivery") -> 1499.0
price("5,000-10,000") -> 5000.0           price("Save ₹200! Now ₹799") -> 799.0
price("EMI from ₹199") -> None            price("Rs 1,200 (US$ 15)", currency="INR") -> 1200.0
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from muse_core.catalog.cell_text import LONGEST, text
from muse_core.catalog.currency import code_of, sign_pattern
from muse_core.catalog.number_style import value_of

_SCALES = {
    "k": 1e3, "thousand": 1e3, "हज़ार": 1e3, "हजार": 1e3, "lakh": 1e5, "lakhs": 1e5, "lac": 1e5, "lacs": 1e5,
    "लाख": 1e5, "crore": 1e7, "cr": 1e7, "करोड़": 1e7,
}  # fmt: skip
_SCALE = re.compile(
    r"(\d)\s*(" + "|".join(sorted(_SCALES, key=len, reverse=True)) + r")(?![a-z\u0900-\u097f])"
)
_SPACED = re.compile(r"(?<=[\d,.])\s+(?=[,.])|(?<=[,.])\s+(?=\d)")
_SPACED_OUT = re.compile(r"\d[\d,.]*(?: [\d,.]+){2,}")
_RANGE = re.compile(r"\d[\d,.]*\s*(?:-|\u2013|\u2014|~|to|से)\s*\D{0,6}\d")
_NUMBER = r"\d{1,3}(?:[ '\u2019]\d{3})+(?:[.,]\d{1,2})?(?![\d.,]*\d)|\d[\d,.'\u2019]*(?:e[+-]?\d+)?"
_REFUSED = re.compile(
    r"[<\u2264]|(?:under|below|up ?to)\b|-\s*\d|\d+\s+for\b|buy\s+\d|.*(?:\bemi\b|/\s*(?:mo|month|mth)\b|"
    r"\b(?:per|a|each)\s+month\b|installment|किस्त)"
)  # limits, offers for several, and monthly parts are no price of one
_ADDED = re.compile(r"(?<!e)\+|\bplus\b|\bexcl")
_PERCENT = re.compile(r"[\d.,]+\s*%")
_PACK = re.compile(
    r"\b(?:pack|set|box|combo|case|dozen)\s+of\s+\d+\b|\b\d+\s*(?:pcs?|pieces?|nos?|units?)\b\.?"
)
_PER_UNIT = re.compile(r"\([^()]*\d[^()]*/[^()]*\)")  # (₹650/kg)
_ASKED = re.compile(r"\b(?:now|offer|deal|sale|special|selling|discounted|final|our)\b(?=[^\d]{0,20}\d)")
_DASHED_END = re.compile(r"(?<=\d)\s*[.,:]?\s*/?\s*[-\u2013\u2014]+(?!\s*\D{0,6}\d)")  # 1499/-, 49:-, 80.–


@dataclass(frozen=True)
class Amount:
    """One number of a cell as written, and the code of the currency sign beside it."""

    token: str
    currency: str | None


@cache
def _amount() -> re.Pattern[str]:
    sign = sign_pattern()
    return re.compile(rf"(?P<before>{sign})?\s*:?\s*(?P<number>{_NUMBER})(?:\s*(?P<after>{sign}))?")


@cache
def _saved() -> re.Pattern[str]:
    sign = rf"(?:{sign_pattern()})?"
    return re.compile(
        rf"\b(?:you )?(?:save|savings?|discount(?: of)?|less|cashback|बचत)\b\W*{sign}\W*(?:{_NUMBER})"
        rf"|{sign}\s*(?:{_NUMBER})\s*(?:off|discount|cashback)\b"
    )


@lru_cache(maxsize=32768)
def price(cell: str, decimal: str | None = None, currency: str | None = None) -> float | None:
    """The price of a cell; the low end of a range; None for '<5,000', '20% off', 0, and for an amount in
    another currency than the one that is given."""
    bare = plain(cell)
    if not bare or _REFUSED.match(bare):
        return None
    told = _SCALE.search(bare)
    factor = _SCALES[told.group(2)] if told else 1.0
    values = [value * factor for value in _values(bare, decimal, currency)]
    return min(values) if values else None


def _values(bare: str, decimal: str | None, currency: str | None) -> list[float]:
    """The first price of the cell, or two where they are a range or two signed prices."""
    found = list(amounts(bare))
    signed = [amount for amount in found if amount.currency]
    if currency and signed:
        signed = [amount for amount in signed if amount.currency == currency]
        if not signed:
            return []
    numbers = [value_of_amount(amount, decimal) for amount in signed or found]
    known = [number for number in numbers if number and 0 < number < 1e10]
    return known[: 2 if signed or is_range(bare) else 1]


def value_of_amount(amount: Amount, decimal: str | None) -> float | None:
    """The number of an amount; powers of ten as table programs write them ('1.2e+05') too."""
    if "e" in amount.token:
        try:
            return float(amount.token.replace(",", ""))
        except ValueError:
            return None
    return value_of(amount.token, decimal)


def plain(cell: str) -> str:
    """A cell in small letters and Western digits, without percentages, savings and what is added on."""
    bare = text(cell[:LONGEST]).lower()
    if not bare.isascii():
        bare = re.sub(r"[^\x00-\x7f]", _western, bare)
    if bare.isdigit() or not any(map(str.isdigit, bare)):
        return bare if bare.isdigit() else ""
    bare = _PACK.sub(" ", _PERCENT.sub(" ", bare))
    if not bare.isascii() or bare.strip("0123456789.,- "):
        bare = _PER_UNIT.sub(" ", _saved().sub(" ", bare))
        *_, bare = _ASKED.split(bare)  # 'MRP 1,999 Offer Price 1,499'
        first, *_ = _ADDED.split(bare)
        bare = first if any(map(str.isdigit, first)) else bare
        bare = _DASHED_END.sub(" ", bare)
    return _SPACED_OUT.sub(_joined, _SPACED.sub("", bare)).strip()


def _western(letter: re.Match[str]) -> str:
    return str(int(letter.group())) if letter.group().isdecimal() else letter.group()


def amounts(bare: str) -> Iterator[Amount]:
    """Every number of a plain cell with its currency, left to right."""
    at = 0
    while found := _amount().search(bare, at):
        before, after = found.group("before"), found.group("after")
        code = code_of(before or after or "")
        at = found.end("number") if before else found.end()
        yield Amount(found.group("number"), code)


def is_range(cell: str) -> bool:
    """Whether the cell names two ends: '5,000-10,000'."""
    return bool(_RANGE.search(cell))


def _joined(run: re.Match[str]) -> str:
    """Digits spaced out one by one are joined: '1 2 7 , 9 0 0' -> '127,900'."""
    groups = re.findall(r"\d+", run.group())
    return run.group().replace(" ", "") if max(map(len, groups)) == 1 else run.group()
