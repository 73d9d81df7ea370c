"""`visual_search`: products that look like a picture the shopper sent (`[image:att1]` in the text)."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from muse_core.errors import ToolError
from muse_core.tools import arguments as given
from muse_core.tools.base import ShopWorld, Tool, ToolArguments, show
from muse_core.types import JsonValue

NEAREST = 50  # without limits, only so many pictures count as "like the picture"


class VisualSearch(Tool):
    """Nearest pictures by `index.pictures` (colour and shape by default), then the limits."""

    name: ClassVar[str] = "visual_search"
    description: ClassVar[str] = "find products like a picture"
    returns_products = True
    turn_type = "picture"
    wordings = ("request", "answer")
    asks_for = "image"
    left_open = 0.12
    replies = ("lead_picture",)
    failure = "failed"  # a picture may not arrive
    confused_with = "recommend"

    class Arguments(ToolArguments):
        image: Annotated[given.Text, Field(description="picture id from the text, such as 'att1'")]
        max_price: given.MaxPrice = None
        colour: given.Colour = None

    def __call__(self, arguments: Arguments, world: ShopWorld) -> JsonValue:
        if world.index.pictures is None:
            raise ToolError("this catalogue has no pictures; call search with words instead")
        if arguments.image not in world.attachments:
            known = ", ".join(sorted(world.attachments)) or "none"
            raise ToolError(f"no picture {arguments.image!r} in this conversation; pictures: {known}")
        limits = arguments.limits()
        reach = len(world.catalog.products) if limits else NEAREST  # "like this, but red" looks at all
        try:
            near = world.index.pictures.nearest(world.attachments[arguments.image], reach)
        except ToolError as problem:  # the decoder's own words hold addresses and would not replay
            raise ToolError(
                f"the picture {arguments.image!r} cannot be read; it must be a PNG or JPEG"
            ) from problem
        ids = [product_id for product_id, _ in near]
        return show(world, world.index.narrow(ids, limits) if limits else ids)
