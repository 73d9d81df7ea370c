# ruff: noqa: E501 -- rows stand as they do in their files
"""Catalogues that shops really export, dirt included, and what a correct report says about each.

Made from twelve products of the synthetic shop, or a few rows written out. `ALL` is every file of
this module and of `hostile_shapes.py`; `test_hostile.py` loads each and compares.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from muse_core.catalog.synthetic import make_catalog
from muse_core.types import Product

HEADER = ("id", "title", "brand", "gender", "colour", "price", "rating")


@dataclass(frozen=True)
class Hostile:
    """A file and its report. `prices`: (lowest, highest, known), None = none anywhere; `first`: fields of
    the first product; `columns`: what must be understood, beside what else may be."""

    name: str
    data: bytes
    read: int
    kept: int
    columns: Mapping[str, str]
    prices: tuple[float, float, int] | None
    first: Mapping[str, object] = field(default_factory=dict)
    note: str = ""
    absent: tuple[str, ...] = ()
    colours: Mapping[str, int] | None = None
    categories: Mapping[str, int] | None = None
    types: Mapping[str, int] | None = None


@cache
def products(count: int = 12) -> tuple[Product, ...]:
    """Fashion of the synthetic shop: everything that a shirt has is known."""
    shop = make_catalog(np.random.default_rng(5), 40 * count)
    return tuple(p for p in shop if p.category == "fashion" and p.gender and p.colour)[:count]


def cells_of(product: Product) -> list[str]:
    values = (
        product.product_id, product.title, product.brand, product.gender, product.colour,
        f"{product.price:.0f}", product.rating,
    )  # fmt: skip
    return [str(value) for value in values]


def written(
    rows: Sequence[Sequence[object]],
    header: Sequence[str] | None = HEADER,
    delimiter: str = ",",
    **style: str,
) -> str:
    """Rows as a delimited text."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=style.get("end", "\r\n"))
    writer.writerows([header, *rows] if header is not None else rows)
    return out.getvalue()


def plain(**changes: object) -> Hostile:
    """The clean file's report, for files that differ in their bytes only."""
    shop = products()
    money = [float(p.price or 0) for p in shop]
    values: dict[str, object] = {
        "name": "shop.csv", "data": written([cells_of(p) for p in shop]).encode(), "read": 12, "kept": 12,
        "columns": {name: name for name in HEADER}, "prices": (min(money), max(money), 12),
        "first": {"product_id": shop[0].product_id, "title": shop[0].title, "colour": shop[0].colour},
    }  # fmt: skip
    return Hostile(**values | changes)  # type: ignore[arg-type]


def _rows() -> list[list[str]]:
    return [cells_of(product) for product in products()]


def _small(text: str, **changes: object) -> Hostile:
    """A few rows written out."""
    values: dict[str, object] = {"name": "small.csv", "data": text.encode()} | changes
    return Hostile(**values)  # type: ignore[arg-type]


# ---- bytes ----------------------------------------------------------------------------------------


def _encodings() -> dict[str, Hostile]:
    text = written(_rows())
    accented = text.replace("rating\r\n", "café rating\r\n").replace("Men", "Mén–")
    return {
        "UTF-8 with a mark": plain(data=b"\xef\xbb\xbf" + text.encode()),
        "UTF-16 with tabs": plain(data=written(_rows(), delimiter="\t").encode("utf-16"), note="utf-16"),
        "UTF-16 without a mark": plain(data=text.encode("utf-16-le"), note="utf-16"),
        "UTF-32": plain(data=text.encode("utf-32"), note="utf-32"),
        "cp1252": plain(
            data=accented.encode("cp1252"), columns={"title": "title", "rating": "café rating"}, first={},
            note="cp1252",
        ),
        "UTF-8 with one broken byte": _small(
            "", data="नाम,कीमत\nलाल साड़ी,₹1,299\n".replace("₹1,299", '"₹1,299"').encode() + b"\xe0\xa4,5\n",
            read=2, kept=1, columns={"title": "नाम", "price": "कीमत"}, prices=(1299, 1299, 1),
            first={"title": "लाल साड़ी", "product_type": "saree", "colour": "red"}, note="broken",
        ),
        "rupee sign decoded twice": _small(
            "title,price\nBlue Café Mug,₹499\nRed Mug,₹599\n".encode().decode("cp1252"),
            read=2, kept=2, columns={"title": "title", "price": "price"}, prices=(499, 599, 2),
            first={"title": "Blue Café Mug", "currency": "INR"},
        ),
        "NUL bytes": plain(data=text.replace(",", "\0,").replace("M", "\0M").encode(), note="NUL"),
        "gzip": plain(name="shop.csv.gz", data=gzip.compress(text.encode())),
        "old Mac line ends": plain(data=written(_rows(), end="\r").encode()),
    }  # fmt: skip


# ---- lines ----------------------------------------------------------------------------------------


