"""A shop without prices, and one of three items: tools say that prices are unknown, and work."""

from __future__ import annotations

from pathlib import Path

import pytest

from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.load import load_catalog
from muse_core.tools.base import ShopWorld, new_world
from muse_core.tools.toolbox import Toolbox
from muse_core.types import ToolCall, ToolResult

ROWS = "title,colour\nRed Cotton Shirt,red\nBlue Cotton Shirt,blue\nGreen Silk Saree,green\n"


@pytest.fixture
def world(tmp_path: Path) -> ShopWorld:
    (tmp_path / "shop.csv").write_text(ROWS)
    return new_world(CatalogIndex(load_catalog(tmp_path / "shop.csv").catalog))


def call(world: ShopWorld, name: str, **arguments: object) -> ToolResult:
    return Toolbox(world).run(ToolCall("c0.0", name, arguments))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("search", {"query": "shirt", "max_price": 500}),
        ("search", {"query": "shirt", "sort_by": "price_low"}),
        ("filter", {"min_price": 100}),
        ("filter", {"sort_by": "price_high", "colour": "red"}),
        ("compare", {"items": [1, 2], "attribute": "price"}),
        ("recommend", {"max_price": 900}),
    ],
)
def test_prices_asked_of_a_shop_without_any_are_unknown(
    world: ShopWorld, name: str, arguments: dict[str, object]
) -> None:
    call(world, "search", query="shirt")
    result = call(world, name, **arguments)
    assert result.error is not None and "prices are unknown" in result.error
    assert len(world.session.last_ids) == 2


def test_everything_else_works_with_three_items(world: ShopWorld) -> None:
    found = call(world, "search", query="shirt", colour="red")
    assert isinstance(found.value, dict) and found.value["total"] == 1
    call(world, "search", query="shirt")
    assert call(world, "compare", items=[1, 2]).error is None
    assert call(world, "filter", colour="blue").error is None
    assert call(world, "recommend").error is None
