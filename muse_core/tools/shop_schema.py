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
from functools import cache, cached_property, lru_cache
from typing import Annotated, Any, Literal, get_args

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, create_model

from muse_core.tools import arguments as given
from muse_core.tools.base import ITEM_FIELDS, Tool, ToolArguments, facet_place
from muse_core.tools.refused import refused
from muse_core.tools.toolbox import ALL_TOOLS, TOOLS
from muse_core.types import Facet, FacetKind, JsonValue

Number = Annotated[float, Field(ge=-1e12, le=1e12, allow_inf_nan=False)]
_VALUES: Mapping[FacetKind, Any] = {"yes_no": bool, "number": Number, "choice": given.Words}


@dataclass(frozen=True)
class ShopSchema:
    """The arguments of every tool in a shop with these facets; `ShopSchema()` is a shop without any.
    ValueError for facets whose names are taken: by an argument, a field of an item, or another facet."""

    facets: tuple[Facet, ...] = ()
    _arguments: dict[Tool, type[ToolArguments]] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        ours = {name for tool in ALL_TOOLS if tool.takes_facets for name in tool.Arguments.model_fields}
        ours |= ITEM_FIELDS
        names = [name for facet in self.facets for name, _ in _fields(facet)]
        taken = sorted({name for name in names if name in ours or names.count(name) > 1})
        if taken:
            raise ValueError(f"{', '.join(taken)}: the name is taken; rename the facets")

    def arguments(self, tool: Tool) -> type[ToolArguments]:
        """The model that a call's arguments are checked with."""
        if tool not in self._arguments:
            self._arguments[tool] = self._with_facets(tool)
        return self._arguments[tool]

    def checked(self, tool: Tool, arguments: Mapping[str, Any]) -> ToolArguments:
        """A call's arguments as the tool reads them; ValidationError for what it refuses. What is right is
        read by models that all shops share; a shop's own, slow to make, says what is wrong."""
        ours = tool.Arguments.model_fields
        further = [name for name in self._kinds if name in arguments and name not in ours]
        is_ours = not tool.facet_argument or arguments.get(tool.facet_argument) not in self._names
        if is_ours and len(further) == sum(name not in ours for name in arguments):
            try:
                if not further:
                    return tool.Arguments.model_validate(arguments)
                if tool.takes_facets:
                    return self._with_values(tool, arguments, further)
            except ValidationError:
                pass
        return self.arguments(tool).model_validate(arguments)

    def _with_values(self, tool: Tool, arguments: Mapping[str, Any], facets: list[str]) -> ToolArguments:
        values = {name: _reader(self._kinds[name]).validate_python(arguments[name]) for name in facets}
        own = {name: value for name, value in arguments.items() if name not in values}
        return _open(tool.Arguments).model_validate(own | values)

    @cached_property
    def _kinds(self) -> dict[str, FacetKind]:
        """The facets' arguments, in the order of the schema."""
        return {name: facet.kind for facet in self.facets for name, _ in _fields(facet)}

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(facet.name for facet in self.facets)

    def order(self, name: str) -> tuple[str, ...]:
        """A tool's arguments in the order in which calls are written; empty for an unknown tool."""
        tool = TOOLS.get(name)
        if tool is None:
            return ()
        return (*tool.Arguments.model_fields, *sorted(self._facet_arguments(tool), key=facet_place))

    def read(self, name: str, arguments: Mapping[str, Any]) -> dict[str, JsonValue]:
        """A call's arguments as the tool reads them: trimmed, in lower case. ValueError (pydantic's) for
        what it refuses; KeyError for an unknown tool."""
        return self.checked(TOOLS[name], arguments).given()

    def refusals(self, name: str, arguments: Mapping[str, Any]) -> dict[str, str]:
        """What a tool refuses, by argument, in the words of the call's error; "" stands for the arguments
        together. Empty when the tool takes them, or for a tool that we do not have."""
        tool = TOOLS.get(name)
        if tool is None:
            return {}
        try:
            self.checked(tool, arguments)
        except ValidationError as problem:
            return refused(problem, self._facet_arguments(tool))
        return {}

    def as_json(self) -> list[dict[str, Any]]:
        """`[{"name", "description", "parameters": JSON schema}]` in the order of ALL_TOOLS."""
        return [
            {"name": tool.name, "description": tool.description, "parameters": self._parameters(tool)}
            for tool in ALL_TOOLS
        ]

    def as_openai(self) -> list[dict[str, Any]]:
        """The same in the shape that chat templates, endpoints and their clients take."""
        return [{"type": "function", "function": described} for described in self.as_json()]

    def digest(self) -> str:
        """sha256 of `as_json`: what a model has learnt to call."""
        text = json.dumps(self.as_json(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8")).hexdigest()

    def _parameters(self, tool: Tool) -> dict[str, Any]:
        schema = self.arguments(tool).model_json_schema()
        schema.pop("title", None)
        schema.pop("description", None)
        for entry in schema["properties"].values():
            entry.pop("title", None)
        return schema

    def _facet_arguments(self, tool: Tool) -> list[str]:
        facets = self.facets if tool.takes_facets else ()
        return [name for facet in facets for name, _ in _fields(facet)]

    def _with_facets(self, tool: Tool) -> type[ToolArguments]:
        fields: dict[str, Any] = {}
        if tool.takes_facets:
            # An alias, since a facet may be called `json` or `copy`, which a model has as methods.
            fields = {f"facet_{name}": kind for facet in self.facets for name, kind in _fields(facet)}
        elif tool.facet_argument and self.facets:
            fields = {tool.facet_argument: _or_a_facet(tool, self.facets)}
        return create_model("Arguments", __base__=tool.Arguments, **fields) if fields else tool.Arguments


PLAIN = ShopSchema()  # where no shop is known: our own arguments alone


@lru_cache(maxsize=64)
def schema_of(facets: tuple[Facet, ...]) -> ShopSchema:
    """The schema of a shop with these facets, made once."""
    return ShopSchema(facets)


@cache
def _reader(kind: FacetKind) -> TypeAdapter[Any]:
    """Reads a value of a facet as the field of a shop's own model does."""
    return TypeAdapter(_VALUES[kind] | None, config=ConfigDict(strict=True))


@cache
def _open(model: type[ToolArguments]) -> type[ToolArguments]:
    """A tool's own arguments, and whatever stands beside them."""
    return create_model("Arguments", __base__=model, __cls_kwargs__={"extra": "allow"})


def _fields(facet: Facet) -> Iterator[tuple[str, Any]]:
    """The arguments of one facet with their types and defaults."""
    spoken = facet.name.replace("_", " ")
    told = f"{spoken} in {facet.unit}" if facet.unit else spoken
    if facet.kind == "yes_no":
        yield _field(facet.name, _VALUES["yes_no"], spoken)
    elif facet.kind == "number":
        yield _field(facet.name, Number, told)
        yield _field(f"min_{facet.name}", Number, f"lowest {told}")
        yield _field(f"max_{facet.name}", Number, f"highest {told}")
    else:
        such_as = ", ".join(repr(value) for value in facet.values[:3])
        yield _field(facet.name, given.Words, f"{spoken}, such as {such_as}" if such_as else spoken)
        yield _field(f"not_{facet.name}", given.Words, f"{spoken} that it must not be")


def _field(name: str, kind: Any, description: str) -> tuple[str, Any]:
    return name, (Annotated[kind | None, Field(alias=name, description=description)], None)


def _or_a_facet(tool: Tool, facets: tuple[Facet, ...]) -> Any:
    """The field of an argument whose values are fixed, with the facets' names among them."""
    ours = tool.Arguments.model_fields[tool.facet_argument]
    fixed = [value for kind in get_args(ours.annotation) for value in get_args(kind)]
    # Sorted: equal literals are one object to `typing`, in the order in which they were first made.
    return Literal[(*fixed, *sorted(facet.name for facet in facets))] | None, ours
