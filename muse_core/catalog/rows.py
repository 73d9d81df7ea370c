"""A table of text whose columns are understood -> products, with the reason for every row left out.

What a row lacks is looked for where shops put it: colour, gender, material and occasion in the title,
the kind of product in the title or the category, a title in brand, model, colour and kind.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from muse_core.catalog import cells, columns, nouns, quantities
from muse_core.catalog.raw_table import RawTable
from muse_core.catalog.words import stem, stems
from muse_core.types import Product

EXACT_DUPLICATE = "exact duplicate of an earlier row"
SAME_ID = "id already used by an earlier row"
NO_TITLE = "no title, and nothing to build one from"
_MAX_ATTRIBUTES = 12
_MAX_ATTRIBUTE_LENGTH = 120
_MAX_DESCRIPTION = 600


@dataclass
class Reading:
    """What became of the table: products in row order, why rows were dropped, what to tell the user."""

    products: list[Product]
    dropped: Counter[str]
    notes: list[str]


def read_rows(table: RawTable, meaning: Mapping[str, Sequence[str]]) -> Reading:
    """Every usable row as a product."""
    dropped: Counter[str] = Counter()
    notes = list(table.notes)
    keep = _without_duplicates(table, dropped)
    columns_of = _cleaned(table, meaning, keep)
    ids = _ids(columns_of.get("id"), keep, dropped, notes)
    titles = _titles(columns_of, len(keep))
    _fold_missing_types(columns_of, titles, len(keep))
    money = quantities.prices(table, meaning, keep, notes)
    currency = quantities.currency(table, meaning, keep)
    ratings = quantities.ratings(columns_of.get("rating"), notes)
    pictures = quantities.pictures(table, meaning, keep, notes)
    extra = _attribute_columns(table, meaning)
    products = []
    for at, row in enumerate(keep):
        if ids[at] is None:
            continue
        if not any(letter.isalpha() for letter in titles[at]):
            dropped[NO_TITLE] += 1
            continue
        facts = _facts({name: column[at] for name, column in columns_of.items()}, titles[at])
        products.append(
            Product(
                product_id=str(ids[at]),
                title=titles[at],
                price=money[at] if money else None,
                currency=currency,
                rating=ratings[at] if ratings else None,
                attributes=_attributes(extra, table, row),
                image=pictures[at] if pictures else None,
                **facts,
            )
        )
    return Reading(products, dropped, notes)


# ---- rows -----------------------------------------------------------------------------------------


def _without_duplicates(table: RawTable, dropped: Counter[str]) -> list[int]:
    """Rows to keep: the first of every set of equal rows. A column without a name (a running number
    that a table program wrote) does not make two rows different."""
    named = [column for name, column in table.columns.items() if not _is_row_number(name)]
    pictures = list(table.blobs.values())
    seen: set[tuple[object, ...]] = set()
    keep = []
    for row in range(table.rows):
        key = (*[column[row] for column in named], *[hash(column[row]) for column in pictures])
        if key in seen:
            dropped[EXACT_DUPLICATE] += 1
        else:
            seen.add(key)
            keep.append(row)
    return keep


def _is_row_number(name: str) -> bool:
    return not name.strip() or bool(
        re.fullmatch(r"unnamed:? ?\d*|index|column_?0|__index_level_\d+__", name.strip().lower())
    )


def _cleaned(
    table: RawTable, meaning: Mapping[str, Sequence[str]], keep: Sequence[int]
) -> dict[str, list[str]]:
    """Meaning -> cleaned cells of its first column, for the kept rows (prices and pictures apart)."""
    out = {}
    for name, sources in meaning.items():
        if name not in ("price", "image"):
            column = table.columns[sources[0]]
            out[name] = [cells.text(column[row]) for row in keep]
    return out


def _ids(
    column: list[str] | None, keep: Sequence[int], dropped: Counter[str], notes: list[str]
) -> list[str | None]:
    """An id per row; None where an earlier row has the same one. Missing ids are made from the row number."""
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
    return _first_uses(column, made, dropped, notes)


def _first_uses(
    column: list[str], made: list[str], dropped: Counter[str], notes: list[str]
) -> list[str | None]:
    seen: set[str] = set()
    out: list[str | None] = []
    for cell, own in zip(column, made, strict=True):
        if cell in seen:
            dropped[SAME_ID] += 1
            out.append(None)
            continue
        seen.add(cell or own)
        out.append(cell or own)
    missing = sum(1 for cell in column if not cell)
    if missing:
        notes.append(f"{missing} rows have no id; one was made from the row number")
    return out


# ---- title and kind -------------------------------------------------------------------------------


def _titles(columns_of: Mapping[str, list[str]], rows: int) -> list[str]:
    """The title of each row, built from brand, model, colour and kind where it is missing."""
    title = columns_of.get("title")
    parts = {
        name: columns_of[name] for name in ("brand", "model", "colour", "product_type") if name in columns_of
    }
    titles = []
    for row in range(rows):
        given = {name: column[row] for name, column in parts.items()}
        named = any(given.get(name) for name in ("brand", "model", "product_type"))
        titles.append((title[row] if title else "") or (_built(list(given.values())) if named else ""))
    return titles


def _built(parts: Sequence[str]) -> str:
    """'Lenovo', 'Lenovo Yoga', 'Black', 'Laptop' -> 'Lenovo Yoga Black Laptop'."""
    words: list[str] = []
    for part in parts:
        words.extend(word for word in part.split() if word not in words)
    return " ".join(words)


def _fold_missing_types(columns_of: dict[str, list[str]], titles: Sequence[str], rows: int) -> None:
    """Fill `product_type`, in place: cell, else title, category or description, else the title's tail."""
    given = columns_of.get("product_type") or [""] * rows
    shelves = columns_of.get("category") or [""] * rows
    brands = columns_of.get("brand") or [""] * rows
    texts = columns_of.get("description") or [""] * rows
    bare = [without_brand(title, brand) for title, brand in zip(titles, brands, strict=True)]
    tails = (
        Counter(nouns.tail_word(title) for title in set(bare))
        if not columns_of.get("product_type")
        else Counter()
    )
    enough = 3 if rows >= 50 else 2
    kinds = []
    for cell, title, shelf, about in zip(given, bare, shelves, texts, strict=True):
        kind = _type_of_cell(cell) or nouns.noun_in_title(title) or _type_of_path(shelf)
        kind = kind or nouns.last_noun(re.split(r"[,.;(]", about[:120])[0])
        if kind is None:
            tail = nouns.tail_word(title)
            kind = tail if tail and tails[tail] >= enough else _type_of_cell(shelf) or nouns.UNKNOWN_TYPE
        kinds.append(kind)
    columns_of["product_type"] = kinds


