"""The tools as one shop has them: our arguments, and the facets of its products as further ones.

    a choice       processor, not_processor     "intel core i5", or a list of which any will do
    a number       memory, min_memory, max_memory    in the facet's unit
    yes or no      touchscreen                  True or False

Which tools take them: those whose arguments narrow products (`takes_facets`). `compare` takes their names.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Field, ValidationError, create_model

from muse_core.tools import arguments as given
from muse_core.tools.base import Tool, ToolArguments
from muse_core.tools.toolbox import ALL_TOOLS, TOOLS, one_problem
from muse_core.types import Facet

Number = Annotated[float, Field(ge=-1e12, le=1e12, allow_inf_nan=False)]


@dataclass(frozen=True)
class ShopSchema:
    """The arguments of every tool in a shop with these facets; `ShopSchema()` is a shop without any."""

    facets: tuple[Facet, ...] = ()
    _arguments: dict[str, type[ToolArguments]] = field(default_factory=dict, compare=False, repr=False)

    def arguments(self, tool: Tool) -> type[ToolArguments]:
        """The model that a call's arguments are checked with."""
        if tool.name not in self._arguments:
            self._arguments[tool.name] = _with_facets(tool, self.facets)
        return self._arguments[tool.name]

    def order(self, name: str) -> tuple[str, ...]:
        """The key order of a tool's arguments; empty for an unknown tool."""
        tool = TOOLS.get(name)
        return tuple(self.arguments(tool).model_fields) if tool is not None else ()

    def refusals(self, name: str, arguments: Mapping[str, Any]) -> dict[str, str]:
        """What a tool refuses, by argument, in the words of the call's error; "" stands for the arguments
        together. Empty when the tool takes them, or for a tool that we do not have."""
        tool = TOOLS.get(name)
        if tool is None:
            return {}
        try:
            self.arguments(tool).model_validate(arguments)
        except ValidationError as problem:
            found = problem.errors(include_url=False)
            return {str(one["loc"][0]) if one["loc"] else "": one_problem(dict(one)) for one in found[::-1]}
        return {}

    def as_json(self) -> list[dict[str, Any]]:
        """`[{"name", "description", "parameters": JSON schema}]` in the order of ALL_TOOLS."""
        return [
            {"name": tool.name, "description": tool.description, "parameters": self._parameters(tool)}
            for tool in ALL_TOOLS
        ]

    def _parameters(self, tool: Tool) -> dict[str, Any]:
        schema = self.arguments(tool).model_json_schema()
        schema.pop("title", None)
        schema.pop("description", None)
        for entry in schema["properties"].values():
            entry.pop("title", None)
        return schema

    def digest(self) -> str:
        """sha256 of `as_json`: what a model has learnt to call."""
        text = json.dumps(self.as_json(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _with_facets(tool: Tool, facets: tuple[Facet, ...]) -> type[ToolArguments]:
    if not tool.takes_facets or not facets:
        return tool.Arguments
    fields: dict[str, Any] = {name: (kind, None) for facet in facets for name, kind in _fields(facet)}
    return create_model("Arguments", __base__=tool.Arguments, **fields)


def _fields(facet: Facet) -> Iterator[tuple[str, Any]]:
    """The arguments of one facet with their types."""
    spoken = facet.name.replace("_", " ")
    told = f"{spoken} in {facet.unit}" if facet.unit else spoken
    if facet.kind == "yes_no":
        yield facet.name, Annotated[bool | None, Field(description=spoken)]
    elif facet.kind == "number":
        yield facet.name, Annotated[Number | None, Field(description=told)]
        yield f"min_{facet.name}", Annotated[Number | None, Field(description=f"lowest {told}")]
        yield f"max_{facet.name}", Annotated[Number | None, Field(description=f"highest {told}")]
    else:
        such_as = ", ".join(repr(value) for value in facet.values[:3])
        yield facet.name, Annotated[given.Words | None, Field(description=f"{spoken}, such as {such_as}")]
        yield f"not_{facet.name}", given.NotWord
