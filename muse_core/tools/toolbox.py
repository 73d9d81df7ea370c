"""The registry of the tools, and the one place where a call is run.

Whoever needs a list of tools reads it here: `ALL_TOOLS` in the order in which a model is told of them, and
their traits (`base.Tool`). The lists are views (`registry`): a run's config adds tools to ours, so read them
where they are used, never at import. The contracts alone keep lists of their own;
`tests/contract/test_lists.py` compares them with this one.

`Toolbox.run` turns exactly two failures into `ToolResult.error` (the model sees the text): a
`ToolError`, and arguments that do not fit the schema. Anything else is our bug and propagates.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from muse_core.errors import ToolError
from muse_core.tools.base import ShopWorld, Tool
from muse_core.tools.compare import Compare
from muse_core.tools.filter import Filter
from muse_core.tools.recommend import Recommend
from muse_core.tools.refused import refusal_text
from muse_core.tools.registry import ListView, NameView, Registry, SetView, per_tools_of
from muse_core.tools.search import Search
from muse_core.tools.translate import Translate
from muse_core.tools.visual_search import VisualSearch
from muse_core.types import Decision, ToolCall, ToolResult

OWN_TOOLS: tuple[Tool, ...] = (
    Search(),
    Filter(),
    Recommend(),
    Compare(),
    Translate(),
    VisualSearch(),
)
REGISTRY = Registry(OWN_TOOLS)
ALL_TOOLS = ListView[Tool](REGISTRY, lambda tools: tools)
TOOLS: Mapping[str, Tool] = NameView(REGISTRY)
TOOL_NAMES = ListView[str](REGISTRY, lambda tools: tuple(tool.name for tool in tools))
DECISIONS = ListView[Decision](REGISTRY, lambda tools: (*(tool.name for tool in tools), "none"))
PRODUCT_TOOLS = SetView(REGISTRY, lambda tool: tool.returns_products)
per_tools = per_tools_of(REGISTRY)


class Toolbox:
    """Runs calls against one conversation's world; the world's session moves with them. `schema`: the
    arguments of the tools in this shop."""

    def __init__(self, world: ShopWorld) -> None:
        from muse_core.tools.shop_schema import schema_of  # which reads the tools above

        self.world = world
        self.schema = schema_of(world.catalog.facets)

    def run(self, call: ToolCall) -> ToolResult:
        """The result of one call, or its error as text."""
        tool = TOOLS.get(call.name)
        if tool is None:
            known = ", ".join(TOOLS)
            return ToolResult(call.call_id, None, f"unknown tool {call.name!r}; the tools are {known}")
        try:
            arguments = self.schema.checked(tool, call.arguments)
        except ValidationError:
            problems = self.schema.refusals(call.name, call.arguments)
            return ToolResult(call.call_id, None, refusal_text(problems.values()))
        try:
            return ToolResult(call.call_id, tool(arguments, self.world))
        except ToolError as problem:
            return ToolResult(call.call_id, None, str(problem))
