"""A table of text whose columns are understood -> products, with the reason for every row left out.

What a row lacks is looked for where shops put it: colour, gender, material and occasion in the title,
the kind of product in the title or the category, a title in brand, model, colour and kind.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from muse_core.catalog import (
    cells,
    headers,
    identity,
    nouns,
    options,
    prices,
    quantities,
    shelves,
    shop_pictures,
)
from muse_core.catalog.questions import Answers, Question
from muse_core.catalog.raw_table import RawTable
from muse_core.catalog.words import stem, stems
from muse_core.types import ALL_COLOURS, HINDI_TITLE, Product

NO_TITLE = "no title, and nothing to build one from"
_MAX_ATTRIBUTES = 12
_MAX_ATTRIBUTE_LENGTH = 120
_MAX_DESCRIPTION = 600
_MAX_TITLE = 300
_MAX_FACT = 80  # characters of a brand


@dataclass
class Reading:
    """What became of the table: products in row order, why rows were dropped, what to tell the user.

    `rows`: the table's row of each product. `price_source`: the column that prices were read from.
    `pictures`: how many were read, or why not."""

    products: list[Product]
    rows: list[int]
    dropped: Counter[str]
    notes: list[str]
    pictures: Counter[str]
    questions: list[Question]
    price_source: str | None = None


def read_rows(
    table: RawTable, meaning: Mapping[str, Sequence[str]], folder: Path, answers: Answers
) -> Reading:
    """Every usable row as a product. `folder`: where picture files named by the table may lie."""
    dropped: Counter[str] = Counter(table.dropped)
    notes = list(table.notes)
    keep = identity.distinct_rows(table, dropped)
    columns_of = _cleaned(table, meaning, keep)
    titles = _titles(columns_of, len(keep))
    named = columns_of.get("title", titles)  # a built title is no second product's name
    ids = identity.ids(columns_of.get("id"), named, keep, dropped, notes)
    _fold_missing_types(columns_of, titles, len(keep))
    money = prices.read_money(table, meaning, keep, answers)
    notes.extend(money.notes)
    ratings = quantities.ratings(columns_of.get("rating"), notes)
    pictures, seen = shop_pictures.pictures(table, meaning, keep, folder, notes)
    extra = _attribute_columns(table, meaning)
    products, rows = [], []
    for at, row in enumerate(keep):
        product_id = ids[at]
        if product_id is None:
            continue
        if not any(letter.isalpha() for letter in titles[at]):
            dropped[NO_TITLE] += 1
            continue
        rows.append(row)
        facts = _facts({name: column[at] for name, column in columns_of.items()}, titles[at])
        products.append(
            Product(
                product_id=product_id,
                title=titles[at],
                price=money.values[at] if money.values else None,
                currency=money.currency,
                rating=ratings[at] if ratings else None,
                attributes=_attributes(extra, table, row) | _told(table, columns_of, row, at),
                image=pictures[at] if pictures else None,
                **facts,
            )
        )
    asked = [*table.questions, *money.questions]
    return Reading(products, rows, dropped, notes, seen, asked, next(iter(money.sources), None))


def _cleaned(
    table: RawTable, meaning: Mapping[str, Sequence[str]], keep: Sequence[int]
) -> dict[str, list[str]]:
    """Meaning -> cleaned cells of its first column, for the kept rows (prices and pictures apart)."""
    out = {}
    for name, sources in meaning.items():
        if name not in ("price", "image"):
            column = table.columns[sources[0]]
            out[name] = [cells.text(column[row]) for row in keep]
    if "category" in out:
        out["category"] = [shelves.tidy(cell) for cell in out["category"]]
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
        whole = (title[row] if title else "") or (_built(list(given.values())) if named else "")
        titles.append(_short(whole, _MAX_TITLE))
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
    shelf_cells = columns_of.get("category") or [""] * rows
    brands = columns_of.get("brand") or [""] * rows
    texts = columns_of.get("description") or [""] * rows
    models = columns_of.get("model") or [""] * rows
    named = columns_of.get("title") or [""] * rows  # a built title ends in a colour, which is no kind
    bare = [
        without_brand(title if given_title else model, brand)
        for title, given_title, model, brand in zip(titles, named, models, brands, strict=True)
    ]
    tails = (
        Counter(nouns.tail_word(title) for title in set(bare))
        if "title" in columns_of and "product_type" not in columns_of
        else Counter()
    )
    enough = 3 if rows >= 50 else 2
    kinds = []
    for cell, title, shelf, about in zip(given, bare, shelf_cells, texts, strict=True):
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
    brand = _short(row.get("brand", ""), _MAX_FACT) or None
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
    head, _, _ = text[:limit].rpartition(" ")
    return head or text[:limit]


def _attribute_columns(table: RawTable, meaning: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """(spoken name, column) of the columns that no meaning uses, at most twelve. Colours and kinds in the
    shop's own words stay here too: our field holds the canonical one."""
    used = {
        source
        for name, sources in meaning.items()
        for source in sources
        if name not in ("model", "colour", "product_type")
    }
    used |= {
        HINDI_TITLE,
        *(name for name in table.columns if headers.spoken(name) in options.CHILD_LISTS),
    }
    free = [name for name in table.columns if name not in used and not identity.is_row_number(name)]
    return [(headers.spoken(name) or name, name) for name in free][:_MAX_ATTRIBUTES]


def _told(table: RawTable, columns_of: Mapping[str, list[str]], row: int, at: int) -> dict[str, str]:
    """What a product has beyond our fields: the colours it is sold in, its title in Hindi."""
    found = {}
    colours = (
        list(dict.fromkeys(cells.each_colour(columns_of["colour"][at]))) if "colour" in columns_of else []
    )
    if len(colours) > 1:
        found[ALL_COLOURS] = ", ".join(colours)
    translated = table.columns.get(HINDI_TITLE)
    hindi = cells.text(translated[row]) if translated else ""
    hindi = hindi or (columns_of["title_hi"][at] if "title_hi" in columns_of else "")
    if hindi:
        found[HINDI_TITLE] = _short(hindi, _MAX_TITLE)
    return found


_attribute_text = lru_cache(maxsize=8192)(cells.text)  # most cells of such columns come again


def _attributes(extra: Sequence[tuple[str, str]], table: RawTable, row: int) -> dict[str, str]:
    found = {}
    for label, name in extra:
        cell = _attribute_text(table.columns[name][row])
        if cell and len(cell) <= _MAX_ATTRIBUTE_LENGTH and "://" not in cell:
            found[label] = cell
    return found
