"""`compare`: two to four of the last results side by side, and which is best."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from muse_core.tools.base import (
    ShopWorld,
    Tool,
    ToolArguments,
    facets_named,
    item_of,
    require_prices,
    shown_product,
)
from muse_core.tools.references import items_of
from muse_core.types import JsonValue, Product

Attribute = Literal["price", "rating", "material", "brand", "colour", "size"]


class Compare(Tool):
    """Positions count from 1 in the last results, as the shopper saw them. The session stays."""

    name: ClassVar[str] = "compare"
    description: ClassVar[str] = "set results side by side"
    needs_results = True
    facet_argument = "attribute"
    turn_type = "comparison"
    wordings = ("plain", "attribute", "answer")
    asks_for = "items"
    left_open = 0.14
    replies = (
        "compared", "compared_price", "compared_rating", "compared_material", "compared_same_material",
        "compared_no_material", "compared_facet", "compared_same_facet", "compared_no_facet",
    )  # fmt: skip

    class Arguments(ToolArguments):
        items: Annotated[
            list[Annotated[int, Field(ge=1)]],
            Field(min_length=2, max_length=4, description="positions in the last results, from 1"),
        ]
        attribute: Annotated[
            Attribute | None, Field(description="what to compare by; rating when left out")
        ] = None

        @model_validator(mode="after")
        def _positions_differ(self) -> Self:
            if len(set(self.items)) < len(self.items):
                raise ValueError(f"items names a position twice: {self.items}; name different ones")
            return self

    def careless(self, noun: Callable[[], str], said: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        return {"items": [1, 2]}

    def situations(self, value: Mapping[str, JsonValue]) -> Sequence[str]:
        """By the attribute that was asked for, where it tells the items apart."""
        by = value.get("attribute") or "rating"
        if by not in ("price", "rating"):
            first, second, *_ = (item.get(str(by)) for item in items_of(dict(value)))
            named = "material" if by == "material" else "facet"
            same = f"compared_same_{named}" if first == second else f"compared_{named}"
            return same, f"compared_no_{named}", "compared"
        return (f"compared_{by}", "compared") if value.get("best") else ("compared",)

    def __call__(self, arguments: Arguments, world: ShopWorld) -> JsonValue:
        require_prices(arguments, world)
        products = [shown_product(world, position, "to compare") for position in arguments.items]
        told = facets_named(arguments, world)
        items: list[JsonValue] = [item_of(product, told) for product in products]
        return {
            "items": items,
            "attribute": arguments.attribute,
            "best": _best(products, arguments.attribute),
        }


def _best(products: list[Product], attribute: str | None) -> int | None:
    """1-based place of the lowest price or highest rating; None if unknown, tied, or a matter of taste, as
    every other attribute is: more memory is better to one, a smaller screen to another."""
    if attribute not in (None, "price", "rating"):
        return None
    if attribute == "price":
        values = [None if product.price is None else -product.price for product in products]
    else:
        values = [product.rating for product in products]
    known = [value for value in values if value is not None]
    if len(known) < 2 or known.count(max(known)) > 1:
        return None
    return values.index(max(known)) + 1
