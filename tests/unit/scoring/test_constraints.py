"""When a product is what the shopper asked for."""

from __future__ import annotations

import pytest

from muse_core.catalog.index import CatalogIndex
from muse_core.scoring.constraints import satisfied, unmet
from muse_core.types import JsonValue, Product
from tests.builders import product
from tests.unit.tools.builders_tools import laptops


@pytest.mark.parametrize(
    "constraints",
    [
        {},
        {"query": "shirts", "max_price": 1000},
        {"product_type": "casual shirt", "colour": "नीला"},
        {"min_price": 999, "max_price": 999, "min_rating": 4},
        {"size": "l", "gender": "men", "material": "cotton", "brand": "ARAVALI"},
        {"sort_by": "price_low", "max_price": None},
    ],
)
def test_satisfied(constraints: dict[str, object]) -> None:
    assert satisfied(product(), constraints)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("query", "shoes"),
        ("colour", "red"),
        ("max_price", 998),
        ("min_rating", 4.5),
        ("size", "XXL"),
        ("gender", "women"),
    ],
)
def test_unmet(name: str, value: object) -> None:
    assert unmet(product(), {name: value, "brand": "Aravali"}) == [name]  # type: ignore[dict-item]


def test_an_unknown_price_is_under_no_limit() -> None:
    assert not satisfied(product(price=None), {"max_price": 10_000})


def test_navy_blue_is_a_blue_and_unisex_is_for_everybody() -> None:
    assert satisfied(product(colour="navy blue", gender="unisex"), {"colour": "blue", "gender": "women"})
    assert not satisfied(product(colour="blue"), {"colour": "navy blue"})


def laptop(**facts: object) -> Product:
    told = {"memory": ("8 gb", "16 gb"), "processor": ("intel core i5",), "touchscreen": ("yes",)}
    return product(title="Meghna Book Silk Black", colour="blue", material=None, **{"facets": told, **facts})


@pytest.mark.parametrize(
    "constraints",
    [
        {"memory": 16, "min_memory": 16, "max_memory": 8},
        {"processor": "Intel Core-i5", "touchscreen": True},
        {"processor": ["amd ryzen 7", "intel core i5"], "not_processor": "amd ryzen 7"},
        {"not_colour": "red", "not_brand": ["Nadi", "Dhwani"], "not_material": "cotton"},
        {"not_fuel": "petrol"},
        {"colour": ["red", "blue"], "size": ["xxl", "m"], "brand": ["Nadi", "aravali"]},
        {"like": 2, "than": "cheaper", "sort_by": "rating"},
    ],
)
def test_facets_choices_and_exclusion_that_are_met(constraints: dict[str, JsonValue]) -> None:
    assert satisfied(laptop(), constraints)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("memory", 32),
        ("min_memory", 17),
        ("max_memory", 7),
        ("processor", "intel core i7"),
        ("not_processor", ["amd ryzen 7", "intel core i5"]),
        ("not_processor", "meghna book"),
        ("touchscreen", False),
        ("fuel", "petrol"),
        ("min_seats", 5),
        ("colour", ["red", "navy blue"]),
        ("not_colour", "नीला"),
        ("not_colour", ["red", "black"]),
        ("not_material", "silk"),
        ("not_brand", "aravali"),
    ],
)
def test_facets_choices_and_exclusion_that_are_not_met(name: str, value: JsonValue) -> None:
    assert unmet(laptop(), {name: value}) == [name]


@pytest.mark.parametrize(
    "limits",
    [
        {"memory": 16}, {"min_memory": 16}, {"max_memory": 8}, {"processor": "intel core i5"},
        {"processor": ["intel core i7", "amd ryzen 7"]}, {"not_processor": "intel core i5"},
        {"touchscreen": True}, {"touchscreen": False}, {"not_brand": ["Tarang", "Kahani"]},
        {"brand": ["Tarang", "Kahani"], "min_memory": 16},
    ],
)  # fmt: skip
def test_the_tools_read_a_limit_alike(limits: dict[str, JsonValue]) -> None:
    shop = laptops()
    within = CatalogIndex(shop).within(limits)
    assert [satisfied(product, limits) for product in shop] == within.tolist()
