# ruff: noqa: E501 -- files stand as they are
"""Inputs that would hang, fill the memory or read other files: one clear error each, or they are survived."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from muse_core.catalog import decoding
from muse_core.catalog.load import LoadReport, load_catalog
from muse_core.errors import CatalogError

BOMB = '<!DOCTYPE p [<!ENTITY a "aaaaaaaaaa">{}]><products><product><name>&z;</name><price>1</price></product></products>'


def _load(folder: Path, content: str | bytes, name: str = "shop.csv") -> LoadReport:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return load_catalog(file)


def test_two_columns_of_one_name_are_both_kept(tmp_path: Path) -> None:
    report = _load(tmp_path, "title,price,note,note\nOak Stool,1299,a,b\nClay Lamp,349,c,d\n")
    assert report.catalog.products[0].attributes == {"note": "a", "note 2": "b"}
    assert [product.price for product in report.catalog] == [1299.0, 349.0]


def test_ten_thousand_columns_are_cut_and_said(tmp_path: Path) -> None:
    wide = ",".join(f"c{n}" for n in range(10_000))
    report = _load(tmp_path, f"title,price,{wide}\nOak Stool,1299{',x' * 10_000}\nClay Lamp,349\n")
    assert report.rows_kept == 2
    assert any("10002 columns" in note for note in report.notes)


def test_a_cell_of_ten_megabytes_is_cut_and_said(tmp_path: Path) -> None:
    for text in ("long words " * 1_000_000, "a=b, " * 2_000_000, "(9/" * 3_400_000, "Red; " * 2_000_000):
        rows = [
            {"title": "Oak Stool", "price": "1299", "options": text},
            {"title": "Clay Lamp", "price": text},
        ]
        report = _load(tmp_path, json.dumps(rows), "shop.json")
        assert [product.title for product in report.catalog] == ["Oak Stool", "Clay Lamp"]
        assert any("cut off" in note for note in report.notes)


def test_a_gzip_bomb_is_refused_before_it_has_unfolded(tmp_path: Path) -> None:
    bomb = gzip.compress(b"title,price\n" + b"\0" * (decoding.ALWAYS_UNPACKED + 1))
    with pytest.raises(CatalogError, match=r"unpacks to more than 64 MB.*expected.*Split"):
        _load(tmp_path, bomb, "shop.csv.gz")


def test_entities_are_never_unfolded(tmp_path: Path) -> None:
    levels = "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(25))
    outside = '<!DOCTYPE p [<!ENTITY z SYSTEM "file:///etc/passwd">]><products><product><name>&z;</name></product></products>'
    far_below = f"<?xml version='1.0'?><!-- {'x' * 100_000} -->" + BOMB.format(levels)
    for text in (BOMB.format(levels), outside, far_below):
        with pytest.raises(CatalogError, match=r"document type.*expected"):
            _load(tmp_path, text, "feed.xml")


def test_markup_inside_of_a_description_is_no_document_type(tmp_path: Path) -> None:
    item = "<item><title>Oak {}</title><price>{}</price><description><![CDATA[<!DOCTYPE html><p>Solid]]></description></item>"
    report = _load(tmp_path, f"<rss>{item.format('Stool', 9)}{item.format('Chair', 8)}</rss>", "feed.xml")
    assert [product.price for product in report.catalog] == [9.0, 8.0]


def test_a_picture_path_that_leaves_the_folder_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    inner = tmp_path / "shop"
    inner.mkdir()
    report = _load(inner, "title,image\nOak Stool,../secret.png\nClay Lamp,/etc/a.png\n")
    assert not report.catalog.has_images
    assert "read" not in report.pictures


def test_xml_nested_without_end_and_json_of_variants_without_end(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="expected"):
        _load(tmp_path, "<a>" * 100_000 + "</a>" * 100_000, "feed.xml")
    many = [{"title": f"Size {n}", "price": 900 - n % 300} for n in range(20_000)]
    report = _load(
        tmp_path, json.dumps({"products": [{"title": "Oak Stool", "variants": many}]}), "shop.json"
    )
    assert report.rows_kept == 1 and report.prices is not None and report.prices["min"] == 601


def test_rows_that_are_each_others_parents_are_survived(tmp_path: Path) -> None:
    report = _load(
        tmp_path, "sku,title,parent_sku,price\na,Oak Stool,b,1299\nb,Clay Lamp,a,349\nc,Jute Bag,c,249\n"
    )
    assert report.rows_read == 3 == report.rows_kept + sum(report.dropped.values())
