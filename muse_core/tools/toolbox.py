"""The registry of the tools, their schema, and the one place where a call is run.

Whoever needs a list of tools reads it here: `ALL_TOOLS` in the order in which a model is told of them, and
their traits (`base.Tool`). The lists are views (`registry`): a run's config adds tools to ours, so read them
where they are used, never at import. The contracts alone keep lists of their own;
`tests/contract/test_lists.py` compares them with this one.

`Toolbox.run` turns exactly two failures into `ToolResult.error` (the model sees the text): a
`ToolError`, and arguments that do not fit the schema. Anything else is our bug and propagates.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from muse_core.errors import ToolError
from muse_core.tools.base import ShopWorld, Tool
from muse_core.tools.compare import Compare
from muse_core.tools.filter import Filter
from muse_core.tools.recommend import Recommend
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
    """Runs calls against one conversation's world; the world's session moves with them."""

    def __init__(self, world: ShopWorld) -> None:
        self.world = world

    def run(self, call: ToolCall) -> ToolResult:
        """The result of one call, or its error as text."""
        tool = TOOLS.get(call.name)
        if tool is None:
            known = ", ".join(TOOLS)
            return ToolResult(call.call_id, None, f"unknown tool {call.name!r}; the tools are {known}")
        try:
            arguments = tool.Arguments.model_validate(call.arguments)
        except ValidationError as problem:
            return ToolResult(call.call_id, None, validation_text(problem))
        try:
            return ToolResult(call.call_id, tool(arguments, self.world))
        except ToolError as problem:
            return ToolResult(call.call_id, None, str(problem))


def validation_text(problem: ValidationError) -> str:
    """Which argument, what was found, what was expected; one short line for all of them."""
    return "; ".join(one_problem(dict(error)) for error in problem.errors(include_url=False)[:3])


def one_problem(error: dict[str, Any]) -> str:
    where = ".".join(str(part) for part in error["loc"][:1])
    if error["type"] == "missing":
        return f"{where} is missing"
    if error["type"] == "extra_forbidden":
        return f"{where} is not an argument of this tool"
    if error["type"] == "value_error" and not where:
        return str(error["msg"]).removeprefix("Value error, ")
    return f"{where}: found {str(error['input'])[:40]!r}, expected: {_expected(error)}"


def _expected(error: dict[str, Any]) -> str:
    message = str(error["msg"])
    for start in ("Value error, ", "Input should be "):
        message = message.removeprefix(start)
    return message


def refusals(name: str, arguments: Mapping[str, Any]) -> dict[str, str]:
    """What a tool's schema refuses, by argument, in the words of the call's error; "" stands for the
    arguments together. Empty when the tool takes them, or for a tool that we do not have."""
    tool = TOOLS.get(name)
    if tool is None:
        return {}
    try:
        tool.Arguments.model_validate(arguments)
    except ValidationError as problem:
        found = problem.errors(include_url=False)
        return {str(one["loc"][0]) if one["loc"] else "": one_problem(dict(one)) for one in reversed(found)}
    return {}


def argument_order(name: str) -> tuple[str, ...]:
    """The schema's key order of a tool; empty for an unknown one."""
    tool = TOOLS.get(name)
    return tuple(tool.Arguments.model_fields) if tool is not None else ()


def tool_schemas() -> list[dict[str, Any]]:
    """`[{"name", "description", "parameters": JSON schema}]` in the order of ALL_TOOLS."""
    return [
        {"name": tool.name, "description": tool.description, "parameters": _parameters(tool)}
        for tool in ALL_TOOLS
    ]


def _parameters(tool: Tool) -> dict[str, Any]:
    schema = tool.Arguments.model_json_schema()
    schema.pop("title", None)
    schema.pop("description", None)
    for entry in schema["properties"].values():
        entry.pop("title", None)
    return schema


def schema_digest() -> str:
    """sha256 of the schemas; part of the fingerprint of every stage that shows them to a model."""
    text = json.dumps(tool_schemas(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
