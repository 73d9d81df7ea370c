"""Cells as shops write them, one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muse_core.catalog import cells


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("₹1,09,999", 109999.0),
        ("Rs\n1699", 1699.0),
        ("Rs. 1,499/-", 1499.0),
        ("849.00", 849.0),
        ("127,900", 127900.0),
        ("5,000-10,000", 5000.0),
        ("499 to 999", 499.0),
        ("₹499 ₹999", 499.0),
        ("4 , 999", 4999.0),
        ("1 2 7 , 9 0 0", 127900.0),
        ("200, 000-300, 000", 200000.0),
        ("1.299,00", 1299.0),
        ("1.5k", 1500.0),
        ("2 lakh", 200000.0),
        ("₹ 1,299 (20% off)", 1299.0),
        ("Pack of 2 for ₹499", 499.0),
        ("1.2e+05", 120000.0),
        (">300,000", 300000.0),
        ("१,२९९", 1299.0),
    ],
)
def test_price_is_read(cell: str, value: float) -> None:
    assert cells.price(cell) == value


@pytest.mark.parametrize(
    "cell", ["", "Nan", "#DIV/0!", "|", "-", "null", "20% off", "<5,000", "0", "-5", "call us"]
)
def test_unknown_price_is_none(cell: str) -> None:
    assert cells.price(cell) is None


@given(st.integers(min_value=1, max_value=9_999_999))
def test_price_survives_its_spellings(rupees: int) -> None:
    indian = f"{rupees:,}"
    for spelled in (str(rupees), indian, f"₹{indian}", f"Rs. {rupees}", f" {rupees}.00 "):
        assert cells.price(spelled) == float(rupees)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("Black & Grey", "black"),
        (" Navy Blue", "navy blue"),
        ("mainly gray", "grey"),
        ("Off-White", "off white"),
        ("aqua haze", "aqua haze"),
        ("", None),
        ("12", None),
    ],
)
def test_colour_cell(cell: str, value: str | None) -> None:
    assert cells.colour(cell) == value


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("Men", "men"), ("Women's", "women"), ("Unisex Kids", "unisex"), ("Men & Women", "unisex"),
        ("boy", "boys"), ("महिला", "women"), ("M", "men"), ("", None), ("red", None),
    ],
)  # fmt: skip
def test_gender_cell(cell: str, value: str | None) -> None:
    assert cells.gender(cell) == value


def test_lists_and_paths_of_one_cell() -> None:
    assert cells.sizes('["S", "M", "XL"]') == ("S", "M", "XL")
    assert cells.sizes("UK 8 | UK 9") == ("8", "9")
    assert cells.path('["Clothing >> Topwear >> Shirts"]') == ("Clothing", "Topwear", "Shirts")
    assert cells.path("A|B|C") == ("A", "B", "C")
    assert cells.known("material", "80% cotton, 20% polyester") == "cotton"
    assert cells.text("<b>Tea</b>&amp; \u00a0more\n") == "Tea & more"


def test_currency_is_named_by_sign_or_word() -> None:
    assert [cells.currency(cell) for cell in ("₹5", "Price (INR)", "5,799 yuan", "$3", "12")] == [
        "INR",
        "INR",
        "CNY",
        "USD",
        None,
    ]