def _lines() -> dict[str, Hostile]:
    rows = _rows()
    text = written(rows)
    quoted = written([[r[0], f'"{r[1]}"\nsaid "they", cheap', *r[2:]] for r in rows])
    money = [float(row[5]) for row in rows]
    return {
        "semicolons": plain(data=written(rows, delimiter=";").encode()),
        "tabs": plain(data=written(rows, delimiter="\t").encode()),
        "pipes": plain(data=written(rows, delimiter="|").encode()),
        "a table program's sep line": plain(data=("sep=;\r\n" + written(rows, delimiter=";")).encode()),
        "more pipes in a cell than commas": _small(
            written([[p.title, f"A{p.price}|Men|Wear|Tops|All"] for p in products()], ("title", "category")),
            read=12, kept=12, columns={"title": "title", "category": "category"}, prices=None,
        ),
        "no header": _small(
            written([[r[0], r[1], r[2], r[3], float(r[5]) + 500, float(r[5])] for r in rows], None),
            read=12, kept=12, prices=(min(money), max(money), 12), note="no header",
            columns={"id": "column 1", "title": "column 2", "brand": "column 3", "gender": "column 4",
                     "price": "column 6"},
            first={"product_id": rows[0][0], "brand": rows[0][2]},
        ),
        "no header, only words": _small(
            "Blue Cotton Shirt,Topwear\nRed Silk Saree,Ethnic\nGreen Shirt,Topwear\n", read=3, kept=3,
            columns={"title": "column 1"}, prices=None, first={"title": "Blue Cotton Shirt"},
        ),
        "empty columns and ragged rows": plain(
            data=(text.replace("\r\n", ",,,\r\n") + "x1,Red Mug\r\nx2,Tea Cup,a,b,c,5,6,,,,more,cells\r\n").encode(),
            read=14, kept=14, prices=(5, max(money), 13), note="more cells",
        ),
        "line breaks and quotes in cells": plain(
            data=quoted.encode(), first={"title": f'"{rows[0][1]}" said "they", cheap'}
        ),
        "a quote that never closes": plain(
            data=(text + 'y1,"Broken Red Mug,Zed,,red,199,4\r\n' + written(
                [[f"z{r[0]}", *r[1:]] for r in rows * 1], None)).encode(),
            read=25, kept=25, prices=(min(199, *money), max(money), 25), note="quote",
        ),
        "a quote that never closes in every line": _small(
            "id,title,price\n" + "".join(f'{n},"Red Mug {n},{n + 5}\n' for n in range(1, 2001)), read=2000, kept=2000,
            columns={"title": "title"}, prices=(6, 2005, 2000), first={"title": "Red Mug 1"}, note="2000 lines",
        ),
        "one column without a name": _small(
            "Blue Cotton Shirt\nRed Silk Saree\nGreen Tin Mug\n", read=3, kept=3, columns={"title": "column 1"},
            prices=None,
        ),
        "200,000 columns": _small(
            ",".join(["title", *(f"c{n}" for n in range(200_000))]) + "\n" + "Blue Mug," * 200_000, read=1, kept=1,
            columns={"title": "title"}, prices=None, note="only the first 400",
        ),
        "backslashes before quotes": _small(
            'id,title,price\n1,"Steel 5\\" Tawa, Black",499\n2,"Plain 8\\" Tawa, Black",599\n', read=2, kept=2,
            columns={"title": "title"}, prices=(499, 599, 2), first={"title": 'Steel 5" Tawa, Black'},
        ),
        "lines before the header": plain(
            data=("Stock list of 1 May\r\n\r\n" + text).encode(), note="before the header"
        ),
        "the header once more in the middle": plain(
            data=(text + text).encode(), read=24, note="header again"
        ),
        "one row": _small(
            "title,price\nBlue Cotton Shirt,499\n", read=1, kept=1, columns={"title": "title"},
            prices=(499, 499, 1), first={"colour": "blue", "material": "cotton", "product_type": "shirt"},
        ),
        "exact duplicates": plain(
            data=written([*rows, *rows[:7], rows[0]]).encode(), read=20, kept=12
        ),
        "a running number beside duplicates": plain(
            data=written(
                [[n, *row] for n, row in enumerate([*rows, *rows[:8]])], ("S.No.", *HEADER)
            ).encode(), read=20, kept=12,
        ),
    }  # fmt: skip


# ---- columns --------------------------------------------------------------------------------------


