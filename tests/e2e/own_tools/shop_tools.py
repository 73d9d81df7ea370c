"""`stock(item)`: whether one of the last results can be bought now. A tool of a shop's own in Python."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import Field

from muse_core.errors import ToolError
from muse_core.tools.base import ShopWorld, Tool, ToolArguments, item_of
from muse_core.types import JsonValue


class Stock(Tool):
    name: ClassVar[str] = "stock"
    description: ClassVar[str] = "say whether a result is in stock"
    needs_results = True
    turn_type = "comparison"
    wordings = ("stock",)
    item_share = 0.4
    replies = ("in_stock", "sold_out")

    class Arguments(ToolArguments):
        item: Annotated[int, Field(ge=1, description="position in the last results, from 1")]

    def careless(self, noun: object, said: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        return {"item": 1}

    def situations(self, value: Mapping[str, JsonValue]) -> Sequence[str]:
        return ("in_stock",) if value["facts"] == {"in stock": "yes"} else ("sold_out",)

    def __call__(self, arguments: Arguments, world: ShopWorld) -> JsonValue:
        shown = world.session.last_shown
        if arguments.item > len(shown):
            raise ToolError(f"no item {arguments.item} in the last results; positions go to {len(shown)}")
        product = world.catalog.by_id[shown[arguments.item - 1]]
        is_sold_out = zlib.crc32(product.product_id.encode()) % 4 == 0  # a shop would ask its own stock
        return {"items": [item_of(product)], "facts": {"in stock": "no" if is_sold_out else "yes"}}
