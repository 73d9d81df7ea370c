"""Which of the last results the assistant has just talked of: what "this" means to a shopper."""

from __future__ import annotations

from collections.abc import Sequence

from muse_core.tools.references import references_in
from muse_core.tools.toolbox import TOOLS
from muse_core.types import Message, ToolCall


def focus_of(acts: Sequence[Message], before: int | None) -> int | None:
    """The position in the last results of the one item that a turn's reply names; None for several. A turn
    that is about no result leaves the one `before`."""
    calls = [call for act in acts for call in act.tool_calls]
    if not calls or not _is_about_results(calls[-1]):
        return before
    named = {position for position, _ in references_in(acts[-1].content)}
    return _position(calls[-1], named.pop()) if len(named) == 1 else None


def _is_about_results(call: ToolCall) -> bool:
    tool = TOOLS[call.name]
    return tool.returns_products or tool.needs_results


def _position(call: ToolCall, named: int) -> int | None:
    """The position in the last results of an item of a call's own result."""
    if TOOLS[call.name].returns_products:
        return named
    items = call.arguments.get("items", [call.arguments.get("item")])
    found = items[named - 1] if isinstance(items, list) and named <= len(items) else None
    return found if isinstance(found, int) else None
