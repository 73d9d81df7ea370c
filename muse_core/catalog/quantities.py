"""Whole columns of prices and ratings: what cannot be judged by one cell alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median

from muse_core.catalog import cells, columns, headers
from muse_core.catalog.raw_table import RawTable


def prices(
    table: RawTable, meaning: Mapping[str, Sequence[str]], keep: Sequence[int], notes: list[str]
) -> list[float | None]:
    """The price of each kept row: the first price column that has one (a range only if there is no other)."""
    sources = list(meaning.get("price", ()))
    exact = [name for name in sources if "range" not in headers.spoken(name).replace(" ", "")]
    sources = exact or sources
    if not sources:
        return []
    out = []
    for row in keep:
        out.append(
            next(
                (value for value in (cells.price(table.columns[name][row]) for name in sources) if value),
                None,
            )
        )
    if len(sources) > 1:
        notes.append(
            f"price is read from {sources[0]!r}; where that is empty from {', '.join(map(repr, sources[1:]))}"
        )
    ranges = sum(1 for row in keep if cells.is_range(table.columns[sources[0]][row]))
    if ranges:
        notes.append(f"{ranges} prices are ranges; the low end was taken")
    unknown = sum(1 for value in out if value is None)
    if unknown:
        notes.append(f"{unknown} rows have no readable price; a price limit leaves them out")
    return out


def currency(table: RawTable, meaning: Mapping[str, Sequence[str]], keep: Sequence[int]) -> str:
    """The currency that most prices, the header or a currency column name; INR when nothing says."""
    named: Counter[str] = Counter()
    for name in ("currency", "price"):
        for source in meaning.get(name, ())[:1]:
            found = [cells.currency(table.columns[source][row]) for row in keep[: columns.SAMPLE]]
            named.update(code for code in found if code)
            header = cells.currency(source)
            named.update([header] if header else [])
    return named.most_common(1)[0][0] if named else "INR"


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
