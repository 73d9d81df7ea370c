"""Files in the 8-bit and double-byte code pages of older table programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from muse_core.catalog.load import load_catalog

FRENCH = "nom;prix\nChemise légère été;39\nRobe à fleurs brodée;49\nTête de lit;99\n"


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("cp1252", FRENCH),
        (
            "cp1252",
            "title,price\n" + "Plain Blue Shirt,499\n" * 3000 + "Café Mug – “Best”,99\nMen’s Kurta,1299\n",
        ),
        ("cp1250", "nazwa;cena\nKoszula męska biały;39\nLampa żółta;49\nKubek śniadaniowy;99\n"),
        ("cp1251", "название;цена\nСиняя кружка;499\nКрасная рубашка;899\nЗелёная лампа;99\n"),
        ("cp932", "title;price\n青いマグカップ;499\n赤いシャツ;899\n緑のランプ;99\n"),
        ("gb18030", "title;price\n蓝色的杯子;499\n红色的衬衫;899\n绿色的灯;99\n"),
    ],
)
def test_titles_come_out_as_they_were_written(tmp_path: Path, page: str, text: str) -> None:
    file = tmp_path / "shop.csv"
    file.write_bytes(text.encode(page))
    report = load_catalog(file)
    written = list(dict.fromkeys(line.replace(";", ",").rpartition(",")[0] for line in text.splitlines()[1:]))
    assert [product.title for product in report.catalog] == written
    assert any(page in note for note in report.notes)
