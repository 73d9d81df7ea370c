"""Which rows of a table are one product (see variants.py, which joins them)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from muse_core.catalog import cells, headers, options, records
from muse_core.catalog.raw_table import RawTable

Meaning = Mapping[str, Sequence[str]]
_SPEAKS_OF_PARENTS = re.compile(r"parent|child|master")


@dataclass
class Grouping:
    """Head row -> all rows of the product, the head first; head -> its rows in other languages.

    `orphaned`: heads that are a variant themselves, their parent being in no row. `two_is_off`: status
    columns that write 1 and 2 for on and off."""

    members: dict[int, list[int]]
    translations: dict[int, list[int]] = field(default_factory=dict)
    orphaned: set[int] = field(default_factory=set)
    two_is_off: set[str] = field(default_factory=set)
    roles: Sequence[str | None] = ()

    def is_orphaned(self, head: int) -> bool:
        return head in self.orphaned


@dataclass
class _Rows:
    """The cells that tell which rows belong together, cleaned once."""

    table: RawTable
    meaning: Meaning
    has_options: bool
    head: list[int] = field(default_factory=list)
    orphaned: set[int] = field(default_factory=set)
    roles: Sequence[str | None] = ()

    def column(self, meaning: str) -> list[str]:
        source = next(iter(self.meaning.get(meaning, ())), None)
        if source is None or source not in self.table.columns:
            return []
        return [cells.text(cell) for cell in self.table.columns[source]]


def grouped(table: RawTable, meaning: Meaning, has_options: bool) -> Grouping:
    """The rows of each product."""
    rows = _Rows(table, meaning, has_options, list(range(table.rows)), roles=_roles(table, meaning))
    if not _may_have_parts(rows):
        alone = {row: [row] for row in range(table.rows)}
        return Grouping(alone, two_is_off=_two_is_off(table, meaning), roles=rows.roles)
    translations = _translations(rows)
    _by_parent(rows)
    _by_list_of_children(rows)
    _by_shared_id(rows)
    _by_variation_name(rows)
    _by_place(rows)
    members: dict[int, list[int]] = {}
    for row in range(table.rows):
        if row not in translations:
            members.setdefault(_root(rows, row), []).append(row)
    ordered = {head: [head, *(row for row in found if row != head)] for head, found in members.items()}
    by_head: dict[int, list[int]] = {}
    for row, head in translations.items():
        by_head.setdefault(_root(rows, head), []).append(row)
    return Grouping(ordered, by_head, rows.orphaned, _two_is_off(table, meaning), rows.roles)


def _may_have_parts(rows: _Rows) -> bool:
    """Whether anything in the table could say that two rows are one product; most tables have nothing."""
    told = ("parent", "record_kind", "language", "variation")
    if rows.has_options or any(rows.meaning.get(name) for name in told):
        return True
    listed = any(headers.spoken(name) in options.CHILD_LISTS for name in rows.table.columns)
    titled = rows.table.columns.get(next(iter(rows.meaning.get("title", ())), ""), [])
    named = any(_SPEAKS_OF_PARENTS.search(name.lower()) for name in rows.table.columns)
    return listed or named or not all(map(str.strip, titled))


def _roles(table: RawTable, meaning: Meaning) -> list[str | None]:
    """What each row is by its columns of kinds; the one that says more than 'a product' counts."""
    columns = [table.columns[name] for name in meaning.get("record_kind", ())]
    roles: list[str | None] = [None] * table.rows
    for row in range(table.rows):
        named = [role for column in columns if (role := records.role_of(column[row])) is not None]
        roles[row] = next((role for role in named if role != "single"), named[0] if named else None)
    return roles


def _root(rows: _Rows, row: int) -> int:
    """The head of the head, and so on; rows in a circle have its first one."""
    seen = {row}
    while rows.head[row] not in seen:
        row = rows.head[row]
        seen.add(row)
    return row if rows.head[row] == row else min(_circle(rows, row))


def _circle(rows: _Rows, row: int) -> list[int]:
    found = [row]
    while rows.head[found[-1]] != row:
        found.append(rows.head[found[-1]])
    return found


def _two_is_off(table: RawTable, meaning: Meaning) -> set[str]:
    return {
        name
        for name in meaning.get("status", ())
        if {cell.strip() for cell in table.columns[name] if cell.strip()} == {"1", "2"}
    }


# ---- languages ------------------------------------------------------------------------------------


def _translations(rows: _Rows) -> dict[int, int]:
    """Row in another language -> the row of the same id that is not: the default's, else English, else
    the first."""
    language, ids = rows.column("language"), rows.column("id")
    if not language or not ids:
        return {}
    first: dict[str, int] = {}
    for row, (code, own) in enumerate(zip(language, ids, strict=True)):
        if own and (own not in first or _rank(code) < _rank(language[first[own]])):
            first[own] = row
    return {row: first[own] for row, own in enumerate(ids) if own and first[own] != row and language[row]}


def _rank(code: str) -> int:
    bare = code.lower()
    return 0 if bare in ("", "default", "all", "admin") else 1 if bare.startswith("en") else 2


# ---- by parent ------------------------------------------------------------------------------------


def _by_parent(rows: _Rows) -> None:
    """Rows that name a parent: its id, its code, or a group that is in no row."""
    parents = rows.column("parent") or _parents_by_value(rows)
    if not any(parents):
        return
    places = _places(rows, {re.sub(r"^id:\s*", "", cell) for cell in parents if cell})
    missing: dict[str, int] = {}
    for row, cell in enumerate(parents):
        reference = re.sub(r"^id:\s*", "", cell)
        if not reference:
            continue
        at = places.get(reference)
        if at is not None and at != row:
            rows.head[row] = at
        elif at is None:
            rows.head[row] = missing.setdefault(reference, row)
            if rows.head[row] == row:
                rows.orphaned.add(row)


def _parents_by_value(rows: _Rows) -> list[str]:
    """The column, of whatever name, that children have and parents lack, and whose every value stands in
    another column."""
    children = [row for row, role in enumerate(rows.roles) if role == "child"]
    if not children:
        return _parents_by_header(rows)
    others = [row for row, role in enumerate(rows.roles) if role in ("parent", "single")]
    if not others:
        return []
    for column in rows.table.columns.values():
        if all(column[row].strip() for row in children) and not any(column[row].strip() for row in others):
            named = {re.sub(r"^id:\s*", "", column[row].strip()) for row in children}
            others_of = (other for other in rows.table.columns.values() if other is not column)
            if any(named <= set(map(str.strip, other)) for other in others_of):
                return [cells.text(cell) for cell in column]
    return []


def _parents_by_header(rows: _Rows) -> list[str]:
    """A column whose header speaks of parents or children, and whose every value is the id of a row."""
    ids = {cell for name in _id_columns(rows) for cell in map(str.strip, rows.table.columns[name])}
    for name, column in rows.table.columns.items():
        if _SPEAKS_OF_PARENTS.search(name.lower()) and not name.lower().endswith(("name", "title")):
            named = {cell.strip() for cell in column if cell.strip()}
            if named and named <= ids and any(not cell.strip() for cell in column):
                return [cells.text(cell) for cell in column]
    return []


def _places(rows: _Rows, named: set[str] | None = None) -> dict[str, int]:
    """Every id, code and SKU -> the first row that has it; the columns that hold most of the `named` too."""
    places: dict[str, int] = {}
    columns = _id_columns(rows)
    parents = rows.meaning.get("parent", ())
    for name, column in rows.table.columns.items():
        if named and name not in parents and len(named & set(map(str.strip, column))) > 0.5 * len(named):
            columns.append(name)
    for name in dict.fromkeys(columns):
        for row, cell in enumerate(rows.table.columns[name]):
            if cell.strip():
                places.setdefault(cell.strip(), row)
    return places


def _by_list_of_children(rows: _Rows) -> None:
    """A parent that lists its children's codes: 'sku=a,size=S|sku=b,size=M'. Rows below a parent without
    an id go on with its list."""
    names = [name for name in rows.table.columns if headers.spoken(name) in options.CHILD_LISTS]
    if not names:
        return
    places, ids = _places(rows), rows.column("id")
    parent = 0
    for row in range(rows.table.rows):
        parent = row if not ids or ids[row] else parent
        for name in names:
            for code in _child_codes(rows.table.columns[name][row]):
                at = places.get(code)
                if at is not None and at != parent:
                    rows.head[at] = parent
        if parent != row:
            rows.head[row] = parent


def _child_codes(cell: str) -> Iterator[str]:
    for part in cell.split("|"):
        found = re.search(r"sku=([^,|]+)", part)
        yield from [found.group(1).strip()] if found else (code.strip() for code in re.split(r"[,;]", part))


# ---- by id, title and place -----------------------------------------------------------------------


def _by_shared_id(rows: _Rows) -> None:
    """Rows of one id of which only the first has a title; with the same title on every row only where
    the table has options or sizes to tell them apart."""
    titled = rows.column("title")
    if titled and (not all(titled) or rows.has_options or rows.meaning.get("record_kind")):
        for name in _id_columns(rows):
            _share_id(rows, [cells.text(cell) for cell in rows.table.columns[name]], titled)


def _id_columns(rows: _Rows) -> list[str]:
    """The id's column and all others that hold ids, but for those of parents."""
    named = [name for name in rows.table.columns if headers.claim(name, "id") >= 40]
    found = [name for name in (*rows.meaning.get("id", ()), *named) if name in rows.table.columns]
    return [name for name in dict.fromkeys(found) if name not in rows.meaning.get("parent", ())]


