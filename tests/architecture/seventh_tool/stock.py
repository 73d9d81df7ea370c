"""`stock`: whether one of the last results can be bought now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field

from muse_core.errors import ToolError
from muse_core.tools.base import ShopWorld, Tool, ToolArguments, item_of
from muse_core.types import JsonValue


class Stock(Tool):
    """In stock unless the product's row says otherwise. The session stays."""

    name: ClassVar[str] = "stock"
    description: ClassVar[str] = "say whether a result is in stock"
    needs_results = True
    turn_type = "comparison"
    wordings = ("stock",)
    item_share = 0.4
    replies = ("in_stock", "sold_out")

    class Arguments(ToolArguments):
        item: Annotated[int, Field(ge=1, description="position in the last results, from 1")]

    def careless(self, noun: Callable[[], str], said: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        return {"item": 1}

    def situations(self, value: Mapping[str, JsonValue]) -> Sequence[str]:
        return ("in_stock",) if value["facts"] == {"in stock": "yes"} else ("sold_out",)

    def __call__(self, arguments: Arguments, world: ShopWorld) -> JsonValue:
        shown = world.session.last_shown
        if not shown:
            raise ToolError("there are no earlier results; call search first")
        if arguments.item > len(shown):
            raise ToolError(f"no item {arguments.item} in the last results; positions go to {len(shown)}")
        product = world.catalog.by_id[shown[arguments.item - 1]]
        is_sold_out = product.attributes.get("stock") == "sold out"
        return {"items": [item_of(product)], "facts": {"in stock": "no" if is_sold_out else "yes"}}
