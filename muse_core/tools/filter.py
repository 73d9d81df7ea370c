"""`filter`: narrow or reorder the products that the last product result found."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import model_validator

from muse_core.errors import ToolError
from muse_core.tools import arguments as given
from muse_core.tools.base import ShopWorld, Tool, ToolArguments, facets_named, require_prices, show
from muse_core.types import JsonValue


class Filter(Tool):
    """Works on all remembered ids (at most 200), not only on those shown."""

    name: ClassVar[str] = "filter"
    description: ClassVar[str] = "narrow the last results"
    returns_products = True
    takes_facets = True
    needs_results = True
    turn_type = "refinement"
    wordings = ("adj", "post", "limit", "sort", "named", "without")
    replies = ("lead_filter",)

    class Arguments(ToolArguments):
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

        @model_validator(mode="after")
        def _something_is_given(self) -> Self:
            if not self.given():
                raise ValueError("no argument was given; give at least one limit or sort_by")
            return self

    def __call__(self, arguments: Arguments, world: ShopWorld) -> JsonValue:
        require_prices(arguments, world)
        if not world.session.last_ids:
            raise ToolError("there are no earlier results to filter; call search first")
        ids = world.index.narrow(world.session.last_ids, arguments.limits(), arguments.sort_by)
        return show(world, ids, facets=facets_named(arguments, world))
