"""A call as a JSON object (or a Python literal) in the shapes that logs have → its name and arguments.

{"name": "search", "arguments": {…}}            also `parameters`, `args`, `input`; arguments as text
{"type": "function", "function": {…}}           OpenAI; {"function_call": {…}}, {"tool_calls": [{…}]}
{"tool": …, "args": …}, {"tool_name": …, "parameters": …}, {"action": …, "action_input": …}
{"search": {"query": …}}                        the name of one of our tools as the only key
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from typing import Any

from muse_core.json_text import JsonTextError, check_depth, read_json
from muse_core.tools.shop_schema import ShopSchema, schema_of
from muse_core.tools.toolbox import TOOL_NAMES, per_tools
from muse_core.types import Facet

Call = tuple[str, dict[str, Any]]
MAX_LITERAL_CHARS = 20_000
NAMES = ("name", "tool_name", "tool", "function_name", "function", "action")
ARGUMENTS = ("arguments", "parameters", "args", "input", "action_input", "tool_input", "kwargs", "params")
_AROUND = ("function", "function_call", "functionCall", "tool_calls", "tool_call", "calls")


class UnreadableCall(ValueError):
    """A call was begun, and is none."""


def calls_in(value: Any) -> Iterator[Call]:
    """The calls of one value: an object, or a list of them. UnreadableCall when it holds none."""
    for one in value if isinstance(value, list) else [value]:
        if not isinstance(one, Mapping):
            raise UnreadableCall(f"found a {type(one).__name__}, expected an object with a name")
        around = next((key for key in _AROUND if isinstance(one.get(key), Mapping | list)), None)
        if around is not None and not isinstance(one.get("name"), str):
            yield from calls_in(one[around])
        else:
            yield call_of(one)


def call_of(value: Mapping[str, Any]) -> Call:
    """Name and arguments of one object. UnreadableCall when it has none, or arguments that are no object."""
    if len(value) == 1 and (only := next(iter(value))) in TOOL_NAMES and isinstance(value[only], Mapping):
        return only, dict(value[only])
    name = next((value[key] for key in NAMES if isinstance(value.get(key), str)), None)
    if name is None:
        raise UnreadableCall("an object without a name")
    given: Any = next((value[key] for key in ARGUMENTS if value.get(key) is not None), {})
    arguments = (read_value(given) if given.strip() else {}) if isinstance(given, str) else given
    if not isinstance(arguments, Mapping):
        raise UnreadableCall(f"its arguments are a {type(arguments).__name__}; expected an object")
    return plain_name(name), dict(arguments)


def looks_like_call(value: Any) -> bool:
    """Whether an object says by its keys that it is a call; for one that stands among words."""
    if isinstance(value, list):
        return bool(value) and all(map(looks_like_call, value))
    if not isinstance(value, Mapping):
        return False
    if any(isinstance(value.get(key), Mapping | list) and looks_like_call(value[key]) for key in _AROUND):
        return True
    named = next((value[key] for key in NAMES if isinstance(value.get(key), str)), None)
    is_ours = plain_name(named or "") in TOOL_NAMES or (len(value) == 1 and next(iter(value)) in TOOL_NAMES)
    return is_ours or (named is not None and any(key in value for key in ARGUMENTS))


def plain_name(name: str) -> str:
    """`functions.search` is `search`."""
    return name.strip().removeprefix("functions.")


def read_value(text: str) -> Any:
    """A JSON value, or the same with Python's quotes; never evaluated. UnreadableCall when it is neither."""
    try:
        return read_json(text)
    except JsonTextError as problem:
        if len(text) > MAX_LITERAL_CHARS:
            raise UnreadableCall(str(problem)) from None
        try:
            value = json.loads(json.dumps(ast.literal_eval(text.strip()), allow_nan=False))
            check_depth(value)
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            raise UnreadableCall(str(problem)) from None
        return value


def typed(name: str, key: str, text: str, schema: ShopSchema) -> Any:
    """The text of an XML parameter as the shop's schema types it: a number or a list where it takes one."""
    kinds = _kinds(schema.facets).get((name, key), frozenset())
    if kinds & {"number", "integer", "boolean"} or (text.lstrip()[:1] == "[" and "array" in kinds):
        try:
            return read_value(text)
        except UnreadableCall:
            return text
    return text


@per_tools
def _kinds(facets: tuple[Facet, ...]) -> dict[tuple[str, str], frozenset[str]]:
    """The JSON types of every argument of every tool in a shop with these facets."""
    return {
        (described["name"], key): frozenset(part.get("type", "") for part in entry.get("anyOf", [entry]))
        for described in schema_of(facets).as_json()
        for key, entry in described["parameters"]["properties"].items()
    }
