"""Options of variants, however a shop system writes them -> columns 'Size', 'Colour', ... of the table.

Pairs of columns ('Option1 Name' beside 'Option1 Value'), columns of pairs ('color=Blue,size=S',
'Name=Size|Value=S', 'Size: S') and prefixed columns ('product_variation_option_Size') become one column
an option. The columns that they came from are taken out of the table, but not those that the user named.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import cache

from muse_core.catalog import cells, headers
from muse_core.catalog.raw_table import RawTable
from muse_core.catalog.tables import listed, table
from muse_core.language import lexicon

_NUMBER = re.compile(r"\d+")
_SWATCH = re.compile(r"#[0-9a-fA-F]{3,8}:")
_PREFIX = re.compile(
    r"(?i)(?:product_)?(?:variation_|variant_)?(?:option|attribute)[_:]\s*([A-Za-z][A-Za-z ]{2,20})$"
)
_PAIR = re.compile(
    r"\s*([A-Za-z\u0900-\u097f][\w\u0900-\u097f ]{0,30}?)\s*[=:]\s*([^=|;\n]*?)\s*"
    r"(?=[|;\n]|,\s*[\w ]+\s*[=:]|$)[|;,\n]?"
)
_NAMED = re.compile(r"Name=([^|]+)\|Value=([^|;]+)")
_ANY = re.compile("")
_TITLE_OF_OPTIONS = re.compile(r"\s*\[[A-Z]{1,3}\]\w+=")  # '[S]Size=M' of one shop system
_MAX_OPTIONS = 12
CHILD_LISTS = ("configurable variations", "super products sku", "child skus", "children", "variation skus")
SEPARATOR = " | "


def spread(found: RawTable, keep: Collection[str] = ()) -> bool:
    """Give the table a column for each option, in place; whether it had options at all."""
    values: dict[str, list[str]] = {}
    used: list[str] = []
    for name_column, value_column in _pairs_of_columns(list(found.columns)):
        used += [name_column, value_column]
        _spread_pair(found, name_column, value_column, values)
    for column in _columns_of_pairs(found):
        used.append(column)
        _spread_cells(found, column, values)
    for column in found.columns:
        numbered = any(map(str.isdigit, column))
        if column not in used and not numbered and headers.claim(column, "variation") >= headers.EXACT:
            _spread_words(found, column, values)
        option = _PREFIX.fullmatch(column)
        if option:
            used.append(column)
            _add(values, option_name(option.group(1)), found.rows, found.columns[column])
        if headers.claim(column, "title") >= headers.EXACT:
            _spread_cells(found, column, values, only=_TITLE_OF_OPTIONS)
    for name in dict.fromkeys(used):
        if name not in keep and headers.spoken(name) not in CHILD_LISTS:
            found.columns.pop(name, None)
    _put(found, values)
    return bool(used)


def option_name(written: str) -> str:
    """'Größe' -> 'Size'; an option that we do not know keeps its own name."""
    bare = headers.spoken(written)
    for ours, spellings in _option_names().items():
        if bare in spellings:
            return ours
    return " ".join(written.split())


@cache
def _option_names() -> dict[str, frozenset[str]]:
    return {
        ours: frozenset(headers.spoken(name) for name in listed(names))
        for ours, names in table("options")["names"].items()
    }


@cache
def _words(name: str) -> frozenset[str]:
    return frozenset(listed(table("options")["headers"][name]))


def is_ignored(value: str) -> bool:
    """Whether an option's value is what systems write where there is nothing to choose."""
    return value.strip().lower() in listed(table("options")["ignored"]["values"])


# ---- pairs of columns -----------------------------------------------------------------------------


def _pairs_of_columns(names: list[str]) -> Iterator[tuple[str, str]]:
    """(column of names, column of values) with the same number in an option's header."""
    by_number: dict[tuple[str, str], list[str]] = {}
    for name in names:
        part = _part(name)
        if part:
            by_number.setdefault(part, []).append(name)
    for (kind, number), columns in by_number.items():
        if kind == "name":
            for name, value in zip(columns, by_number.get(("value", number), []), strict=False):
                yield name, value


def _part(header: str) -> tuple[str, str] | None:
    """('name' or 'value', number) of an option's header; None for another header."""
    words = re.sub(r"(?<=[a-z])(?=\d)|(?<=\d)(?=[a-z])", " ", headers.spoken(header)).split()
    options = [word for word in words if word in _words("option")]
    if not options or any(word in _words("beside") for word in words):
        return None
    numbers = _NUMBER.findall(" ".join(words))
    number = numbers[0] if numbers else "0"
    if any(word in _words("value") for word in words) or words[-2:] == ["attribute", "option"]:
        return "value", number
    others = [word for word in words if word not in _words("option") and not word.isdigit()]
    named = any(word in _words("name") for word in others) or words[-2:] == ["attributes", "attribute"]
    return ("name", number) if named else None