def _columns() -> dict[str, Hostile]:
    rows = _rows()
    money = [float(row[5]) for row in rows]
    span = (min(money), max(money), 12)
    misspelt = ("Prodcut ID", "Titel", "Brnad", "Gendr", "Colr", "Pirce", "Ratng")
    short = ("Prod. Code", "Prod_Nm", "Brand", "Sex", "Clr", "SP (Rs.)", "Avg Rtng")
    units = (
        "ID#",
        "Item Name*",
        "BRAND",
        "Gender (M/F)",
        "Color [main]",
        "Price (in INR, incl. GST)",
        "Stars /5",
    )
    several = [[r[1], float(r[5]) + 400, f"{r[5]}.00", "25%", 400, 12] for r in rows]
    several[0][2] = ""
    glued = [f"{p.gender.title() if p.gender else ''}{p.product_type.title()}" for p in products()]
    return {
        "misspelt headers": plain(
            data=written(rows, misspelt).encode(), columns=dict(zip(HEADER, misspelt, strict=True))
        ),
        "abbreviated headers": plain(
            data=written(rows, short).encode(), columns=dict(zip(HEADER, short, strict=True))
        ),
        "units in headers": plain(
            data=written(rows, units).encode(), columns=dict(zip(HEADER, units, strict=True))
        ),
        "headers with blanks and capitals": plain(
            data=written(rows, [f"  {name.upper()} " for name in HEADER]).encode(),
            columns={name: name.upper() for name in HEADER},
        ),
        "several prices": _small(
            written(several, ("Item", "M.R.P.", "Selling Price", "Discount", "Discount Amount", "Shipping Price")),
            read=12, kept=12, columns={"title": "Item", "price": "Selling Price"},
            prices=(min([money[0] + 400, *money[1:]]), max([money[0] + 400, *money[1:]]), 12), note="M.R.P.",
        ),
        "discounted and actual price": _small(
            "product_id,product_name,category,discounted_price,actual_price,discount_percentage,rating,rating_count\n"
            'B1,Zed USB Cable,Computers&Accessories|Cables|USBCables,₹399,"₹1,099",64%,4.2,"24,269"\n'
            'B2,Yem USB Cable,Computers&Accessories|Cables|USBCables,₹199,₹349,43%,|,"1,269"\n', read=2, kept=2,
            columns={"title": "product_name", "price": "discounted_price", "rating": "rating"},
            prices=(199, 399, 2), first={"rating": 4.2, "product_type": "cable"},
        ),
        "the lower of two unnamed prices": _small(
            written([["a" + r[0], r[1], r[5], float(r[5]) + 90] for r in rows], None), read=12, kept=12,
            columns={"price": "column 3"}, prices=span,
        ),
        "colour only in the title": _small(
            written([[f"{r[2]} {r[4].title()} Shirt", r[5]] for r in rows], ("name", "price")), read=12, kept=12,
            columns={"title": "name"}, prices=span, absent=("colour",),
            first={"colour": rows[0][4], "product_type": "shirt"},
        ),
        "no title": _small(
            "Brand,Model,Color,Memory,Selling Price\nOppo,A53,Moonlight Black,4 GB,11990\nOppo,A53,Mint Cream,"
            "4 GB,11990\n", read=2, kept=2, columns={"brand": "Brand", "model": "Model", "colour": "Color"},
            prices=(11990, 11990, 2), first={"title": "Oppo A53 Moonlight Black"}, absent=("title",),
        ),
        "gender glued to the category": _small(
            written([["a" + r[0], f"{r[2]} {r[4]} Zx{n}", glued[n]] for n, r in enumerate(rows)],
                    ("id", "name", "category")), read=12, kept=12, columns={"category": "category"}, prices=None,
            first={"gender": rows[0][3], "product_type": products()[0].product_type},
        ),
        "a category that is a gender": _small(
            "Brand,Description,Category_by_gender,DiscountPrice (in Rs),OriginalPrice (in Rs),Color\n"
            "Zed,Slim Fit Shirt with Pocket,Men,599,1199,white\nYem,Printed Kurta,Women,699,1299,red\n",
            read=2, kept=2, prices=(599, 699, 2), absent=("category",),
            columns={"title": "Description", "gender": "Category_by_gender", "price": "DiscountPrice (in Rs)"},
            first={"gender": "men", "category": "fashion"},
        ),
        "Hindi headers and digits": _small(
            "क्रमांक,उत्पाद का नाम,ब्रांड,रंग,मूल्य (रुपये)\n१,सूती कुर्ता,ज़ेड,नीला,१२९९\n२,रेशमी साड़ी,ज़ेड,लाल,२९९९\n",
            read=2, kept=2, columns={"title": "उत्पाद का नाम", "price": "मूल्य (रुपये)", "colour": "रंग",
                                     "brand": "ब्रांड"}, prices=(1299, 2999, 2),
            first={"colour": "blue", "product_type": "kurta"},
        ),
        "Roman Hindi headers": _small(
            "Naam,Rang,Keemat\nCotton Kurta,Neela,1299\nSilk Saree,Lal,2999\n", read=2, kept=2,
            columns={"title": "Naam", "price": "Keemat", "colour": "Rang"}, prices=(1299, 2999, 2),
        ),
    }  # fmt: skip


def delimited() -> dict[str, Hostile]:
    """Every file of this module by name."""
    return _encodings() | _lines() | _columns()
