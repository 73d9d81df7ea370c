"""The columns of a shop's table that describe its products beyond our fields -> facets of the products.

    {"Memory": "16GB", "Touchscreen": "Yes"}  ->  {"memory": ("16 gb",), "touchscreen": ("yes",)}

Every column that has no meaning of ours is looked at: by its name (`facet_headers.py`), its values
(`facet_cells.py`) and by what it tells beside the others (`facet_ranking.py`). At most `at_most` become
facets; for every other column the report has a reason. What the user names in `catalog.facets` always is one.
Fails with ConfigError when that does not fit the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from itertools import chain

from muse_core.catalog import cells, facet_headers
from muse_core.catalog.columns import SAMPLE
from muse_core.catalog.facet_cells import Read, read
from muse_core.catalog.facet_ranking import Candidate, ranked
from muse_core.catalog.raw_table import RawTable
from muse_core.errors import ConfigError
from muse_core.types import HINDI_TITLE, Product


@dataclass(frozen=True)
class Asked:
    """What the user has settled: `catalog.facets`, name -> column ("" = none), and `catalog.max_facets`."""

    columns: Mapping[str, str] = field(default_factory=dict)
    at_most: int = 12


@dataclass
class Found:
    """The products with their facets; `columns`: facet -> column of the file; `left_out`: column -> why."""

    products: list[Product]
    columns: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def with_facets(
    products: Sequence[Product], rows: Sequence[int], table: RawTable, used: Collection[str], asked: Asked
) -> Found:
    """The products with what the table tells of them. `rows`: the table's row of each product; `used`: the
    columns that have a meaning of ours."""
    found = Found(list(products))
    named = {name: column for name, column in asked.columns.items() if column}
    _check(asked.columns, table)
    if asked.at_most == 0 and not named:
        return found
    reads = _read_columns(table, rows, used, named.values(), found)
    candidates = [
        Candidate(
            header, one.kind, [one.of_cell[cell] for cell in map(table.columns[header].__getitem__, rows)]
        )
        for header, one in reads.items()
    ]
    of_header = {one.header: one for one in candidates}
    free = [one for one in candidates if one.header not in named.values()]
    order, repeated = ranked(free, products)
    found.left_out.update(repeated)
    _name_all(found, named, order, reads, asked)
    columns = {
        name: of_header[header].values for name, header in found.columns.items() if header in of_header
    }
    if columns:
        found.products = [
            replace(product, facets={name: values[at] for name, values in columns.items() if values[at]})
            for at, product in enumerate(products)
        ]
    return found


def _read_columns(
    table: RawTable, rows: Sequence[int], used: Collection[str], named: Collection[str], found: Found
) -> dict[str, Read]:
    """Header -> the column as a facet; why not goes into `found`, in place."""
    reads: dict[str, Read] = {}
    for header, column in table.columns.items():
        given = header in named
        if not given and (header in used or header == HINDI_TITLE):
            continue
        sample = [cell for cell in map(column.__getitem__, rows[:SAMPLE]) if cells.text(cell)]
        why: Read | str | None = None if given else facet_headers.unfit(header, sample)
        if why is None:
            counts = Counter(map(column.__getitem__, rows))
            why = read(counts, facet_headers.stated_unit(header), header, given)
        if isinstance(why, Read):
            reads[header] = why
        else:
            found.left_out[header] = why
    return reads


# ---- names -----------------------------------------------------------------------------------------


def _name_all(
    found: Found, named: Mapping[str, str], order: Sequence[str], reads: Mapping[str, Read], asked: Asked
) -> None:
    """Give the facets their names and say which columns are left over, in place; the user's come first."""
    for name, header in named.items():
        if header in reads:
            found.columns[name] = header
            found.left_out.pop(header, None)
        else:
            found.notes.append(f"the facet {name!r} has no values: the column {header!r} is empty")
    taken = set(chain.from_iterable(map(facet_headers.arguments_of, found.columns)))
    refused = {name for name, column in asked.columns.items() if not column}
    places = {header: place for place, header in enumerate(reads)}
    for header in order:
        wanted = facet_headers.argument(header, reads[header].stated, places[header])
        name = facet_headers.free_name(wanted, taken)
        if name in refused:
            found.left_out[header] = "left out in catalog.facets"
            refused.discard(name)
        elif len(found.columns) >= asked.at_most:
            found.left_out[header] = f"{asked.at_most} other columns tell more (catalog.max_facets)"
        else:
            found.columns[name] = header
            taken.update(facet_headers.arguments_of(name))
            if name != wanted:
                found.notes.append(
                    f"the facet of {header!r} is called {name!r}: {wanted!r} is an argument already"
                )
    if refused:
        found.notes.append(f"catalog.facets leaves out what is no facet: {', '.join(sorted(refused))}")


def _check(columns: Mapping[str, str], table: RawTable) -> None:
    """ConfigError naming every mistake in the user's facets at once."""
    problems = []
    for name, column in columns.items():
        if not facet_headers.is_name(name):
            problems.append(
                f"{name!r} is no name for an argument; expected small letters, digits and _: 'memory'"
            )
        elif name in facet_headers.reserved() and column:
            problems.append(f"{name!r} is an argument or a field already; call it {'shop_' + name!r}")
        if column and column not in table.columns:
            near = get_close_matches(column, table.columns, n=1, cutoff=0.5)
            hint = f", did you mean {near[0]!r}?" if near else ""
            problems.append(f"column {column!r} (for {name!r}) is not in the file{hint}")
    if problems:
        raise ConfigError(
            "catalog.facets (argument -> column of the file; '' leaves one out) does not fit the file, whose "
            f"columns are: {', '.join(map(repr, table.columns))}. Correct these:",
            problems,
        )
