"""Every hostile catalogue loads, quickly, with the report that a careful reader would write."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from muse_core.catalog.load import LoadReport, load_catalog
from tests.unit.catalog.hostile import Hostile, delimited
from tests.unit.catalog.hostile_shapes import shapes

ALL = delimited() | shapes()


def _loaded(hostile: Hostile, folder: Path) -> LoadReport:
    file = folder / hostile.name
    file.write_bytes(hostile.data)
    return load_catalog(file)


@pytest.mark.parametrize("name", ALL)
def test_a_hostile_catalogue_is_understood(name: str, tmp_path: Path) -> None:
    hostile = ALL[name]
    began = time.process_time()
    report = _loaded(hostile, tmp_path)
    assert time.process_time() - began < 5
    assert (report.rows_read, report.rows_kept) == (hostile.read, hostile.kept), report.dropped
    assert report.rows_read == report.rows_kept + sum(report.dropped.values())
    assert {meaning: report.columns.get(meaning) for meaning in hostile.columns} == hostile.columns
    assert not set(hostile.absent) & set(report.columns)
    found = report.prices and (report.prices["min"], report.prices["max"], report.prices["known"])
    assert found == hostile.prices
    first = report.catalog.products[0]
    assert {field: getattr(first, field) for field in hostile.first} == hostile.first
    assert hostile.note in " ".join(report.notes)
    for counts in ("colours", "categories", "product_types"):
        wanted = getattr(hostile, counts.replace("product_", ""))
        assert wanted is None or getattr(report, counts) == wanted
    assert len({product.product_id for product in report.catalog}) == report.rows_kept
    assert all(len(product.title) <= 500 for product in report.catalog)
