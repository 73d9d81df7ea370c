"""Where a table's header is, and which rows below it are no products: hints, units, totals.

Marketplace templates have several header rows and rows that say how to fill in; reports have a title
above and totals below. The header is the row that holds most names of columns which shops use.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache

from muse_core.catalog import cells, headers, nouns
from muse_core.catalog.raw_table import MAX_COLUMNS
from muse_core.catalog.tables import listed, table

HINT_ROW = "row of the template (hint, unit or example)"
TOTAL_ROW = "total, page or comment line"
_ABOVE = 10  # lines that may stand above the header
_BELOW = 4  # rows below the header that may be hints
_SAMPLED = 40
_PAGE = re.compile(r"(?:page|seite|पृष्ठ) \d+(?: ?(?:of|/|von) ?\d+)?|\d+ (?:rows|records|items|products)")
_REMARK = re.compile(
    r"[#*]|©|(?:note|n\.b|generated|exported|printed|created|disclaimer|terms|all prices|prices (?:in|are)|"
    r"as on)\b",
    re.IGNORECASE,
)
_FIELD_NAME = re.compile(r"[a-z]+(?:_[a-z0-9]+)+|[a-z]+")

Row = list[str]


def take_header(rows: list[Row], notes: list[str]) -> Row:
    """The column names, taken out of `rows` in place with what stands above them and their repeats."""
    above = _place(rows)
    if above:
        notes.append(f"{above} lines before the header were left out")
        del rows[:above]
    header = [cell.strip() for cell in rows[0]]
    if not _is_header(header, rows[1 : _SAMPLED + 1]):
        notes.append("the file has no header; columns were understood by their values")
        return [f"column {place + 1}" for place in range(max(map(len, rows[:_SAMPLED])))]
    count = len(rows)
    first = rows[0]
    rows[:] = [row for row in rows if row != first]
    if count - len(rows) > 1:
        notes.append(f"{count - len(rows) - 1} lines were the header again and were left out")
    return header


def take_no_products(rows: list[Row], dropped: Counter[str]) -> None:
    """Take hint rows below the header, and total and page lines anywhere, out of `rows`, counted."""
    hints = _hints(rows)
    dropped[HINT_ROW] += hints
    count = len(rows) - hints
    rows[:] = [row for row in rows[hints:] if not is_total(row)]
    dropped[TOTAL_ROW] += count - len(rows)


# ---- where ----------------------------------------------------------------------------------------


def _place(rows: Sequence[Row]) -> int:
    """The index of the header: the first row that holds nearly as many known names as any of the first
    rows; where none holds two, the first row that is as wide as the table."""
    known = [_known(row) for row in rows[: _ABOVE + 1]]
    best = max(known)
    if best >= 2 and known[0] < best:
        return next(at for at, count in enumerate(known) if count >= max(2, 0.75 * best))
    usual = Counter(map(len, rows[:_SAMPLED])).most_common(1)[0][0]
    above = 0
    while above < min(_ABOVE, len(rows) - 1) and usual >= 3 and _filled(rows[above]) <= 1:
        above += 1
    return above


def _known(row: Row) -> int:
    """Known names in a row without values; a row of data may hold the one or other by chance."""
    return 0 if any(map(_is_value, row[:MAX_COLUMNS])) else headers.known_names(row)


def _filled(row: Row) -> int:
    return sum(1 for cell in row if cell.strip())


def _is_header(header: Row, below: list[Row]) -> bool:
    """Whether a first row names columns: it holds names that we know, or nothing that looks like a value
    or stands in its column again."""
    first, known = header[:MAX_COLUMNS], headers.known_names(header)
    if known >= 2 or any(map(_is_value, first)):
        return known >= 2
    if not known and any(map(_is_product, first)):
        return False
    return any(map(headers.names_something, first)) or not any(
        cell and cell == (row[place].strip() if place < len(row) else "")
        for row in below
        for place, cell in enumerate(first)
    )


def _is_product(cell: str) -> bool:
    """Whether a cell names a product and says more of it: 'Blue Cotton Shirt'."""
    told = cells.colour_in_title(cell) or cells.material_in_title(cell) or cells.gender_in_title(cell)
    return bool(told) and nouns.noun_in_title(cell) is not None


def _is_value(cell: str) -> bool:
    bare = re.sub(r"^(?:rs\.?|inr|[₹$€£])\s*", "", cell.lower()).replace(",", "").replace(".", "", 1)
    return bare.isdigit() or cell.lower().startswith("http") or len(cell) > 60


# ---- rows that are no products --------------------------------------------------------------------


@cache
def _words(name: str) -> frozenset[str]:
    return frozenset(map(headers.folded, listed(table("hints")["hints"][name])))


def _plain(cell: str) -> str:
    return " ".join(headers.folded(cell).strip(" *:.()[]").split())


def _hints(rows: Sequence[Row]) -> int:
    """How many of the first rows say how to fill in the table."""
    numeric = _numeric_places(rows[_BELOW:] or rows[1:])
    for at, row in enumerate(rows[:_BELOW]):
        if not _is_hint(row, numeric):
            return at
    return min(_BELOW, len(rows)) if len(rows) > _BELOW else 0


def _numeric_places(rows: Sequence[Row]) -> set[int]:
    """Columns whose cells are numbers in most rows; hints may be among these."""
    filled: Counter[int] = Counter()
    numbers: Counter[int] = Counter()
    for row in rows[:_SAMPLED]:
        for place, cell in enumerate(row[:MAX_COLUMNS]):
            if cell.strip():
                filled[place] += 1
                numbers[place] += any(map(str.isdigit, cell))
    return {place for place, count in filled.items() if numbers[place] >= 0.5 * count}


def _is_hint(row: Row, numeric: set[int]) -> bool:
    filled = [cell for cell in row[:MAX_COLUMNS] if cells.text(cell)]
    plain = list(map(_plain, filled))
    if not plain:
        return False
    if all(cell in _words("duty") for cell in plain) or all(cell in _words("units") for cell in plain):
        return True
    if len(plain) >= 3 and len(set(plain)) <= len(plain) // 2 and _has_words(row, numeric):
        return True  # 'Compulsory', 'Single - Text': one of few words in every column
    if _share(plain, _is_example) >= 0.5:
        return True
    if all(map(_FIELD_NAME.fullmatch, filled)) and headers.known_names(row) >= 2 and _has_words(row, numeric):
        return True
    return _has_words(row, numeric, _asks_for_number) and _share(plain, _instructs) >= 0.5


def _share(cells_of_row: Sequence[str], holds: Callable[[str], bool]) -> float:
    return sum(1 for cell in cells_of_row if holds(cell)) / len(cells_of_row)


def _is_example(cell: str) -> bool:
    return any(re.match(rf"{re.escape(word)}[\s.:,]", f"{cell} ") for word in _words("examples"))


def _instructs(cell: str) -> bool:
    """Whether a cell is told to somebody: two words of instructions, or most of its words."""
    words = re.findall(r"[\w\u0900-\u097f]+(?:\.[a-z])?", cell)
    return len(words) >= 2 and sum(word in _words("cues") for word in words) >= min(2, len(words) / 2)


def _asks_for_number(cell: str) -> bool:
    """Whether a cell tells somebody what to write: 'Digits only', and not 'Sold out'."""
    said = set(re.findall(r"[\w\u0900-\u097f]+", _plain(cell)))
    return bool(said & (_words("cues") - _words("weak_cues")))


def _has_words(row: Row, numeric: set[int], holds: Callable[[str], bool] = bool) -> bool:
    """Whether words (that hold what is asked) stand where the rows below have numbers."""
    there = [row[place] for place in numeric if place < len(row) and cells.text(row[place])]
    numbers = any(any(map(str.isdigit, cell)) and len(cell) < 12 for cell in there)
    return bool(there) and not numbers and any(map(holds, there))


def is_total(row: Row) -> bool:
    """Whether a row sums up or numbers a page: 'Grand Total (INR)', 'Total items: 3', 'Page 2 of 2'."""
    first = next((cell for cell in row if cell.strip()), "")
    if len(first) > 60:
        return False
    if _REMARK.match(first.strip()) and _filled(row) == 1:
        return True
    bare = _plain(re.sub(r"\([^)]*\)", " ", first))
    bare = re.sub(r"\s*[:=-]?\s*[₹$€£]?\s*[\d.,]+$", "", bare) if not _PAGE.fullmatch(bare) else bare
    return bare in _words("totals") or (_PAGE.fullmatch(bare) is not None and _filled(row) == 1)
