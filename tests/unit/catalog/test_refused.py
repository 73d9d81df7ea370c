"""Files that cannot be used: one clear message each, at once. And mappings that do not fit."""

from __future__ import annotations

import gzip
import json
import os
import time
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.commands import catalog as command
from muse_core.catalog import decoding, parquet_file
from muse_core.catalog.load import load_catalog
from muse_core.errors import CatalogError, ConfigError
from tests.unit.catalog.hostile import products, written

RANDOM = bytes((n * 7919 + n * n * 31) % 256 for n in range(5000))


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n", "empty"),
        (b"\xff\xfe", "empty"),
        (b"\x1f\x8brest", "gzip"),
        (gzip.compress(b"title\nMug\n", mtime=0)[:-9], "gzip"),
        (gzip.compress(b"", mtime=0), "empty"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "Excel"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "picture"),
        (b"%PDF-1.7\n", "PDF"),
        (RANDOM, "binary"),
        (b"\0" * 5000, "binary"),
        (b"PAR1" + RANDOM, "Parquet"),
        (b"[" * 100_000, "JSON"),
        (b'{"a":' * 100_000, "JSON"),
        (b'[{"title": ' + b"9" * 10_000 + b"}]", "JSON"),
        (b"title,price\n", "no rows"),
        (b"title,price\n,5\n|,6\n", "columns found"),
        (b"\n\n,,,\n,,,\n", "no rows"),
    ],
)
def test_a_useless_file_is_refused_at_once(tmp_path: Path, raw: bytes, says: str) -> None:
    file = tmp_path / "shop.csv"
    file.write_bytes(raw)
    began = time.process_time()
    with pytest.raises(CatalogError, match="expected") as caught:
        load_catalog(file)
    assert says in str(caught.value) and len(str(caught.value)) < 600
    assert time.process_time() - began < 3


def test_excel_under_a_csv_name_a_folder_a_pipe_and_nothing(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "book.csv", "w") as packed:
        packed.writestr("xl/workbook.xml", "<x/>")
    os.mkfifo(tmp_path / "pipe.csv")
    wanted = {
        "book.csv": "Excel",
        ".": "folder",
        "pipe.csv": "a pipe or a device",
        "none.csv": "No such file",
    }
    for name, says in wanted.items():
        with pytest.raises(CatalogError, match=says):
            load_catalog(tmp_path / name)


def test_what_unpacks_or_unfolds_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "MAX_UNPACKED", 1000)
    monkeypatch.setattr(parquet_file, "_MAX_ROWS", 1000)
    (tmp_path / "bomb.csv.gz").write_bytes(gzip.compress(b"title\n" + b"Mug\n" * 1000))
    with pytest.raises(CatalogError, match="unpacks to more"):
        load_catalog(tmp_path / "bomb.csv.gz")
    pq.write_table(pa.table({"title": ["Red Mug"] * 1001}), tmp_path / "bomb.parquet")
    with pytest.raises(CatalogError, match="1,001 rows"):
        load_catalog(tmp_path / "bomb.parquet")


@pytest.mark.parametrize("is_nested", [False, True])
def test_a_kilobyte_that_stands_for_gigabytes_is_refused_before_it_is_read(
    tmp_path: Path, is_nested: bool
) -> None:
    titles = pa.array(["x" * 20_000_000]).dictionary_encode().take(pa.array([0] * 400))
    column = pa.StructArray.from_arrays([titles], names=["title"]) if is_nested else titles
    pq.write_table(pa.table({"title": column}), tmp_path / "bomb.parquet", compression="zstd")
    assert (tmp_path / "bomb.parquet").stat().st_size < 10_000
    before = pa.default_memory_pool().max_memory()
    with pytest.raises(CatalogError, match="unpacks to more than 64 MB"):
        load_catalog(tmp_path / "bomb.parquet")
    assert pa.default_memory_pool().max_memory() - before < 500_000_000  # 8 GB if read


def test_a_column_of_long_repeated_texts_is_read(tmp_path: Path) -> None:
    rows = {"title": [f"Red Mug {n}" for n in range(900)], "text": ["long " * 1000] * 900}
    pq.write_table(pa.table(rows), tmp_path / "shop.parquet")
    assert load_catalog(tmp_path / "shop.parquet").rows_kept == 900


def test_too_many_columns_are_cut_and_said(tmp_path: Path) -> None:
    file = tmp_path / "wide.jsonl"
    file.write_text("\n".join(json.dumps({"title": "Red Mug", f"k{n}": n}) for n in range(2000)))
    report = load_catalog(file)
    assert report.rows_kept == 2000 - report.dropped.get("exact duplicate of an earlier row", 0)
    assert any("only the first 400" in note for note in report.notes)


# ---- mappings -------------------------------------------------------------------------------------


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    rows = [[p.product_id, p.title, p.price, float(p.price or 0) - 9, p.brand] for p in products()]
    file = tmp_path / "my shop.csv"
    file.write_text(written(rows, ("id", "title", "MRP", "Selling Price", "Maker's name")))
    return file


def checked(
    shop: Path, capsys: pytest.CaptureFixture[str], *settings: str, config: Path | None = None
) -> dict:  # type: ignore[type-arg]
    command.check(shop, config, list(settings), True)
    return json.loads(capsys.readouterr().out)  # type: ignore[no-any-return]


def test_a_mapping_by_set_and_by_file_corrects_what_was_inferred(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert checked(shop, capsys)["columns"]["price"] == "Selling Price"
    assert checked(shop, capsys, 'catalog.columns={price = "MRP"}')["columns"]["price"] == "MRP"
    config = tmp_path / "my.toml"
    config.write_text("[catalog.columns]\nprice = 'MRP'\nbrand = \"Maker's name\"\nname = 'title'\n")
    found = checked(shop, capsys, config=config)["columns"]
    assert found["price"] == "MRP" and found["brand"] == "Maker's name" and found["title"] == "title"
    as_json = tmp_path / "my.json"
    as_json.write_text(json.dumps({"catalog": {"columns": {"price": ""}}}))
    found = checked(shop, capsys, config=as_json)
    assert "price" not in found["columns"] and found["prices"] is None


def test_a_mapping_that_does_not_fit_names_the_columns_and_the_nearest(shop: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        command.check(shop, None, ['catalog.columns={price = "selling prise", prcie = "MRP"}'], True)
    message = str(caught.value)
    assert "did you mean 'Selling Price'?" in message and "did you mean 'price'?" in message
    for column in ("id", "title", "MRP", "Selling Price", "Maker's name"):
        assert column in message
    assert len(caught.value.problems) == 2 and caught.value.exit_code == 2


def test_a_missing_file_is_one_message_with_a_mapping_too(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="No such file"):
        command.check(tmp_path / "none.csv", None, ['catalog.columns={price = "MRP"}'], True)


def test_the_report_for_people_shows_markup_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "shop.csv"
    file.write_text("title,Colour [red]main[/red],note [b]\nRed Mug,red,x\nTin Mug,grey,y\n")
    command.check(file, None, [], False)
    shown = capsys.readouterr().out
    assert "Colour [red]main[/red]" in shown and "note [b]" in shown and "prices: none" in shown
