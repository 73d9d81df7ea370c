"""The grammar of an act as Lark text: a reply without tags, or well-formed calls of known tools.

Made from the tools as the shop has them (`ShopSchema`), in the text form that `call_syntax` writes. With
`ReadValues` an argument has only the values that were read for it; `is_whole` demands what is owed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from muse_core.errors import MuseError
from muse_core.generation.pointed import OF_RESULTS
from muse_core.generation.read_values import ReadValues
from muse_core.models.chat_format import RESULT, TOOL, TOOL_END
from muse_core.tools.base import Tool
from muse_core.tools.call_syntax import literal
from muse_core.tools.shop_schema import ShopSchema
from muse_core.tools.toolbox import ALL_TOOLS
from muse_core.types import JsonValue

Schema = Mapping[str, Any]
Values = Mapping[str, tuple[JsonValue, ...] | None]
Spelling = Callable[[str], str]  # text as its tokens spell it

# What `call_syntax` writes inside quotes: no control signs, `<` and `'` and `\` only as escapes.
_ESCAPE = r"\\['\\]|\\u003c"
_SIGN = rf"([^'\\<\x00-\x1f\x7f-\x9f\u2028\u2029]|{_ESCAPE})"
_INK = rf"([^\s'\\<\x00-\x1f\x7f-\x9f]|{_ESCAPE})"  # text must not be blank
_SPACED_INK = rf"(\p{{N}}| ([^\s\p{{N}}'\\<\x00-\x1f\x7f-\x9f]|{_ESCAPE}))"  # with the space of `word_cuts`
_LONGEST_TEXT = 200
_PICTURE = "image"
_READ_ALONE = ("colour", "max_price", "items", "attribute", _PICTURE)  # of tools that do not narrow products


class ActText:
    """Writes the grammars of a shop's tools; the tools' schemas are read once."""

    def __init__(self, shop: ShopSchema, tags: Mapping[str, int], spelt: Spelling = str) -> None:
        self._tags, self._spelt = tags, spelt
        self._tools = [_ToolText(tool, shop, spelt) for tool in ALL_TOOLS]

    def grammar(self, said: ReadValues | None = None, is_whole: bool = False) -> str:
        """The end of a reply is the tokenizer's end token. With what was `said`, a tool that could only fail
        is left out (it needs results or a picture, and there is none), and one for which nothing was read."""
        opened, closed, run = (f"<[{self._tags[tag]}]>" for tag in (TOOL, TOOL_END, RESULT))
        owed = said.owed if said is not None and is_whole else frozenset[str]()
        ink = rf"' ?{_INK}" if self._spelt is str else f"'{_SPACED_INK}"
        values = {tool: tool.values(said) for tool in self._tools}
        tools = [tool for tool in self._tools if tool.can_be_written(values[tool])]
        return "\n".join(
            [
                f"start: REPLY | {opened} call {closed} ({opened} further {closed})* {run}",
                r"REPLY: /[^<]*/",
                f"call: {' | '.join(tool.name for tool in tools if said is None or tool.may_be_first(said))}",
                f"further: {' | '.join(tool.name for tool in tools)}",
                rf"TEXT: /{ink}{_SIGN}{{0,{_LONGEST_TEXT - 2}}}'/",
                *(line for tool in tools for line in tool.lines(values[tool], owed)),
            ]
        )


class _ToolText:
    """`search: "search(" (" query=" search_0 search_after_0 | …) ")"`: what an argument takes, and what may
    stand behind it. The first argument is the first required one, or any optional one before it; without a
    required one it may be any, or none where the tool allows that."""

    def __init__(self, tool: Tool, shop: ShopSchema, spelt: Spelling) -> None:
        self.name, self._spelt, self._narrows = tool.name, spelt, tool.takes_facets
        self._needs_results = tool.needs_results
        arguments = shop.arguments(tool)
        schema = arguments.model_json_schema()
        self._kinds = {key: _resolved(schema["properties"][key], schema) for key in shop.order(tool.name)}
        self._required = frozenset(schema.get("required", ()))
        self._may_be_empty = _allows_nothing(arguments)

    def values(self, said: ReadValues | None) -> Values:
        """What each argument may be: () nothing, None what the schema allows."""
        return {key: None if said is None else self._values(key, said) for key in self._kinds}

    def can_be_written(self, values: Values) -> bool:
        """Whether the tool has what it cannot do without: its picture, or any value at all."""
        has_value = self._may_be_empty or any(found != () for found in values.values())
        return has_value and (_PICTURE not in self._required or values[_PICTURE] != ())

    def may_be_first(self, said: ReadValues) -> bool:
        """Whether the tool can be called as things stand: a list of shirts is not narrowed to phones, and
        what is said of the list for the first time is no search."""
        if said.narrows and self._narrows and "query" in self._required:
            return False
        if self._needs_results and self._narrows and said.is_another:
            return False
        return said.is_shown or not self._needs_results

    def lines(self, values: Values, owed: frozenset[str]) -> Iterator[str]:
        """The rules of this tool; a call must have what is `owed`, if it can."""
        keys = [key for key in self._kinds if values[key] != () or key in self._required]
        required = self._required | {key for key in keys if self._narrows and key in owed and values[key]}
        for place, key in enumerate(keys):
            yield f"{self.name}_{place}: {self._value(key, values[key])}"
        yield from self._order(keys, required)

    def _order(self, keys: Sequence[str], required: frozenset[str]) -> Iterator[str]:
        name, spelt, starts = self.name, self._spelt, []
        for place, key in enumerate(keys):
            if not required.intersection(keys[:place]):
                starts.append(f'"{spelt(f"({key}=")[1:]}" {name}_{place} {name}_after_{place}')
        for place, key in enumerate(keys[1:]):
            argument = f'"{spelt(f", {key}=")}" {name}_{place + 1}'
            may_miss = "" if key in required else "?"
            yield f"{name}_after_{place}: ({argument}){may_miss} {name}_after_{place + 1}"
        if keys:
            yield f'{name}_after_{len(keys) - 1}: ""'
        may_be_empty = "?" if self._may_be_empty and not required else ""
        first = f"({' | '.join(starts)}){may_be_empty} " if starts else ""
        yield f'{name}: "{spelt(f"{name}(")}" {first}")"'

    def _value(self, key: str, values: Sequence[JsonValue] | None) -> str:
        if not values:
            return _value(self._kinds[key], self._spelt)
        texts = dict.fromkeys(self._spelt(f"={literal(value)}")[1:] for value in values)
        return f"({' | '.join(json.dumps(text, ensure_ascii=False) for text in texts)})"

    def _values(self, key: str, said: ReadValues) -> tuple[JsonValue, ...] | None:
        """Those that were read and that the tool takes; None: the schema decides."""
        if key in OF_RESULTS and key not in said.values:
            return None
        values = tuple(one for one in said.values.get(key, ()) if _takes(self._kinds[key], one))
        if self._narrows and self._needs_results and key not in (*said.now, *OF_RESULTS):
            return ()  # what narrows a list is what was said of it
        if key == "query" and self._narrows and not values:
            return said.spans if key in self._required else ()
        if key == "text" and self.name == "translate":
            return said.quoted or said.to_translate or said.spans or None
        return values if self._narrows or key in _READ_ALONE else None


def _takes(kinds: Sequence[Schema], value: JsonValue) -> bool:
    """Whether a value is of one of the kinds, and within its bounds."""
    return any(_is_of(kind, value) for kind in kinds)


def _is_of(kind: Schema, value: JsonValue) -> bool:
    if "enum" in kind or "const" in kind:
        return value in kind.get("enum", [kind.get("const")])
    match kind["type"], value:
        case "array", list():
            fits = kind.get("minItems", 1) <= len(value) <= kind["maxItems"]
            return fits and all(_is_of(kind["items"], one) for one in value)
        case "boolean", bool():
            return True
        case "string", str():
            return bool(value.strip())
        case "number" | "integer", int() | float() if not isinstance(value, bool):
            is_whole = kind["type"] == "number" or float(value).is_integer()
            return is_whole and kind.get("minimum", value) <= value <= kind.get("maximum", value)
    return False


def _allows_nothing(arguments: type[BaseModel]) -> bool:
    try:
        arguments.model_validate({})
    except ValidationError:
        return False
    return True


def _resolved(entry: Schema, schema: Schema) -> Sequence[Schema]:
    """The kinds of value that an argument takes, without `null` (what is absent is not written) and
    references."""
    options = [one for one in entry.get("anyOf", [entry]) if one.get("type") != "null"]
    names = [str(one.get("$ref", "")).rpartition("/")[2] for one in options]
    return [schema["$defs"][name] if name else one for name, one in zip(names, options, strict=True)]


def _value(kinds: Sequence[Schema], spelt: Spelling) -> str:
    """A value of any of these kinds."""
    written = [_one_kind(kind, spelt) for kind in kinds]
    return written[0] if len(written) == 1 else f"({' | '.join(written)})"


def _one_kind(entry: Schema, spelt: Spelling) -> str:
    if "enum" in entry or "const" in entry:
        words = [spelt(f"='{word}'")[1:] for word in entry.get("enum", [entry.get("const")])]
        return f"({' | '.join(map(json.dumps, words))})"
    if entry["type"] == "string":
        return "TEXT"
    if entry["type"] == "boolean":
        return '("True" | "False")'
    if entry["type"] == "array":
        one, most = _one_kind(entry["items"], spelt), entry["maxItems"]
        least = max(entry.get("minItems", 1), 1)
        return f'("[" {one} (", " {one}){{{least - 1},{most - 1}}} "]")'
    if entry["type"] in ("number", "integer"):
        bounds = {key: entry[key] for key in ("type", "minimum", "maximum") if key in entry}
        return f"%json {json.dumps(bounds)}"
    raise MuseError(
        f"grammar mode cannot write an argument of type {entry['type']!r}; expected text, a number, yes or "
        "no, one of a list of words, or a list of these"
    )
