"""A cell that a spreadsheet would take for a formula gets a `'` in front, and loses it on its way back."""

from __future__ import annotations

import re

# Behind blanks and signs that are not seen, in full width too (OWASP, CSV injection).
_FORMULA = re.compile("[\\s\0-\x1f\ufeff\u200b-\u200f\u2060]*[=+\\-@＝＋－＠]|[\t\r\n]")
_GUARD = re.compile(f"'(?={_FORMULA.pattern})")


def guarded(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    return _GUARD.sub("", cell, count=1) if _GUARD.match(cell) else cell
