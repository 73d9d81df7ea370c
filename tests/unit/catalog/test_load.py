"""Whole files, dirty on purpose, and the real ones beside the checkout where they are."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from muse_core.catalog.load import LoadReport, load_catalog
from muse_core.errors import CatalogError

REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "catalogs"


def _load(
    folder: Path, text: str, name: str = "shop.csv", encoding: str = "utf-8", **columns: str
) -> LoadReport:
    file = folder / name
    file.write_bytes(text.encode(encoding))
    return load_catalog(file, columns)


def test_a_dirty_csv_is_read_with_reasons(tmp_path: Path) -> None:
    report = _load(
        tmp_path,
        "\ufeffProduct ID,Prdouct Name,Price (INR),Color,Gender,,\r\n"
        'a1,"Zed Men Blue\nCasual Shirt","₹1,09,999",Blue,Men,,\r\n'
        'a1,Zed Women Red Kurta,"Rs\n1699",,Women,,\r\n'
        "a2,Zed Women Red Kurta,Nan,,Women,,\r\n"
        "a2,Zed Women Red Kurta,Nan,,Women,,\r\n"
        ',Zed Girls Pink Dress,"5,000-10,000",,Girls,,\r\n'
        "a3,,849.00,Black,Men,,\r\n"
        "\r\n",
    )
    assert (report.rows_read, report.rows_kept) == (6, 4)
    assert sum(report.dropped.values()) == 2
    assert set(report.dropped.values()) == {1}
    first, same_id, second, third = report.catalog.products
    assert (same_id.product_id, same_id.price) == ("r000002", 1699.0)
    assert (first.product_id, first.title, first.price) == ("a1", "Zed Men Blue Casual Shirt", 109999.0)
    assert (first.product_type, first.colour, first.gender, first.occasion) == (
        "shirt",
        "blue",
        "men",
        "casual",
    )
    assert (second.colour, second.price) == ("red", None)
    assert (third.product_id, third.price) == ("r000005", 5000.0)
    assert report.prices == {"min": 1699.0, "median": 5000.0, "max": 109999.0, "known": 3}
    assert report.columns["title"] == "Prdouct Name"
    assert any("ranges" in note for note in report.notes)


def test_cp1252_tabs_and_semicolons(tmp_path: Path) -> None:
    report = _load(tmp_path, "name;price\nCaf\xe9 Mug;499\nT\xe9 Kettle;999\n", encoding="cp1252")
    assert [product.title for product in report.catalog] == ["Café Mug", "Té Kettle"]
    assert any("cp1252" in note for note in report.notes)
    tabbed = _load(tmp_path, "name\tprice\nBlue Mug\t499\nRed Kettle\t999\n", name="shop.tsv")
    assert [product.price for product in tabbed.catalog] == [499.0, 999.0]
    wide = _load(tmp_path, "name,price\nBlue Mug,499\nRed Kettle,999\n", encoding="utf-16")
    assert wide.rows_kept == 2


def test_a_file_without_header(tmp_path: Path) -> None:
    report = _load(
        tmp_path, "1,Zed Men Blue Shirt,₹499\n2,Zed Women Red Kurta,₹599\n3,Zed Boys Green Shorts,₹699\n"
    )
    assert report.rows_read == 3
    assert report.columns == {"id": "column 1", "title": "column 2", "price": "column 3"}
    assert report.prices is not None and report.prices["max"] == 699.0


def test_titles_are_built_when_no_column_has_them(tmp_path: Path) -> None:
    report = _load(
        tmp_path, "brand,model,colour,type\nZedtron,Zedtron X1,Black,Laptops\nYem,Q,White,Laptops\n"
    )
    assert [product.title for product in report.catalog] == [
        "Zedtron X1 Black Laptops",
        "Yem Q White Laptops",
    ]
    assert report.product_types == {"laptop": 2}


def test_ids_turned_to_floats_come_back(tmp_path: Path) -> None:
    report = _load(tmp_path, "id,title\n1001.0,Blue Shirt\n1002.0,Red Shirt\n")
    assert [product.product_id for product in report.catalog] == ["1001", "1002"]


def test_types_come_from_the_category_path_when_the_title_is_silent(tmp_path: Path) -> None:
    report = _load(
        tmp_path,
        "title,product_category_tree\n"
        'Zed Alpha,"[""Clothing >> Men\'s Clothing >> Mens Shirts""]"\n'
        "Zed Beta,Clothing|Women|Sarees\n",
    )
    assert [product.product_type for product in report.catalog] == ["shirt", "saree"]
    assert report.categories == {"clothing": 2}
    assert [product.gender for product in report.catalog] == ["men", "women"]


def test_a_gender_glued_to_the_category_is_no_shelf(tmp_path: Path) -> None:
    report = _load(
        tmp_path, "Title,Category\nZed Slim,Mens-Shirts\nYem Flow,WomensDresses\nQ Run,Men/Footwear/Shoes\n"
    )
    assert [product.product_type for product in report.catalog] == ["shirt", "dress", "shoes"]
    assert [product.category for product in report.catalog] == ["shirts", "dresses", "footwear"]
    assert [product.gender for product in report.catalog] == ["men", "women", "men"]


def test_a_short_description_is_the_title_where_there_is_no_other(tmp_path: Path) -> None:
    report = _load(
        tmp_path, "Brand,Description,Color\nZed,Slim Fit Shirt with Pocket,white\nYem,Printed Kurta,red\n"
    )
    assert report.columns["title"] == "Description"
    assert [product.product_type for product in report.catalog] == ["shirt", "kurta"]


def test_a_brand_is_no_noun_and_a_film_has_no_colour(tmp_path: Path) -> None:
    report = _load(
        tmp_path, "title,brand,type\nBlack Jeans Co Men Belt,Black Jeans Co,\nThe White Snake,Studio,drama\n"
    )
    belt, film = report.catalog.products
    assert (belt.product_type, belt.colour) == ("belt", None)
    assert (film.product_type, film.colour) == ("drama", None)


def test_ratings_out_of_ten_become_stars(tmp_path: Path) -> None:
    report = _load(tmp_path, "title,rating\nBlue Mug,8.3\nRed Mug,9.1\n")
    assert [product.rating for product in report.catalog] == [4.15, 4.55]


def test_json_lines_and_nested_json(tmp_path: Path) -> None:
    lines = _load(
        tmp_path, '{"name": "Blue Mug", "price": 499.0}\n{"name": "Red Mug"}\nbroken\n', name="shop.jsonl"
    )
    assert [product.price for product in lines.catalog] == [499.0, None]
    assert any("1 lines" in note for note in lines.notes)
    nested = {
        "count": 2,
        "products": [
            {"title": "लाल साड़ी", "price": {"amount": 999}},
            {"title": "Blue Kurta", "sizes": ["S", "M"]},
        ],
    }
    report = _load(tmp_path, json.dumps(nested, ensure_ascii=False), name="shop.json")
    assert [product.product_type for product in report.catalog] == ["saree", "kurta"]
    assert report.catalog.products[1].sizes == ("S", "M")
    assert report.catalog.products[0].price == 999.0


def test_parquet_pictures_are_kept_when_they_are_pictures(tmp_path: Path) -> None:
    from PIL import Image

    packed = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(packed, format="PNG")
    table = pa.table(
        {
            "sku": [1, 2, 3],
            "title": ["Red Mug", "Blue Mug", "Green Mug"],
            "image": [packed.getvalue(), b"no picture", None],
        }
    )
    pq.write_table(table, tmp_path / "shop.parquet")
    report = load_catalog(tmp_path / "shop.parquet")
    assert [product.image is not None for product in report.catalog] == [True, False, False]
    assert [product.product_id for product in report.catalog] == ["1", "2", "3"]
    assert report.pictures == {"read": 1, "no readable picture": 1}


def test_a_catalogue_without_prices_says_so(tmp_path: Path) -> None:
    report = _load(tmp_path, "title\nBlue Mug\n")
    assert report.prices is None
    assert not report.catalog.has_prices
    assert set(report.as_json()) >= {
        "rows_read",
        "rows_kept",
        "dropped",
        "columns",
        "prices",
        "colours",
        "categories",
    }
    json.dumps(report.as_json())


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b"title,price\n", "no rows"),
        (b"PK\x03\x04rest", "binary"),
        (b"PAR1 not really", "Parquet"),
        (b'[{"title": ', "JSON"),
        (b"[1, 2, 3]", "JSON"),
        (b"a,b\n1,2\n3,4\n", "columns found: 'a', 'b'"),
        (b"title,price\n12,4\n13,5\n", "'title'"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_advice(tmp_path: Path, raw: bytes, says: str) -> None:
    file = tmp_path / "shop.csv"
    file.write_bytes(raw)
    with pytest.raises(CatalogError, match="expected") as caught:
        load_catalog(file)
    assert says in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="cannot read"):
        load_catalog(tmp_path / "nowhere.csv")
    with pytest.raises(CatalogError, match="cannot read"):
        load_catalog(tmp_path)


@pytest.mark.parametrize(
    ("name", "rows", "with_prices", "types"),
    [
        ("myntra_catalog_12k.csv", 12491, True, 100),
        ("fashion_styles_39k_noprice.csv", 39596, False, 60),
        ("fashion_visual_subset.parquet", 748, False, 40),
        *(
            (f"xrisawoz_{kind}_{language}.json", rows, kind != "tv", 2)
            for kind, rows in (("pc", 50), ("car", 52), ("tv", 105))
            for language in ("en", "hi", "enhi")
        ),
    ],
)
def test_real_catalogues_load(name: str, rows: int, with_prices: bool, types: int) -> None:
    if not (REAL / name).exists():
        pytest.skip("the real catalogues are not beside this checkout (../shared/data/catalogs)")
    report = load_catalog(REAL / name)
    assert report.rows_read == rows
    assert report.rows_kept + sum(report.dropped.values()) == rows
    assert report.rows_kept >= 0.95 * rows
    assert report.catalog.has_prices is with_prices
    assert report.catalog.has_images is name.endswith("parquet")
    assert len(report.product_types) >= min(types, 40)
    assert report.product_types.get("item", 0) <= 0.02 * rows
    assert all(product.title for product in report.catalog)


_PC = {
    "title": "product_name", "product_type": "computer_type", "brand": "brand", "colour": "colour",
    "price": "price", "model": "series",
}  # fmt: skip
_CAR = {
    "title": "name", "product_type": "classification", "brand": "brand", "sizes": "size", "price": "price",
    "model": "series",
}  # fmt: skip
_TV = {"title": "title", "product_type": "type", "rating": "douban_score"}
_FASHION = {
    "id": "id", "title": "productDisplayName", "product_type": "articleType", "category": "masterCategory",
    "colour": "baseColour", "gender": "gender", "occasion": "usage",
}  # fmt: skip
_CLOTHES = {
    "id": "ProductID", "title": "ProductName", "brand": "ProductBrand", "gender": "Gender",
    "colour": "PrimaryColor", "price": "Price", "description": "Description",
}  # fmt: skip
_MEANT = {
    "myntra_catalog_12k.csv": (_CLOTHES, (90, 63090, 12491), "INR"),
    "fashion_styles_39k_noprice.csv": (_FASHION, None, "INR"),
    "fashion_visual_subset.parquet": (_FASHION | {"image": "image_jpeg"}, None, "INR"),
    **{f"xrisawoz_pc_{code}.json": (_PC, (2889, 26999, 50), "CNY") for code in ("en", "hi", "enhi")},
    **{f"xrisawoz_car_{code}.json": (_CAR, (109900, 709800, 52), "INR") for code in ("en", "hi", "enhi")},
    **{f"xrisawoz_tv_{code}.json": (_TV, None, "INR") for code in ("en", "hi", "enhi")},
}


@pytest.mark.parametrize("name", _MEANT)
def test_real_catalogues_are_understood_as_by_hand(name: str) -> None:
    """Columns, lowest and highest price read from the files by eye; the same in every language."""
    if not (REAL / name).exists():
        pytest.skip("the real catalogues are not beside this checkout (../shared/data/catalogs)")
    columns, prices, currency = _MEANT[name]
    report = load_catalog(REAL / name)
    assert report.columns == columns
    found = report.prices
    assert (found and (found["min"], found["max"], found["known"])) == prices
    assert {product.currency for product in report.catalog} == {currency}


@pytest.mark.parametrize(("kind", "types"), [("pc", 3), ("car", 4)])
def test_products_are_the_same_kinds_in_hindi(kind: str, types: int) -> None:
    if not (REAL / f"xrisawoz_{kind}_hi.json").exists():
        pytest.skip("the real catalogues are not beside this checkout (../shared/data/catalogs)")
    english, hindi, mixed = (
        load_catalog(REAL / f"xrisawoz_{kind}_{code}.json") for code in ("en", "hi", "enhi")
    )
    assert len(english.product_types) == types
    assert english.product_types == hindi.product_types == mixed.product_types
    assert english.colours == hindi.colours == mixed.colours
    assert english.categories == hindi.categories == mixed.categories
