"""Which sign is the decimal one in a column of amounts: '24,95' and '1.299,00', or '24.95' and '1,299.00'.

One cell often cannot tell ('1.299'); a column nearly always can. `decimal_of` looks at every number of
the column that can be read in one way only, and says when there was none.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

_BLANKS = re.compile(r"[ '\u2019\u00a0\u202f]")
_GROUPED = {
    ".": re.compile(r"\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d*)?|\d+(?:\.\d*)?"),
    ",": re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d*)?|\d+(?:,\d*)?"),
}


@dataclass(frozen=True)
class NumberStyle:
    """`decimal`: the sign before the fraction. `sure`: whether a number of the column proved it.
    `odd`: numbers that can only be read the other way."""

    decimal: str = "."
    sure: bool = True
    odd: int = 0


def style_of(tokens: Iterable[str], three_decimals: bool = False) -> NumberStyle:
    """The style of a column's numbers (as written, without words); `three_decimals`: of a currency with
    a thousandth, where '1.250' is one and a quarter."""
    votes: Counter[str] = Counter(map(vote, tokens))
    proven = {sign: votes[sign] for sign in (".", ",")}
    if proven["."] or proven[","]:
        decimal = "," if proven[","] > proven["."] else "."
        return NumberStyle(decimal, True, proven["." if decimal == "," else ","])
    if votes["dot?"] and not three_decimals:
        return NumberStyle(",", False)  # '1.299' under a price is a thousand far more often than a mill
    return NumberStyle()


def vote(token: str) -> str:
    """'.' or ',' when only this can be the number's decimal sign; 'dot?' for '1.299'; else ''."""
    bare = _BLANKS.sub("", token).strip(".,")
    dots, commas = bare.count("."), bare.count(",")
    if dots and commas:
        last = "." if bare.rfind(".") > bare.rfind(",") else ","
        return last if bare.count(last) == 1 else ""
    sign = "." if dots else ","
    if dots + commas > 1:
        return "," if dots else "."  # repeated, it groups thousands
    if dots + commas == 0:
        return ""
    whole, _, fraction = bare.partition(sign)
    if len(fraction) != 3 or len(whole) > 3 or whole == "0":
        return sign
    return "dot?" if dots else ""


def value_of(token: str, decimal: str | None = None) -> float | None:
    """The number that a token writes; None when it is none. Without a style each token decides."""
    bare = _BLANKS.sub("", token).rstrip(".,")
    own = vote(bare)
    sign = decimal or ("," if own == "," else ".")
    if not _GROUPED[sign].fullmatch(bare) and own in (".", ","):
        sign = own
    other = "," if sign == "." else "."
    try:
        return float(bare.replace(other, "").replace(sign, "."))
    except ValueError:
        return None
