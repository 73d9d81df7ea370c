"""A question that a user's own tool answers: its wordings, filled with values from its `samples`."""

from __future__ import annotations

from typing import Any

from muse_core.dialogue import sayings
from muse_core.dialogue.agenda import Move
from muse_core.dialogue.shopper import Said, Shopper, call_of
from muse_core.dialogue.utterance import slots_of
from muse_core.tools.base import ShopWorld, Tool
from muse_core.tools.samples import ITEM
from muse_core.tools.toolbox import ALL_TOOLS


def sampled_question(shopper: Shopper, move: Move, world: ShopWorld) -> Said | None:
    """What a tool that shares this move is asked; None: the move is made as it is without such tools."""
    shown = min(len(world.session.last_shown), sayings.MAX_POSITION) if shopper.sees_results else 0
    tools = [tool for tool in ALL_TOOLS if tool.asked_share and tool.turn_type == move]
    tools = [tool for tool in tools if shown or not tool.needs_results]
    if not tools:
        return None
    point = shopper.rng.random()
    tool = next((tool for tool in tools if (point := point - tool.asked_share) < 0), None)
    return _asked(shopper, tool, shown) if tool else None


def _asked(shopper: Shopper, tool: Tool, shown: int) -> Said:
    family = shopper.family(tool.turn_type, tool.wordings[0])
    slots = slots_of(family.pattern)
    arguments: dict[str, Any] = {}
    values: dict[str, str] = {}
    for name in tool.Arguments.model_fields:
        if name == ITEM and "items" in slots:
            arguments[name] = int(shopper.rng.random() * shown) + 1
            values["items"] = sayings.item_phrase(shopper.voice(), arguments[name])
        elif name in slots:
            sample = tool.samples[name].draw(shopper.rng)
            arguments[name], values[name] = sample.value, sample.in_words(shopper.script)
    call = call_of(tool.name, arguments)
    return Said(shopper.utter(family, values), family, tool.turn_type, (call,))
