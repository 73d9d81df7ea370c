"""Which rows are one product: exact duplicates, and ids that are missing, broken or given twice."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from muse_core.catalog.raw_table import RawTable

EXACT_DUPLICATE = "exact duplicate of an earlier row"
SAME_ID = "another row of an earlier product (same id and title)"
_ROW_NUMBER = re.compile(
    r"|unnamed:? ?\d*|index|column_?0|__index_level_\d+__|#|row|row ?(?:no|number|id)\.?"
    r"|s\.? ?no\.?|sr\.? ?no\.?|sl\.? ?no\.?|serial ?(?:no|number)?\.?|क्रमांक|क्र\.?"
)


def is_row_number(name: str) -> bool:
    """Whether a column is the running number that a table program wrote."""
    return _ROW_NUMBER.fullmatch(name.strip().lower().replace("_", " ")) is not None


def distinct_rows(table: RawTable, dropped: Counter[str]) -> list[int]:
    """Rows to keep: the first of every set of equal rows. A running number does not make two rows
    different."""
    named = [column for name, column in table.columns.items() if not is_row_number(name)]
    pictures = [[hash(picture) for picture in column] for column in table.blobs.values()]
    seen: set[int] = set()
    keep = []
    for row, key in enumerate(map(hash, zip(*named, *pictures, strict=True))):
        if key not in seen:
            seen.add(key)
            keep.append(row)
    if len(keep) < table.rows:
        dropped[EXACT_DUPLICATE] += table.rows - len(keep)
    return keep


def ids(
    column: list[str] | None,
    titles: Sequence[str],
    keep: Sequence[int],
    dropped: Counter[str],
    notes: list[str],
) -> list[str | None]:
    """An id per row; None where an earlier row has the same id and title, or the same id and this one has
    no title (a further variant of it). A missing id, and one that an
    earlier row with another title has, is made from the row number."""
    made = [f"r{row + 1:06d}" for row in keep]
    if column is None:
        return list(made)
    known = [cell for cell in column if cell]
    if len(set(known)) < 0.5 * len(known):
        notes.append(
            "the id column repeats itself in most rows and was not used; ids were made (r000001, ...)"
        )
        return list(made)
    if known and all(re.fullmatch(r"\d+\.0+", cell) for cell in known):
        column = [cell.split(".")[0] for cell in column]
    return _first_uses(column, titles, made, dropped, notes)


def _first_uses(
    column: list[str], titles: Sequence[str], made: list[str], dropped: Counter[str], notes: list[str]
) -> list[str | None]:
    title_of: dict[str, str] = {}
    out: list[str | None] = []
    shared = 0
    for cell, title, own in zip(column, titles, made, strict=True):
        if cell in title_of and title in ("", title_of[cell]):
            dropped[SAME_ID] += 1
            out.append(None)
            continue
        shared += cell in title_of
        used = own if not cell or cell in title_of else cell
        while used in title_of:  # an id of the file that looks like one of ours
            used += "-2"
        title_of[used] = title
        out.append(used)
    missing = sum(1 for cell in column if not cell)
    if missing:
        notes.append(f"{missing} rows have no id; one was made from the row number")
    if shared:
        notes.append(f"{shared} rows share an id with another product; theirs were made from the row number")
    return out
