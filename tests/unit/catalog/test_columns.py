"""Which column means what: headers as people write them, checked by value."""

from __future__ import annotations

import pytest

from muse_core.catalog.columns import understand
from muse_core.errors import ConfigError

TITLES = ["Men Blue Shirt", "Women Red Kurta", "Boys Green Shorts", "Girls Pink Dress"]


def _sources(table: dict[str, list[str]], **given: str) -> dict[str, str]:
    return {meaning: sources[0] for meaning, sources in understand(table, given=given).items()}


@pytest.mark.parametrize(
    ("header", "meaning", "values"),
    [
        ("Price (INR)", "price", ["499", "599", "699", "799"]),
        ("selling_price", "price", ["₹499", "₹599", "Nan", "|"]),
        ("Prdouct Nmae", "title", TITLES),
        ("productDisplayName", "title", TITLES),
        ("BRAND_NAME", "brand", ["Zed", "Yem", "Zed", "Yem"]),
        ("Primary Color", "colour", ["Blue", "Red", "Green", "Pink"]),
        ("avg. rating", "rating", ["4.1", "3.9", "", "5"]),
        ("article type", "product_type", ["Shirts", "Kurtas", "Shorts", "Dresses"]),
        ("रंग", "colour", ["काला", "लाल", "हरा", "गुलाबी"]),
        ("prod_id", "id", ["a", "b", "c", "d"]),
    ],
)
def test_header_is_understood(header: str, meaning: str, values: list[str]) -> None:
    assert _sources({header: values})[meaning] == header


def test_values_can_refuse_a_header() -> None:
    table = {
        "name": TITLES,
        "rating count": ["4", "5", "4", "3"],
        "colour": ["", "", "", ""],
        "price": ["a", "b", "c", "d"],
    }
    assert set(_sources(table)) == {"title"}


def test_selling_price_goes_before_mrp_which_stands_in() -> None:
    table = {"title": TITLES, "MRP": ["900"] * 4, "discount %": ["10%"] * 4, "Selling Price": ["800"] * 4}
    assert understand(table)["price"] == ["Selling Price", "MRP"]


def test_columns_without_a_header_are_read_by_value() -> None:
    table = {
        "column 1": TITLES,
        "column 2": ["Men", "Women", "Boys", "Girls"],
        "column 3": ["₹499", "₹599", "₹699", "₹799"],
    }
    assert _sources(table) == {"title": "column 1", "gender": "column 2", "price": "column 3"}


def test_the_users_mapping_wins() -> None:
    table = {"title": TITLES, "what": ["one thing", "two things", "three things", "four"]}
    assert _sources(table, title="what")["title"] == "what"


def test_a_wrong_mapping_names_every_mistake_and_the_columns() -> None:
    with pytest.raises(ConfigError) as caught:
        understand(
            {"title": TITLES}, ["picture"], given={"titel": "title", "price": "cost", "brand": "picture"}
        )
    message = str(caught.value)
    assert "'titel'" in message and "'cost'" in message and "holds bytes" in message
    assert "'title', 'picture'" in message and "did you mean 'title'?" in message