def _share_id(rows: _Rows, ids: Sequence[str], titled: Sequence[str]) -> None:
    differs = rows.has_options or bool(rows.meaning.get("record_kind"))
    first: dict[str, int] = {}
    for row, own in enumerate(ids):
        if not own or rows.head[row] != row:
            continue
        at = first.setdefault(own, row)
        if at != row and (not titled[row] or (differs and titled[row] == titled[at])):
            rows.head[row] = at
        elif at != row and not titled[at]:
            rows.head[at], first[own] = row, row


def _by_variation_name(rows: _Rows) -> None:
    """Rows of one title that a column of variants tells apart."""
    names, titled = rows.column("variation"), rows.column("title")
    if not any(names) or not titled:
        return
    first: dict[str, int] = {}
    for row, title in enumerate(titled):
        if title and names[row] and rows.head[row] == row:
            rows.head[row] = first.setdefault(title, row)


def _by_place(rows: _Rows) -> None:
    """Rows below a product that have no title: of a kind that is part of one, or without an id in a table
    of options."""
    titled, ids = rows.column("title"), rows.column("id")
    if not titled:
        return
    last = None
    for row in range(rows.table.rows):
        is_part = rows.roles[row] in ("child", "extra")
        continues = rows.has_options and not titled[row] and bool(ids) and not ids[row]
        if rows.head[row] != row:
            continue
        untitled = not titled[row] or (is_part and not rows.meaning.get("parent"))
        if last is not None and untitled and (is_part or continues):
            rows.head[row] = last
        elif not is_part:
            last = row
