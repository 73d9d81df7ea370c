"""A cell that a spreadsheet would take for a formula gets a `'` in front, and loses it on its way back."""

from __future__ import annotations

import re

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_GUARD = re.compile(r"'(?=[=+\-@\t])")


def guarded(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip().startswith(_FORMULA) else cell


def unguarded(cell: str) -> str:
    return _GUARD.sub("", cell, count=1) if _GUARD.match(cell) else cell
