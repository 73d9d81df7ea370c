"""Rows that are one product -> one row: variants, further options, pictures, other languages.

Rows belong together by a parent that they name, by a list of children, by an id that several rows have,
by standing below a product without a title of their own, or by a title beside a column of variants. The
joined row has the parent's cells, all sizes and colours, and the price of the cheapest variant. Products
off sale, services and fees are left out. Every row is counted: joined, or left out and why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from muse_core.catalog import cells, headers, options, records, titles
from muse_core.catalog.prices import read_money
from muse_core.catalog.questions import Answers
from muse_core.catalog.raw_table import RawTable, only_rows
from muse_core.catalog.record_rows import Grouping, grouped
from muse_core.types import HINDI_TITLE

JOINED = "variant or part of another row, joined into one product"
TRANSLATION = "another language of a product"
OFF_SALE = "draft, hidden or not on sale"
SERVICE = "service or fee, no product"
CONTAINER = "group of other products without a price of its own"

Meaning = Mapping[str, Sequence[str]]


@dataclass
class _Join:
    """What joining knows: the table, what its columns mean, and which rows are one product."""

    table: RawTable
    meaning: Meaning
    groups: Grouping
    prices: list[float | None] = field(default_factory=list)

    def cell(self, meaning: str, row: int) -> str:
        source = next(iter(self.meaning.get(meaning, ())), None)
        return cells.text(self.table.columns[source][row]) if source in self.table.columns else ""

    def raw(self, meaning: str, row: int) -> str:
        """The cell as it is in the file."""
        source = next(iter(self.meaning.get(meaning, ())), None)
        return self.table.columns[source][row] if source in self.table.columns else ""


def joined(table: RawTable, meaning: Meaning, has_options: bool, answers: Answers) -> RawTable:
    """The table with one row a product on sale; the same table where every row is one."""
    join = _Join(table, meaning, grouped(table, meaning, has_options))
    keep = _on_sale(join)
    if len(keep) == table.rows and not join.groups.translations:
        return table
    if any(len(rows) > 1 for rows in join.groups.members.values()):
        join.prices = read_money(table, meaning, range(table.rows), answers).values
    merged = {head: _merged(join, head) for head in keep if len(join.groups.members[head]) > 1}
    out = only_rows(table, keep)
    for place, head in enumerate(keep):
        for name, value in merged.get(head, {}).items():
            out.columns[name][place] = value
    _put_translations(join, keep, out)
    return out


# ---- on sale --------------------------------------------------------------------------------------


def _on_sale(join: _Join) -> list[int]:
    """The heads of products on sale, in row order; variants off sale leave their product, in place."""
    keep = []
    dropped = join.table.dropped
    for head, rows in join.groups.members.items():
        reason = _off_reason(join, head)
        if reason is None:
            on = [row for row in rows if row == head or not _is_off(join, row, is_variant=True)]
            dropped[OFF_SALE] += len(rows) - len(on)
            dropped[JOINED] += len(on) - 1
            join.groups.members[head] = on
            keep.append(head)
        else:
            dropped[reason] += len(rows)
    dropped[TRANSLATION] += sum(map(len, join.groups.translations.values()))
    join.table.dropped = +dropped
    return sorted(keep)


def _off_reason(join: _Join, head: int) -> str | None:
    """Why a product is not sold; None when it is."""
    if _is_off(join, head, is_variant=len(join.groups.members[head]) > 1 and join.groups.is_orphaned(head)):
        return OFF_SALE
    role = join.groups.roles[head]
    shelf = cells.path(join.raw("category", head))
    if role == "service" or records.is_fee(join.raw("title", head)):
        return SERVICE
    if shelf and records.is_service_shelf(shelf[-1]) and (role is None or _is_virtual(join, head)):
        return SERVICE
    if role == "container" and not any(
        join.table.columns[name][head].strip() for name in join.meaning.get("price", ())
    ):
        return CONTAINER
    return None


def _is_virtual(join: _Join, head: int) -> bool:
    kinds = join.meaning.get("record_kind", ())
    return any("virtual" in join.table.columns[name][head].lower() for name in kinds)


def _is_off(join: _Join, row: int, is_variant: bool) -> bool:
    """Whether a status column takes the row off sale; that a variant is not listed by itself does not."""
    for name in (*join.meaning.get("status", ()), *join.meaning.get("stock", ())):
        cell = join.table.columns[name][row]
        if is_variant and "visib" in headers.folded(name) and "individually" in cell.lower():
            continue
        state = records.state_of(cell) if cell.strip() else None
        if records.is_negative(name):
            state = None if state is None else not state
        if state is False or (cell.strip() == "2" and name in join.groups.two_is_off):
            return True
    return False


# ---- one row --------------------------------------------------------------------------------------


def _merged(join: _Join, head: int) -> dict[str, str]:
    """The cells of a product of several rows: its own, else the first variant's; sizes, colours and other
    options of all; the money of the cheapest."""
    rows = join.groups.members[head]
    money = {*join.meaning.get("price", ()), *join.meaning.get("currency", ())}
    several = {name for key in ("sizes", "colour") for name in join.meaning.get(key, ())[:1]}
    described = {name for sources in join.meaning.values() for name in sources}
    several |= {name for name in join.table.options if name not in described}
    cheapest = _cheapest(join, rows)
    merged = {}
    for name, column in join.table.columns.items():
        if name in several:
            merged[name] = _all_of(column, rows)
        elif name in money:
            merged[name] = column[cheapest]
        else:
            merged[name] = next((column[row] for row in rows if column[row].strip()), "")
    if join.groups.is_orphaned(head) and join.meaning.get("title"):
        merged[join.meaning["title"][0]] = titles.shared([join.cell("title", row) for row in rows])
    return merged


def _cheapest(join: _Join, rows: Sequence[int]) -> int:
    priced = [row for row in rows if join.prices and join.prices[row] is not None]
    return min(priced, key=lambda row: join.prices[row] or 0) if priced else rows[0]


def _all_of(column: Sequence[str], rows: Sequence[int]) -> str:
    """Every value of the rows, once, in order."""
    found = [part for row in rows for part in options.split(column[row])]
    return options.SEPARATOR.join(dict.fromkeys(found))


# ---- languages ------------------------------------------------------------------------------------


def _put_translations(join: _Join, keep: Sequence[int], out: RawTable) -> None:
    """The titles of Hindi rows as a column of their own."""
    if not join.groups.translations:
        return
    column = [""] * len(keep)
    for place, head in enumerate(keep):
        for row in join.groups.translations.get(head, ()):
            if join.cell("language", row).lower().startswith("hi"):
                column[place] = join.cell("title", row)
    out.columns[HINDI_TITLE] = column
