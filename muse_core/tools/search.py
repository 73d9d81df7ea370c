"""`search`: find products by words and structured limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from muse_core.tools import arguments as given
from muse_core.tools.base import (
    MAX_SESSION,
    ShopWorld,
    Tool,
    ToolArguments,
    facets_named,
    require_prices,
    show,
)
from muse_core.types import JsonValue


class Search(Tool):
    """BM25 over the query, and limits over the columns and the shop's facets (`catalog.index`)."""

    name: ClassVar[str] = "search"
    description: ClassVar[str] = "find products"
    returns_products = True
    takes_facets = True
    relaxes = True
    turn_type = "complete"
    wordings = ("request", "disliked", "answer", "correction", "resume")
    left_open = 0.62
    replies = ("lead_search",)
    needless = 2

    class Arguments(ToolArguments):
        query: Annotated[given.Text, Field(description="product noun phrase in English, without limits")]
        category: given.Category = None
        colour: given.Colour = None
        brand: given.Brand = None
        gender: given.Gender = None
        size: given.Size = None
        material: given.Material = None
        occasion: given.Occasion = None
        not_colour: given.NotWord = None
        not_brand: given.NotBrand = None
        not_material: given.NotWord = None
        not_occasion: given.NotWord = None
        min_price: given.MinPrice = None
        max_price: given.MaxPrice = None
        min_rating: given.MinRating = None
        sort_by: given.Sort = None

    def careless(self, noun: Callable[[], str], said: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        return {"query": noun()}

    def __call__(self, arguments: Arguments, world: ShopWorld) -> JsonValue:
        require_prices(arguments, world)
        ids, total = world.index.search(arguments.query, arguments.limits(), MAX_SESSION, arguments.sort_by)
        return show(world, ids, total, facets_named(arguments, world))