def _type_of_cell(cell: str) -> str | None:
    """A type cell's noun; of a path, its leaf's. A gender in front is no part of the noun."""
    steps = [step for step in map(_without_gender, cells.path(cell)) if step]
    return nouns.type_in_cell(steps[-1]) if steps else None


def _type_of_path(shelf: str) -> str | None:
    """The noun of the last category step that names one: 'Clothing >> Shorts >> Brand Shorts' -> shorts."""
    for step in reversed(cells.path(shelf)[-3:]):
        kind = nouns.known_noun(_without_gender(step)) or nouns.last_noun(step)
        if kind:
            return kind
    return None


_GENDER_PREFIX = re.compile(
    r"^(?:for\s+)?(?:men|women|boy|girl|kid|ladie|gent|unisex|male|female)(?:['\u2019]?s)?['\u2019]?[\s_-]+",
    re.IGNORECASE,
)


def _without_gender(step: str) -> str:
    """'Mens Shirts' and 'WomensDresses' -> 'Shirts', 'Dresses'; a step that is only a gender is ''."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", step.strip())
    bare = _GENDER_PREFIX.sub("", apart)
    return "" if len(bare) <= 8 and cells.gender(bare) else bare


def without_brand(title: str, brand: str) -> str:
    """The title without its leading brand, so that 'Pepe Jeans ...' is not jeans."""
    if brand and title.lower().startswith(brand.lower()):
        rest = title[len(brand) :].strip(" -:|,")
        return rest or title
    return title


# ---- the other facts ------------------------------------------------------------------------------


def _facts(row: Mapping[str, str], title: str) -> dict[str, Any]:
    """The fields of a product that come from its own cells and title."""
    brand = row.get("brand") or None
    shelf = cells.path(row.get("category", ""))
    kind = row["product_type"]
    bare = without_brand(title, brand or "") if _describes(title, kind) else ""
    return {
        "product_type": kind,
        "category": _category(shelf, kind, has_column="category" in row),
        "brand": brand,
        "colour": cells.colour(row.get("colour", "")) or cells.colour_in_title(bare),
        "gender": cells.gender(row.get("gender", ""))
        or cells.gender_in_title(bare)
        or cells.gender_in_title(" ".join(shelf)),
        "sizes": cells.sizes(row.get("sizes", "")),
        "material": cells.known("material", row.get("material", "")) or cells.material_in_title(bare),
        "occasion": cells.known("occasion", row.get("occasion", "")) or cells.occasion_in_title(bare),
        "description": _short(row.get("description", ""), _MAX_DESCRIPTION),
    }


def _describes(title: str, kind: str) -> bool:
    """Whether the title speaks of a thing of this kind: a film called "White Snake" is not white."""
    shelf = nouns.shelf_of(kind)
    named = kind == nouns.UNKNOWN_TYPE or stem(kind.split()[-1]) in stems(title)
    return shelf != "books" and (shelf is not None or named)


def _category(shelf: Sequence[str], kind: str, has_column: bool) -> str | None:
    """The shelf that the file names; in a file without one, the shelf where such things lie."""
    named = [step for step in map(_without_gender, shelf) if step]
    if named:
        return named[0].lower()
    return None if has_column else nouns.shelf_of(kind)


def _short(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    return text[:limit].rsplit(" ", 1)[0]


def _attribute_columns(table: RawTable, meaning: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """(spoken name, column) of the columns that no meaning uses, at most twelve. Colours and kinds in the
    shop's own words stay here too: our field holds the canonical one."""
    used = {
        source
        for name, sources in meaning.items()
        for source in sources
        if name not in ("model", "colour", "product_type")
    }
    free = [name for name in table.columns if name not in used and not _is_row_number(name)]
    return [(columns.spoken(name) or name, name) for name in free][:_MAX_ATTRIBUTES]


def _attributes(extra: Sequence[tuple[str, str]], table: RawTable, row: int) -> dict[str, str]:
    found = {}
    for label, name in extra:
        cell = cells.text(table.columns[name][row])
        if cell and len(cell) <= _MAX_ATTRIBUTE_LENGTH and "://" not in cell:
            found[label] = cell
    return found
