"""A whole column of ratings: its scale cannot be judged by one cell alone."""

from __future__ import annotations

from statistics import median

from muse_core.catalog import cells


def ratings(column: list[str] | None, notes: list[str]) -> list[float | None]:
    """Stars out of five. A column that goes beyond 5 is read as out of 10, beyond 10 as out of 100."""
    if column is None:
        return []
    values = [cells.rating(cell) for cell in column]
    known = [value for value in values if value is not None]
    top = max(known, default=5.0)
    over = sum(1 for value in known if value > 5)
    scale = (
        1.0 if not known or over <= 0.02 * len(known) else 2.0 if top <= 10 and median(known) <= 10 else 20.0
    )
    if scale > 1:
        notes.append(f"ratings run up to {top:g}; divided by {scale:g} to give stars out of 5")
    return [
        round(value / scale, 2) if value is not None and 0 <= value / scale <= 5 else None for value in values
    ]
