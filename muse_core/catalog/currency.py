"""Currencies as shops write them: signs, words and codes -> the ISO 4217 code.

code_in("Price (INR)") -> "INR"      code_in("US$ 15") -> "USD"      divisor_of("price_paise", "INR") -> 100
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from muse_core.catalog.tables import listed, table

_CODE = re.compile(r"[A-Za-z]{3}")


@cache
def _codes() -> dict[str, str]:
    """Every spelling -> its code."""
    return {sign: code for code, signs in table("currencies")["signs"].items() for sign in listed(signs)}


@cache
def sign_pattern() -> str:
    """A regular expression for one currency sign in small letters; no sign is cut out of a word."""
    signs = sorted(_codes(), key=len, reverse=True)
    return "(?:" + "|".join(map(_bounded, signs)) + ")"


def _bounded(sign: str) -> str:
    """A sign of letters is no part of a longer word; it may stand on a digit: 'rs1499'."""
    before = r"(?<![^\W\d_])" if sign[0].isalpha() else ""
    after = r"\.?(?![^\W\d_])" if sign[-1].isalpha() else ""
    return f"{before}{re.escape(sign)}{after}"


@cache
def _sign() -> re.Pattern[str]:
    return re.compile(sign_pattern())


def code_of(sign: str) -> str | None:
    """The code of exactly this sign: 'rs.' -> 'INR'."""
    return _codes().get(sign.strip().rstrip("."))


@lru_cache(maxsize=8192)
def code_in(text: str) -> str | None:
    """The code of the first currency that a cell or a header names."""
    found = _sign().search(text.lower().replace("_", " "))
    return code_of(found.group()) if found else None


def code_of_cell(cell: str) -> str | None:
    """The currency of a currency column's cell: a code as it is, else what it names."""
    bare = cell.strip()
    return bare.upper() if _CODE.fullmatch(bare) else code_in(bare)


def exponent(code: str) -> int:
    """Digits of the currency's minor unit: 2 for INR, 0 for JPY, 3 for KWD."""
    return int(table("currencies")["exponents"].get(code, 2))


def divisor_of(header: str, code: str) -> int | None:
    """What amounts under this header (in words) are divided by; None when it names no smaller unit."""
    words = f" {header} "
    for kind, divisor in (("micros", 10**6), ("millis", 10**3), ("cents", 10 ** exponent(code))):
        if any(f" {word} " in words for word in listed(table("currencies")["minor"][kind])):
            return divisor
    return None
