"""A small Parquet file that stands for gigabytes is refused before they are there."""

from __future__ import annotations

import resource
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from muse_core.catalog.load import load_catalog
from muse_core.catalog.parquet_file import read_parquet
from muse_core.errors import CatalogError

MANY = 10_000_000


def _run(folder: Path) -> pa.Table:
    """One row, whose list holds the same number again and again."""
    same = pa.array([7], pa.int32()).take(pa.repeat(pa.scalar(0, pa.int64()), MANY))
    return pa.table({"title": ["Mug"], "sizes": pa.ListArray.from_arrays([0, MANY], same)})


def _nulls(folder: Path) -> pa.Table:
    rows = 60_000
    nothing = {f"c{n}": pa.nulls(rows, pa.bool_()) for n in range(190)}
    return pa.table({"title": pa.repeat("Mug", rows), **nothing})


def _long_word(folder: Path) -> pa.Table:
    word = pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), 200), ["x" * 20_000_000])
    return pa.table({"title": word})


@pytest.mark.parametrize("make", [_run, _nulls, _long_word])
def test_it_is_refused_and_its_memory_is_never_taken(make: object, tmp_path: Path) -> None:
    path = tmp_path / "shop.parquet"
    pq.write_table(make(tmp_path), path, compression="zstd")  # type: ignore[operator]
    assert path.stat().st_size < 200_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CatalogError, match="unpacks to more than"):
        load_catalog(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kB


def test_a_footer_that_contradicts_itself_ends_no_process() -> None:
    """pyarrow throws what nobody catches where the sizes of a column have another shape than the column."""
    raw = Path(__file__).with_name("contradicting_columns.parquet").read_bytes()
    with pytest.raises(CatalogError, match="says of its columns contradicts itself"):
        read_parquet("x.parquet", raw)
