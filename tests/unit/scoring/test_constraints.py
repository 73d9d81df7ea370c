"""When a product is what the shopper asked for."""

from __future__ import annotations

import pytest

from muse_core.scoring.constraints import satisfied, unmet
from tests.builders import product


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


LAPTOP = product(
    title="Vega Laptop", brand="Vega", colour="black",
    facets={
        "memory": ("16 gb",), "processor": ("intel core i5",), "touchscreen": ("no",),
        "ports": ("hdmi", "usb c"),
    },
)  # fmt: skip
FACETS = ("memory", "processor", "touchscreen", "ports", "battery")


@pytest.mark.parametrize(
    "constraints",
    [
        {"memory": 16, "min_memory": 8, "max_memory": 16.0},
        {"processor": "Intel Core i5"},
        {"processor": ["ryzen 5", "i5"], "ports": "usb c"},
        {"touchscreen": False, "not_processor": "ryzen 5"},
        {"colour": ["red", "black"], "not_brand": ["Korvo", "Plento"], "not_material": "leather"},
    ],
)
def test_facets_and_exclusions_are_met(constraints: dict[str, object]) -> None:
    assert satisfied(LAPTOP, constraints, FACETS)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("memory", 8),
        ("min_memory", 32),
        ("max_memory", 8),
        ("processor", "ryzen 5"),
        ("touchscreen", True),
        ("not_processor", "intel core i5"),
        ("not_brand", "Vega"),
        ("not_colour", ["red", "black"]),
        ("not_material", "laptop"),  # the title says so
        ("battery", 5000),  # it does not have it
        ("min_battery", 1),
    ],
)
def test_facets_and_exclusions_are_not_met(name: str, value: object) -> None:
    assert unmet(LAPTOP, {name: value}, FACETS) == [name]  # type: ignore[dict-item]
