"""The bytes of a Parquet file -> a table as read; CatalogError for a damaged or a swollen one.

A Parquet column is a dictionary of values and places in it, and a run of equal ones is written once, so that
a kilobyte can stand for gigabytes. The values are counted before anything is read; rows are read in batches
that cannot outgrow the limit of a packed file, and reading stops where it is passed.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from muse_core.catalog.decoding import unpack_limit
from muse_core.catalog.objects import as_text, flattened
from muse_core.catalog.raw_table import RawTable, capped
from muse_core.errors import CatalogError

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_MAX_ROWS = 5_000_000
_MAX_BATCH = 65_536  # rows
_CELL = 8  # bytes that a value takes at least, be it a null or part of a run
_PLAIN = 4  # times its size: what a file without tricks may hold, however large it is
# pyarrow ends its process, not its call, where a footer contradicts itself about a column.
_LOOK_AT_COLUMNS = """
import sys
import pyarrow as pa
import pyarrow.parquet as pq
about = pq.ParquetFile(pa.BufferReader(sys.stdin.buffer.read())).metadata
for group in range(about.num_row_groups):
    for at in range(about.num_columns):
        about.row_group(group).column(at)
"""


def read_parquet(name: str, raw: bytes) -> RawTable:
    """The columns as text, or as bytes where pictures are."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    _refuse_what_ends_a_process(name, raw)
    try:
        file = pq.ParquetFile(pa.BufferReader(raw))
        if file.metadata.num_rows > _MAX_ROWS:
            raise CatalogError(
                f"{name}: found {file.metadata.num_rows:,} rows; at most {_MAX_ROWS:,} can be read. Split it."
            )
        notes: list[str] = []
        names = capped(file.schema_arrow.names, notes)
        columns: list[list[Any]] = [[] for _ in names]
        for batch in _batches(name, file, max(unpack_limit(len(raw)), _PLAIN * len(raw))):
            for place, column in enumerate(columns):
                column += batch.column(place).to_pylist()
    except (pa.ArrowException, OSError, ValueError, OverflowError) as fault:
        raise CatalogError(
            f"{name}: found a damaged Parquet file ({fault}); expected a readable one. Write it again."
        ) from fault
    rows = file.metadata.num_rows
    return _from_values(dict(zip(names, columns, strict=True)), rows, notes)


def _refuse_what_ends_a_process(name: str, raw: bytes) -> None:
    """Looks at the columns in a process that may end; what raises there raises here as well."""
    looked = subprocess.run(
        [sys.executable, "-I", "-c", _LOOK_AT_COLUMNS], input=raw, capture_output=True, check=False
    )
    if looked.returncode < 0:
        raise CatalogError(
            f"{name}: found a damaged Parquet file (what it says of its columns contradicts itself); "
            "expected a readable one. Write it again."
        )


def _batches(name: str, file: pq.ParquetFile, limit: int) -> Iterator[pa.RecordBatch]:
    """The rows, a few at a time, until they hold more than `limit` bytes."""
    size = 0
    if _CELL * sum(chunk.num_values for chunk in _chunks(file)) > limit:
        raise _swollen(name, limit)
    for batch in file.iter_batches(batch_size=_batch_rows(file, limit)):
        size += batch.nbytes
        if size > limit:
            raise _swollen(name, limit)
        yield batch


def _swollen(name: str, limit: int) -> CatalogError:
    return CatalogError(
        f"{name}: found a Parquet file that unpacks to more than {limit >> 20} MB; expected a table "
        "with one product a row. Leave out the long columns, or split it."
    )


def _chunks(file: pq.ParquetFile) -> Iterator[Any]:
    """What the file says of each of its column chunks."""
    for group in range(file.metadata.num_row_groups):
        row_group = file.metadata.row_group(group)
        yield from (row_group.column(column) for column in range(row_group.num_columns))


def _batch_rows(file: pq.ParquetFile, limit: int) -> int:
    """Rows of a batch: no value of a column chunk is longer than the chunk, so no batch is than `limit`."""
    largest = max((chunk.total_uncompressed_size for chunk in _chunks(file)), default=1)
    return max(1, min(_MAX_BATCH, limit // max(1, largest)))


def _from_values(columns: Mapping[str, list[Any]], rows: int, notes: list[str]) -> RawTable:
    """Columns of Python values as columns of text and of bytes."""
    texts: dict[str, list[str]] = {}
    blobs: dict[str, list[bytes | None]] = {}
    for name, values in columns.items():
        encoded = _bytes_of(values)
        first = next((value for value in values if value is not None), None)
        if encoded is not None:
            blobs[name] = encoded
        elif isinstance(first, dict):
            for row, value in enumerate(values):
                for inner, cell in flattened(value or {}, f"{name} "):
                    texts.setdefault(inner, [""] * rows)[row] = cell
        else:
            texts[name] = [as_text(value) for value in values]
    return RawTable(texts, blobs, notes)


def _bytes_of(values: list[Any]) -> list[bytes | None] | None:
    """The column as bytes when that is what it holds, plainly or as {'bytes': ..., 'path': ...}."""
    first = next((value for value in values if value is not None), None)
    if isinstance(first, bytes):
        return list(values)
    if isinstance(first, dict) and any(value and isinstance(value.get("bytes"), bytes) for value in values):
        return [value.get("bytes") if value else None for value in values]
    return None
