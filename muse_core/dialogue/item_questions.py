"""A question about one of the last results, for the tools whose traits say that they are asked for so."""

from __future__ import annotations

from muse_core.dialogue import sayings
from muse_core.dialogue.agenda import Move
from muse_core.dialogue.shopper import Said, Shopper, call_of
from muse_core.tools.base import ShopWorld, Tool
from muse_core.tools.toolbox import ALL_TOOLS


def item_question(shopper: Shopper, move: Move, world: ShopWorld) -> Said | None:
    """What a tool that shares this move is asked; None: the move is made as it is without such tools."""
    tools = [tool for tool in ALL_TOOLS if tool.item_share and tool.turn_type == move]
    shown = min(len(world.session.last_shown), sayings.MAX_POSITION)
    if not tools or not shown or not shopper.sees_results:
        return None
    point = shopper.rng.random()
    tool = next((tool for tool in tools if (point := point - tool.item_share) < 0), None)
    return _asked(shopper, tool, shown) if tool else None


def _asked(shopper: Shopper, tool: Tool, shown: int) -> Said:
    item = int(shopper.rng.random() * shown) + 1
    family = shopper.family(tool.turn_type, tool.wordings[0])
    values = {"items": sayings.item_phrase(shopper.voice(), item)}
    call = call_of(tool.name, {"item": item})
    return Said(shopper.utter(family, values), family, tool.turn_type, (call,))
