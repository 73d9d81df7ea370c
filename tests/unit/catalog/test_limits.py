"""Limits of a shop with facets: lists, exclusions, numbers, choices, yes and no."""

from __future__ import annotations

from typing import Any

import pytest

from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.product import Catalog
from muse_core.types import ALL_COLOURS, Product


def _laptop(number: int, cpu: str | None, *memory: str, touch: str | None = None, **facts: Any) -> Product:
    facets = (
        {"memory": memory} | ({"cpu": (cpu,)} if cpu else {}) | ({"touchscreen": (touch,)} if touch else {})
    )
    return Product(
        f"p{number}", facts.pop("title", f"Thin {number} laptop"), "laptop", facets=facets, **facts
    )


SHOP = Catalog(
    (
        _laptop(1, "intel core i5", "8 gb", touch="yes", colour="blue", brand="Zed", material="aluminium"),
        _laptop(2, "intel core i7", "16 gb", touch="no", colour="navy blue", brand="Zed"),
        _laptop(3, "intel core i5-8250u", "8 gb", "16 gb", colour="red", brand="Yem"),
        _laptop(4, None, "4 gb", touch="yes", brand="Yem", title="Yem blue laptop with i7", sizes=("14",)),
        _laptop(
            5, "apple m1", "32 gb", colour="red", attributes={ALL_COLOURS: "red, blue"}, sizes=("15", "14")
        ),
    )
)


@pytest.fixture(scope="module")
def index() -> CatalogIndex:
    return CatalogIndex(SHOP)


def _within(index: CatalogIndex, **limits: Any) -> str:
    return "".join(found[1:] for found in index.search("", limits)[0])


def test_any_of_a_list_will_do(index: CatalogIndex) -> None:
    assert _within(index, colour=["blue", "red"]) == "135"
    assert _within(index, brand=["Zed", "nobody"]) == "12"
    assert _within(index, size=["15", "13"]) == "5"
    assert _within(index, colour="blue") == "15"  # the fifth is sold in blue too


def test_what_must_not_be_is_out_and_what_is_unknown_stays(index: CatalogIndex) -> None:
    assert _within(index, not_colour="blue") == "23"  # the title of the fourth names blue, navy is no blue
    assert _within(index, not_colour=["red", "navy blue"]) == "14"
    assert _within(index, not_brand="zed") == "345"
    assert _within(index, not_material="aluminium") == "2345"
    assert _within(index, not_cpu="intel core i5") == "2345"
    assert _within(index, not_cpu="i7") == "135"


def test_a_choice_is_met_in_any_spelling_else_as_words_of_a_longer_value(index: CatalogIndex) -> None:
    assert _within(index, cpu="Intel Core-i5") == "1"
    assert _within(index, cpu="i5") == "13"
    assert _within(index, cpu="intel i5") == "13"
    assert _within(index, cpu=["i7", "apple m1"]) == "25"
    assert _within(index, cpu="i") == _within(index, cpu="ryzen") == ""


def test_a_number_is_met_by_any_of_the_values(index: CatalogIndex) -> None:
    assert _within(index, memory=16) == "23"
    assert _within(index, memory=[4, 32]) == "45"
    assert _within(index, min_memory=16) == "235"
    assert _within(index, max_memory=8) == "134"
    assert _within(index, min_memory=10, max_memory=12) == "3"  # from 8 to 16 gb


def test_not_yes_is_no_or_unknown(index: CatalogIndex) -> None:
    assert _within(index, touchscreen=True) == "14"
    assert _within(index, touchscreen=False) == "235"


def test_limits_of_other_shops_are_our_bug(index: CatalogIndex) -> None:
    for name in ("not_memory", "min_cpu", "not_touchscreen", "fuel"):
        with pytest.raises(ValueError, match=r"unknown limit .*cpu, not_cpu"):
            index.search("", {name: 1})


def test_narrow_takes_them_too(index: CatalogIndex) -> None:
    assert index.narrow(["p5", "p3", "p2"], {"min_memory": 16, "not_cpu": "i7"}) == ["p5", "p3"]


def test_words_of_facets_are_searched(index: CatalogIndex) -> None:
    assert set(index.search("16 gb laptop")[0]) == {"p2", "p3"}
    assert set(index.search("16gb laptop")[0]) == {"p2", "p3"}
    assert set(index.search("i5 laptop")[0]) == {"p1", "p3"}