def _spread_pair(found: RawTable, names: str, values: str, out: dict[str, list[str]]) -> None:
    """Every value under its name; a name is written once and holds until the next one."""
    keys = next((column for name, column in found.columns.items() if headers.claim(name, "id") >= 40), None)
    name, name_of = "", dict[str, str]()
    for row, (written, value) in enumerate(zip(found.columns[names], found.columns[values], strict=True)):
        key = keys[row].strip() if keys else ""
        name = option_name(written) if written.strip() else name_of.get(key, name)
        name_of.setdefault(key, name)
        if name and value.strip() and name.lower() != "title":  # "Title: Default Title" is no choice
            _set(out, name, found.rows, row, _listed(value))


def _listed(value: str) -> str:
    """The values of a cell as 'A | B': '#ffffff:White;#00ff00:Green', 'S;M', 'S, M'."""
    return SEPARATOR.join(split(_SWATCH.sub("", value)))


def split(value: str) -> list[str]:
    """The values that a cell lists."""
    return [part.strip() for part in re.split(r"[;,|]", value) if part.strip()]


# ---- columns of pairs -----------------------------------------------------------------------------


def _columns_of_pairs(found: RawTable) -> list[str]:
    """Columns whose header holds options and whose cells are pairs of name and value."""
    pairs = listed(table("options")["headers"]["pairs"])
    out = []
    for name, column in found.columns.items():
        if headers.spoken(name) in pairs:
            sample = [cell for cell in column if cell.strip()][:50]
            if sample and sum(bool(pairs_in(cell)) for cell in sample) >= 0.8 * len(sample):
                out.append(name)
    return out


def pairs_in(cell: str) -> list[tuple[str, str]]:
    """Name and value of every option that a cell writes: 'color=Blue,size=S', 'Size: S'."""
    named = _NAMED.findall(cell)
    if named:
        return [(option_name(name), value.strip()) for name, value in named]
    ignored = listed(table("options")["ignored"]["keys"])
    bare = re.sub(r"\[[A-Z]{1,3}\]", "", cell)  # '[S]Size=M' of one shop system
    found = [(name.strip(), value.strip()) for name, value in _PAIR.findall(bare[:2000])]
    return [(option_name(name), value) for name, value in found if value and name.lower() not in ignored]


def _spread_cells(
    found: RawTable, column: str, out: dict[str, list[str]], only: re.Pattern[str] = _ANY
) -> None:
    for row, cell in enumerate(found.columns[column]):
        for name, value in pairs_in(cell) if cell.strip() and only.match(cell) else ():
            _set(out, name, found.rows, row, _SWATCH.sub("", value))


def _spread_words(found: RawTable, column: str, out: dict[str, list[str]]) -> None:
    for row, cell in enumerate(found.columns[column]):
        for name, value in named_by_value(cell):
            _set(out, name, found.rows, row, value)


def named_by_value(words: str) -> list[tuple[str, str]]:
    """The options of a variant's name without names of their own: 'S / Blue' -> Size S, Colour Blue."""
    parts = [part.strip() for part in re.split(r"\s+/\s+|\s*[|,]\s*", cells.text(words)) if part.strip()]
    return [(_kind_of_value(part), part) for part in parts if not is_ignored(part)]


def _kind_of_value(value: str) -> str:
    if lexicon.canonical("size", value):
        return "Size"
    if cells.is_colour(value):
        return "Colour"
    return "Material" if lexicon.canonical("material", value.lower()) else "Size"


# ---- into the table -------------------------------------------------------------------------------


def _set(out: dict[str, list[str]], name: str, rows: int, row: int, value: str) -> None:
    """One more value of an option in one row; what stands for no choice is left out."""
    if is_ignored(value) or (name not in out and len(out) >= _MAX_OPTIONS):
        return
    column = out.setdefault(name, [""] * rows)
    known = column[row].split(SEPARATOR) if column[row] else []
    column[row] = SEPARATOR.join(dict.fromkeys([*known, *value.split(SEPARATOR)]))


def _add(out: dict[str, list[str]], name: str, rows: int, column: list[str]) -> None:
    for row, cell in enumerate(column):
        if cell.strip():
            _set(out, name, rows, row, cell.strip())


def _put(found: RawTable, values: dict[str, list[str]]) -> None:
    """New columns; where the table has one of that name, its empty cells are filled."""
    by_name = {headers.spoken(name): name for name in found.columns}
    for name, column in values.items():
        there = by_name.get(headers.spoken(name))
        found.options.append(there or name)
        if there is None:
            found.columns[name] = column
        else:
            own = found.columns[there]
            found.columns[there] = [
                old if cells.text(old) else new for old, new in zip(own, column, strict=True)
            ]
