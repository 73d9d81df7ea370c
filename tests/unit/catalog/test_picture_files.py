"""Pictures that a catalogue names: read from beside it, never from anywhere else."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from muse_core.catalog import shop_pictures
from muse_core.catalog.load import load_catalog


def png(colour: str = "red", size: int = 8) -> bytes:
    packed = io.BytesIO()
    Image.new("RGB", (size, size), colour).save(packed, format="PNG")
    return packed.getvalue()


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A shop's folder with pictures, and a secret picture beside the folder."""
    folder = tmp_path / "shop"
    (folder / "img").mkdir(parents=True)
    (folder / "img" / "a.png").write_bytes(png())
    (folder / "b.jpg").write_bytes(png("blue"))
    (folder / "text.png").write_text("no picture")
    (tmp_path / "secret.png").write_bytes(png("black"))
    (folder / "out.png").symlink_to(tmp_path / "secret.png")
    (folder / "up").symlink_to(tmp_path)
    (folder / "loop.png").symlink_to(folder / "loop.png")
    return folder


def paths(shop: Path) -> list[str]:
    return [
        "img/a.png", "b.jpg", "img\\a.png", "img/../b.jpg", "../secret.png", str(shop.parent / "secret.png"),
        "out.png", "up/secret.png", "C:\\secret.png", "\\\\host\\secret.png", "~/secret.png", "none.png",
        "text.png", "loop.png", "a\0b.png", "x" * 280 + ".png",
    ]  # fmt: skip


WANTED = {"read": 3, shop_pictures.REFUSED: 8, shop_pictures.UNREADABLE: 1}


def test_paths_in_a_csv_never_leave_the_folder(shop: Path) -> None:
    rows = "".join(f'Red Mug {n},"{path}"\n' for n, path in enumerate(paths(shop)))
    (shop / "shop.csv").write_text("title,image\n" + rows)
    report = load_catalog(shop / "shop.csv")
    assert report.columns["image"] == "image"
    assert report.pictures.items() >= WANTED.items()
    assert [n for n, product in enumerate(report.catalog) if product.image] == [0, 1, 2]
    assert any("8 refused" in note for note in report.notes)
    assert sum(report.pictures.values()) == len(paths(shop))


@pytest.mark.parametrize("column", ["picture_path", "foto"])
def test_paths_in_parquet_are_found_by_name_or_value(shop: Path, column: str) -> None:
    given = paths(shop)
    table = pa.table({"title": [f"Red Mug {n}" for n in range(len(given))], column: given})
    pq.write_table(table, shop / "shop.parquet")
    report = load_catalog(shop / "shop.parquet")
    assert report.columns["image"] == column
    assert report.pictures.items() >= WANTED.items()


def test_links_are_not_followed_and_are_no_pictures(shop: Path) -> None:
    (shop / "shop.csv").write_text("title,image_url\nRed Mug,https://shop.invalid/a.png\n")
    report = load_catalog(shop / "shop.csv")
    assert report.pictures == {} and not report.catalog.has_images
    assert report.other_columns == ("image_url",)
    mapped = load_catalog(shop / "shop.csv", {"image": "image_url"})
    assert mapped.pictures == {shop_pictures.LINK: 1}


def test_huge_pictures_are_left_out(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shop_pictures, "MAX_PIXELS", 100)
    monkeypatch.setattr(shop_pictures, "MAX_PICTURE", 2000)
    (shop / "wide.png").write_bytes(png(size=40))
    (shop / "long.png").write_bytes(png() + b"\0" * 3000)
    (shop / "shop.csv").write_text("title,image\nA mug,b.jpg\nB mug,wide.png\nC mug,long.png\n")
    pictures = load_catalog(shop / "shop.csv").pictures
    assert pictures == {"read": 1, shop_pictures.UNREADABLE: 1, shop_pictures.TOO_LARGE: 1}


def test_pictures_as_structs_of_bytes(tmp_path: Path) -> None:
    rows = [{"bytes": png(), "path": "../a.png"}, None, {"bytes": None, "path": "b.png"}]
    pq.write_table(
        pa.table({"title": ["Red Mug", "Blue Mug", "Tin Mug"], "image": rows}), tmp_path / "s.parquet"
    )
    report = load_catalog(tmp_path / "s.parquet")
    assert [product.image is not None for product in report.catalog] == [True, False, False]
