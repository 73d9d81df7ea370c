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
