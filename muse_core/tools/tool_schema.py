"""The arguments of a tool of the user's own: from a JSON schema, and whether a call of it can be written.

A model writes texts, numbers, yes and no, one of a list of words, and lists of these (`call_syntax`, and the
grammar of `generation/grammar.py`); an argument of another kind is refused before anything runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, create_model

from muse_core.tools.base import ToolArguments

NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_BOUNDS = ("minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum", "pattern")
_TYPES: Mapping[str, Any] = {"string": str, "integer": int, "number": float, "boolean": bool}
_LONGEST_TEXT = 200
_KEYS = frozenset(("type", "enum", "const", "items", "title", "default", "description", *_BOUNDS))


def schema_problems(schema: Mapping[str, Any]) -> list[str]:
    """Why no model could write a call with these arguments; [] when it can."""
    properties = schema.get("properties", {})
    if not isinstance(properties, Mapping):
        return ["the arguments' `properties` are no table of argument names"]
    required = schema.get("required", [])
    if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
        return [f"`required` is {required!r}, expected a list of argument names"]
    found = []
    for name, entry in properties.items():
        if not NAME.fullmatch(name):
            found.append(f"the argument {name!r}: a name has small letters, digits and _ ({NAME.pattern})")
        found += [f"the argument {name!r}: {why}" for why in _entry_problems(_given(entry, schema))]
    unknown = [name for name in required if name not in properties]
    return found + [f"`required` names {name!r}, which is no argument" for name in unknown]


def _given(entry: Any, schema: Mapping[str, Any]) -> Any:
    """The entry without `null` and references: an argument that is absent is not written."""
    if not isinstance(entry, Mapping):
        return entry
    given = entry.get("anyOf")
    choices = [one for one in given if isinstance(one, Mapping)] if isinstance(given, list) else [entry]
    options = [one for one in choices if one.get("type") != "null"]
    one = options[0] if len(options) == 1 else entry
    name, defined = str(one.get("$ref", "")).rpartition("/")[2], schema.get("$defs")
    return defined.get(name, one) if name and isinstance(defined, Mapping) else one


def _entry_problems(entry: Any) -> Iterator[str]:
    if not isinstance(entry, Mapping):
        yield f"found {entry!r}, expected a table with a `type`"
        return
    if "enum" in entry or "const" in entry:
        words = entry.get("enum", [entry.get("const")])
        if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
            yield f"its `enum` is {words!r}, expected a list of texts"
    elif entry.get("type") == "array":
        if not isinstance(entry.get("maxItems"), int):
            yield "a list without `maxItems`: say how many it holds at most"
        yield from _entry_problems(entry.get("items"))
    elif not isinstance(entry.get("type"), str) or entry["type"] not in _TYPES:
        yield (
            f"a model cannot write the type {entry.get('type', 'anyOf' if 'anyOf' in entry else None)!r}; "
            f"expected {', '.join(_TYPES)}, an `enum` of texts, or an array of these"
        )


def unread_keys(schema: Mapping[str, Any]) -> list[str]:
    """Keys of a written schema that nothing would check."""
    return [
        f"the argument {name!r}: {key!r} is not checked here; the keys are {', '.join(sorted(_KEYS))}"
        for name, entry in schema.get("properties", {}).items()
        if isinstance(entry, Mapping)
        for key in entry
        if key not in _KEYS
    ]


def arguments_of(tool: str, schema: Mapping[str, Any]) -> type[ToolArguments]:
    """The model of a schema without problems. ValueError for bounds that contradict their type."""
    from pydantic_core import SchemaError  # pydantic's own; a pattern that is none

    required = schema.get("required", [])
    fields: dict[str, Any] = {
        name: _field(entry, name in required) for name, entry in schema.get("properties", {}).items()
    }
    try:
        return create_model(f"{tool}_arguments", __base__=ToolArguments, **fields)
    except (TypeError, ValidationError, SchemaError) as problem:
        raise ValueError(f"the schema of the arguments cannot be used: {problem}") from None


def _field(entry: Mapping[str, Any], is_required: bool) -> tuple[Any, Any]:
    kind = _kind(entry)
    given = dict(entry)
    if entry.get("type") == "string" and "enum" not in entry:
        given = {"minLength": 1, "maxLength": _LONGEST_TEXT} | given
    for name in _BOUNDS:
        if name in given:
            kind = Annotated[kind, _bound(name, given[name])]
    told = Field(description=entry.get("description"))
    return (Annotated[kind, told], ...) if is_required else (Annotated[kind | None, told], None)


def _bound(name: str, value: Any) -> Any:
    from annotated_types import Ge, Le, MaxLen, MinLen  # pydantic's own

    if name == "pattern":
        return Field(pattern=value)
    kinds = {"minimum": Ge, "maximum": Le, "minLength": MinLen, "minItems": MinLen}
    return kinds.get(name, MaxLen)(value)


def _kind(entry: Mapping[str, Any]) -> Any:
    if "enum" in entry or "const" in entry:
        return Literal[tuple(entry.get("enum", [entry.get("const")]))]
    if entry["type"] == "array":
        return list[_kind(entry["items"])]  # type: ignore[misc]
    return _TYPES[entry["type"]]
