"""Columns of a shop as facets: how cells are written, names, what is chosen, what the user settles."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from muse_core.catalog.facet_columns import Asked
from muse_core.catalog.facet_headers import argument, reserved, stated_unit
from muse_core.catalog.load import LoadReport, load_catalog
from muse_core.errors import ConfigError
from muse_core.tools.base import NO_LIMITS
from muse_core.tools.toolbox import ALL_TOOLS
from tests.unit.catalog import facet_shops


def _load(folder: Path, asked: Asked | None = None, rows: int = 60, **columns: Sequence[str]) -> LoadReport:
    """A shop of laptops with these further columns, whose cells repeat in cycles."""
    shop = facet_shops.of(
        ("Title", "Price", *columns), ("Zed Laptop #", "Yem Laptop #"), ("#99",), *columns.values(), rows=rows
    )
    return load_catalog(facet_shops.write(folder, shop), facets=asked)


def _values(report: LoadReport, name: str) -> list[Any]:
    return [list(product.facets.get(name, ())) for product in report.catalog]


NUMBERS = {
    ("RAM", "8 GB", "8gb ram", "16 GB RAM", "16gb"): [["8 gb"], ["8 gb"], ["16 gb"], ["16 gb"]],
    ("RAM", "8 GB", "८ जीबी", "16 गीगाबाइट", "16 gb"): [["8 gb"], ["8 gb"], ["16 gb"], ["16 gb"]],
    ("RAM", "8", "16GB", "32GB", "64 GB"): [["8 gb"], ["16 gb"], ["32 gb"], ["64 gb"]],
    ("Disk", "256GB SSD", "512GB SSD + 1TB HDD", "1T SSD", "512 GB"): [
        ["256 gb"], ["512 gb", "1024 gb"], ["1024 gb"], ["512 gb"],
    ],
    ("Screen", '15.6"', "15.6-inch", "14 inches", "20-21.5 इंच"): [
        ["15.6 inch"], ["15.6 inch"], ["14 inch"], ["20 inch", "21.5 inch"],
    ],
    ("Screen Size in inches", "15.6", "14", "13.3", "15.6"): [
        ["15.6 inch"], ["14 inch"], ["13.3 inch"], ["15.6 inch"],
    ],
    ("Weight", "1.5-2kg", "1500 gm", "2 किलो", "<3 kg"): [
        ["1.5 kg", "2 kg"], ["1.5 kg"], ["2 kg"], ["3 kg"],
    ],
    ("Episodes", "46 episodes", "30 एपिसोड", "12", "16 episodes"): [["46"], ["30"], ["12"], ["16"]],
    ("Top", "200 TSI", "230 TSI", "250 tsi", "200tsi"): [["200 tsi"], ["230 tsi"], ["250 tsi"], ["200 tsi"]],
}  # fmt: skip


@pytest.mark.parametrize("column", NUMBERS)
def test_numbers_are_read_in_one_unit_however_they_are_written(
    column: tuple[str, ...], tmp_path: Path
) -> None:
    header, *cells = column
    report = _load(tmp_path, **{header: cells})
    (facet,) = report.catalog.facets
    assert facet.kind == "number"
    assert _values(report, facet.name)[:4] == NUMBERS[column]


CHOICES = {
    ("Pattern", "Solid", "solid", "Stripes", "stripe"): [["solid"], ["solid"], ["stripe"], ["stripe"]],
    ("Style", "T-Neck", "t neck", "T-NECK", "V-neck"): [["t-neck"], ["t-neck"], ["t-neck"], ["v-neck"]],
    ("Fuel", "Petrol", "पेट्रोल", "डीज़ल", "CNG"): [["petrol"], ["petrol"], ["diesel"], ["cng"]],
    ("Chip", "इंटेल कोर आई 3", "Intel Core i3", "एएमडी", "other"): [
        ["intel core i3"], ["intel core i3"], ["amd"], [],
    ],
    ("Ports", "USB, HDMI", "HDMI and USB", "a Type-C port", "USB और HDMI"): [
        ["usb", "hdmi"], ["hdmi", "usb"], ["type-c port"], ["usb", "hdmi"],
    ],
    ("Made in", "Taiwan, China", "Japan", "Japan", "Korea"): [
        ["taiwan, china"], ["japan"], ["japan"], ["korea"],
    ],
    ("Net", "500 g", "1 L", "6 pcs", "500g"): [["500 g"], ["1 l"], ["6 piece"], ["500 g"]],
}  # fmt: skip


@pytest.mark.parametrize("column", CHOICES)
def test_choices_are_one_value_however_they_are_spelled(column: tuple[str, ...], tmp_path: Path) -> None:
    header, *cells = column
    report = _load(tmp_path, **{header: cells})
    (facet,) = report.catalog.facets
    assert facet.kind == "choice"
    assert _values(report, facet.name)[:4] == CHOICES[column]


YES = {
    ("true", "false"): ["yes", "no"],
    ("1", "0"): ["yes", "no"],
    ("Y", "n"): ["yes", "no"],
    ("हाँ", "नहीं"): ["yes", "no"],
    ("Available", "Not Available"): ["yes", "no"],
    ("✓", ""): ["yes"],
}


@pytest.mark.parametrize("cells", YES)
def test_yes_and_no_are_read_in_every_spelling(cells: tuple[str, ...], tmp_path: Path) -> None:
    report = _load(tmp_path, Backlit=cells)
    assert [(facet.name, facet.kind) for facet in report.catalog.facets] == [("backlit", "yes_no")]
    assert [value for own in _values(report, "backlit")[:2] for value in own] == YES[cells]


# ---- names -----------------------------------------------------------------------------------------


NAMES = {
    "Number of Seats": "seats", "No. of Burners": "burners", "4wd": "wheel_drive",
    "memoryCapacity": "memory_capacity", "Battery (mAh)": "battery", "बैटरी (mAh)": "battery",
    "स्क्रीन साइज़": "screen_size",
    "शुद्ध वज़न (ग्राम)": "net_weight",
    "3 Pin Plug": "three_pin_plug", "Veg/Non-Veg": "veg_non_veg", "Höhe": "hohe", "Max Speed": "max_speed",
    "कतई": "katai", "ਰੰਗ": "column_7",
}  # fmt: skip


@pytest.mark.parametrize("header", NAMES)
def test_a_header_becomes_the_name_of_an_argument(header: str) -> None:
    assert argument(header, place=7) == NAMES[header]


def test_a_unit_in_the_header_is_known() -> None:
    told = {"Battery (mAh)": "mah", "Screen Size in inches": "inch", "weight_kg": "kg", "वज़न (किलो)": "kg"}
    assert {header: stated_unit(header) for header in told} == told
    assert stated_unit("Number of Seats") is None
    assert argument("Screen Size in inches", has_unit=True) == "screen_size"


def test_no_facet_takes_the_name_of_an_argument(tmp_path: Path) -> None:
    report = _load(tmp_path, query=("a", "b", "c"), Min_Price=("x", "y"), Like=("u", "v", "w"))
    names = {facet.name for facet in report.catalog.facets}
    assert names == {"shop_query", "shop_like"}  # a price is none by its name
    assert sum("is an argument already" in note for note in report.notes) == 2
    ours = {name for tool in ALL_TOOLS for name in tool.Arguments.model_fields} | set(NO_LIMITS)
    assert ours <= reserved()


def test_a_column_called_id_is_the_id(tmp_path: Path) -> None:
    shop = facet_shops.of(("id", "title", "id"), ("p#",), ("Zed Shirt #",), ("a", "b", "c"))
    report = load_catalog(facet_shops.write(tmp_path, shop))
    assert not report.catalog.facets and report.columns["id"] == "id"
    assert report.no_facets == {"id.2": "another column of id"}


def test_two_columns_of_one_name_are_two_facets_unless_they_say_the_same(tmp_path: Path) -> None:
    header = ("Title", "Memory", "Memory", "Memory")
    cells = (("8 GB", "16 GB", "4 GB", "32 GB", "64 GB"), ("1 TB", "2 TB", "1 TB", "3 TB", "4 TB", "6 TB"))
    shop = facet_shops.of(
        header, ("Zed Laptop #",), cells[0], cells[1], tuple(one.lower() for one in cells[0])
    )
    report = load_catalog(facet_shops.write(tmp_path, shop))
    assert dict(report.facet_columns) == {"memory": "Memory", "memory_2": "Memory.2"}
    assert report.no_facets == {"Memory.3": "like the column 'Memory'"}


# ---- what is none ----------------------------------------------------------------------------------


def test_what_says_nothing_or_says_it_again_is_left_out_with_the_reason(tmp_path: Path) -> None:
    shop = facet_shops.of(
        (
            "Title", "Colour", "Price", "Price Band", "Family", "Line", "Origin", "Ref", "Story", "HSN",
            "Chip", "Chip Full",
        ),
        ("Zed Aero Laptop #", "Yem Bolt Laptop #", "Xan Core Laptop #"),
        ("Navy Blue", "Red", "Blue", "Maroon"),
        ("#99",),
        (*["under 2000"] * 20, *["2000 to 4000"] * 20, *["over 4000"] * 20),
        ("Blue", "Red", "Blue", "Red"),
        ("Aero #", "Bolt #", "Core #"),
        ("India",),
        ("R#X",),
        ("A laptop for those who work the whole day and play at night, number #.",),
        ("8471", "8472"),
        ("Intel i5", "Intel i7", "AMD R5"),
        ("Intel i5 8250", "Intel i7 9750", "AMD R5 3600", "Intel i5 9300", "Intel i7 8550", "AMD R5 4500"),
    )  # fmt: skip
    report = load_catalog(facet_shops.write(tmp_path, shop), facets=Asked(at_most=1))
    assert dict(report.facet_columns) == {"chip": "Chip"}
    assert report.no_facets == {
        "Price Band": "its name says 'price', which is nothing to shop by",
        "Family": "like the colour",
        "Line": "nearly every product has a value of its own",
        "Origin": "one value ('india')",
        "Ref": "nearly every product has a value of its own",
        "Story": "sentences, or values too long to ask for",
        "HSN": "its name says 'hsn', which is nothing to shop by",
        "Chip Full": "1 other columns tell more (catalog.max_facets)",
    }


def test_ranges_of_the_price_are_known_by_their_runs(tmp_path: Path) -> None:
    band = (*["under 2000"] * 20, *["2000 to 4000"] * 20, *["over 4000"] * 20)
    assert _load(tmp_path, Bracket=band).no_facets == {"Bracket": "ranges of the price"}


# ---- variants --------------------------------------------------------------------------------------


def test_options_of_variants_are_values_of_one_product(tmp_path: Path) -> None:
    path = tmp_path / "shop.csv"
    lines = ["Handle,Title,Option1 Name,Option1 Value,Variant Price"]
    for number in range(12):
        lines += [
            f"p{number},Zed Phone {number},Storage,64 GB,999",
            f"p{number},,,{128 if number % 2 else 256}GB,1299",
        ]
    path.write_text("\n".join(lines), encoding="utf-8")
    report = load_catalog(path)
    assert len(report.catalog) == 12
    assert _values(report, "storage")[:2] == [["64 gb", "256 gb"], ["64 gb", "128 gb"]]


# ---- what the user settles -------------------------------------------------------------------------

SHOP = {"RAM": ("8 GB", "16 GB", "4 GB"), "Chip": ("i5", "i7"), "Sticker": ("free sticker",)}


def test_the_user_adds_renames_and_leaves_out(tmp_path: Path) -> None:
    asked = Asked({"memory": "RAM", "sticker": "Sticker", "chip": ""})
    report = _load(tmp_path, asked, **SHOP)
    assert dict(report.facet_columns) == {"memory": "RAM", "sticker": "Sticker"}
    assert report.no_facets["Chip"] == "left out in catalog.facets"
    assert _values(report, "sticker")[0] == ["free sticker"]


def test_what_the_user_names_is_a_facet_whatever_it_holds(tmp_path: Path) -> None:
    odd = {"HSN": ("84710001", "84720002"), "Story": ("It works all day and then all night too.", "No.")}
    report = _load(tmp_path, Asked({"tax_code": "HSN", "story": "Story", "price_again": "Price"}), **odd)
    assert set(report.facet_columns) == {"tax_code", "story", "price_again"}
    assert _values(report, "tax_code")[:2] == [["84710001"], ["84720002"]]


def test_a_named_column_without_values_is_said(tmp_path: Path) -> None:
    report = _load(tmp_path, Asked({"finish": "Finish"}), Finish=("N/A", ""))
    assert not report.facet_columns
    assert "the facet 'finish' has no values: the column 'Finish' is empty" in report.notes


def test_none_are_found_where_none_are_wanted(tmp_path: Path) -> None:
    assert not _load(tmp_path, Asked(at_most=0), **SHOP).catalog.facets
    few = _load(tmp_path, Asked(at_most=1), **SHOP)
    assert [facet.name for facet in few.catalog.facets] == ["ram"]
    assert few.no_facets["Chip"] == "1 other columns tell more (catalog.max_facets)"
    assert [facet.name for facet in _load(tmp_path, Asked({"chip": "Chip"}, 0), **SHOP).catalog.facets] == [
        "chip"
    ]


def test_mistakes_in_the_facets_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        _load(tmp_path, Asked({"Memory": "RAM", "query": "Chip", "disk": "Chp"}), **SHOP)
    problems = str(refused.value)
    assert "'Memory' is no name" in problems and "'query' is an argument" in problems
    assert "did you mean 'Chip'?" in problems


def test_the_report_shows_them(tmp_path: Path) -> None:
    found = json.loads(json.dumps(_load(tmp_path, **SHOP).as_json()))
    assert found["facets"][1] == {
        "name": "ram", "kind": "number", "unit": "gb", "values": ["4 gb", "16 gb"], "share": 1.0,
        "column": "RAM",
    }  # fmt: skip
    assert found["no_facets"] == {"Sticker": "one value ('free sticker')"}
