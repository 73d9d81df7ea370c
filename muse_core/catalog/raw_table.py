"""A file as read, before anything is understood: text columns by name, columns of bytes beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from muse_core.catalog.questions import Question

MAX_CELL = 20_000  # characters of a cell that are read
MAX_COLUMNS = 400


@dataclass
class RawTable:
    """A file as read: text columns by name, columns of bytes beside them, all of one length. `dropped`: rows
    of the file that are no longer in it, by reason; `questions`: what reading left open; `options`: columns
    whose cells are what variants are chosen by."""

    columns: dict[str, list[str]]
    blobs: dict[str, list[bytes | None]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    questions: list[Question] = field(default_factory=list)
    options: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        columns: list[Sequence[object]] = [*self.columns.values(), *self.blobs.values()]
        return max(map(len, columns), default=0)


def only_rows(table: RawTable, keep: Sequence[int]) -> RawTable:
    """The table with only these rows, in this order."""
    return RawTable(
        {name: [column[row] for row in keep] for name, column in table.columns.items()},
        {name: [column[row] for row in keep] for name, column in table.blobs.items()},
        table.notes,
        table.dropped,
        table.questions,
        table.options,
    )


def cut_long_cells(table: RawTable) -> None:
    """Cut cells beyond `MAX_CELL`, in place, and say how many there were."""
    long = 0
    for column in table.columns.values():
        for row, cell in enumerate(column):
            if len(cell) > MAX_CELL:
                column[row] = cell[:MAX_CELL]
                long += 1
    if long:
        table.notes.append(f"{long} cells have more than {MAX_CELL:,} characters; the rest was cut off")


def column_names(header: Sequence[str]) -> list[str]:
    """Names that differ and can be printed: a second 'price' is 'price.2', a nameless one 'unnamed 3'."""
    seen: Counter[str] = Counter()
    names = []
    for place, cell in enumerate(header):
        name = " ".join("".join(c if c.isprintable() else " " for c in cell[:120]).split())
        name = name or f"unnamed {place}"
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name}.{seen[name]}")
    return names


def without_empty_leftovers(columns: dict[str, list[str]]) -> dict[str, list[str]]:
    """Columns without a name and without a value are a table program's leftovers."""
    return {
        name: column
        for name, column in columns.items()
        if not name.startswith("unnamed ") or any(map(str.strip, column))
    }


def capped(names: Iterable[str], notes: list[str]) -> list[str]:
    """The first `MAX_COLUMNS` names; a note when there are more."""
    listed = list(names)
    if len(listed) > MAX_COLUMNS:
        notes.append(f"{len(listed)} columns were found; only the first {MAX_COLUMNS} were read")
    return listed[:MAX_COLUMNS]
