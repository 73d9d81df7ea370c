r"""How a call and foreign text are written in the model's text stream.

A call is a keyword-only Python-like literal expression inside `<tool>…</tool>`::

    <tool>search(query='casual shirts', colour='black', max_price=2000)</tool>

Keys come in the order of the tool's own arguments, then by the name of the shop's facet; strings in
single quotes, `<` as `\u003c`, integral numbers as ints, absent (None) arguments not at all. The text is
read by a hand-written literal grammar and is never evaluated. `parse_call(render_call(call))` gives back
the name and the arguments (property test).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from muse_core.tools.base import facet_place
from muse_core.tools.call_reader import CallSyntaxError, parse_call
from muse_core.tools.toolbox import TOOLS
from muse_core.types import JsonValue, ToolCall

TOOL_OPEN, TOOL_CLOSE = "<tool>", "</tool>"

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Segment:
    """A piece of model text. `text` is what stands in the stream (for a call: without the tags);
    a call that cannot be read has `error` and no `name`."""

    kind: Literal["text", "call"]
    text: str
    start: int
    end: int
    name: str | None = None
    arguments: dict[str, JsonValue] | None = None
    error: str | None = None


# ---- writing ------------------------------------------------------------------------------------


def render_call(call: ToolCall) -> str:
    """`search(query='x', max_price=2000)`. ValueError for what the syntax has no literal of."""
    return render(call.name, call.arguments)


def render(name: str, arguments: Mapping[str, JsonValue]) -> str:
    """The same of its parts."""
    _check_names(name)
    return f"{name}({render_arguments(in_order(name, arguments))})"


def render_arguments(arguments: Mapping[str, JsonValue]) -> str:
    """`query='x', max_price=2000`, in the order given."""
    _check_names(*arguments)
    return ", ".join(f"{key}={literal(value)}" for key, value in arguments.items() if value is not None)


def _check_names(*names: str) -> None:
    for name in names:
        if not _NAME.fullmatch(name):
            raise ValueError(f"cannot write a call: {name!r} is not a plain ASCII name")


def in_order(name: str, arguments: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The arguments in the order in which a call is written: the tool's own, then the others by facet."""
    tool = TOOLS.get(name)
    own = tool.Arguments.model_fields if tool is not None else ()
    others = sorted((key for key in arguments if key not in own), key=facet_place)
    return {key: arguments[key] for key in (*own, *others) if key in arguments}


def wrap(call: ToolCall) -> str:
    """The call with its tags, as it stands in the stream."""
    return f"{TOOL_OPEN}{render_call(call)}{TOOL_CLOSE}"


def literal(value: JsonValue) -> str:
    """A value as it stands in a call. ValueError for what the syntax has no literal of."""
    if isinstance(value, bool) or value is None:
        return repr(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _float_literal(value)
    if isinstance(value, str):
        return _string_literal(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    raise ValueError(f"cannot write a call: {type(value).__name__} is not a literal of the call syntax")


def _float_literal(value: float) -> str:
    if not math.isfinite(value):
        raise ValueError(f"cannot write a call: {value} is not a finite number")
    return str(int(value)) if value.is_integer() else repr(value)


def _string_literal(text: str) -> str:
    return "'" + "".join(_escaped(char) for char in text) + "'"


def _escaped(char: str) -> str:
    if char == "<":
        return "\\u003c"
    if char in "\\'":
        return "\\" + char
    if char == "\n":
        return "\\n"
    code = ord(char)
    if code < 0x20 or 0x7F <= code < 0xA0 or 0xD800 <= code <= 0xDFFF or code in (0x2028, 0x2029):
        return f"\\u{code:04x}"
    return char


# ---- reading ------------------------------------------------------------------------------------


def extract(text: str) -> list[Segment]:
    """Split model text into plain text and `<tool>…</tool>` calls, in order. Never raises."""
    segments: list[Segment] = []
    at = 0
    while (opened := text.find(TOOL_OPEN, at)) >= 0:
        if opened > at:
            segments.append(Segment("text", text[at:opened], at, opened))
        closed = text.find(TOOL_CLOSE, opened)
        inner_end = closed if closed >= 0 else len(text)
        at = closed + len(TOOL_CLOSE) if closed >= 0 else len(text)
        segments.append(_call_segment(text[opened + len(TOOL_OPEN) : inner_end], opened, at, closed >= 0))
    if at < len(text):
        segments.append(Segment("text", text[at:], at, len(text)))
    return segments


def _call_segment(inner: str, start: int, end: int, is_closed: bool) -> Segment:
    if not is_closed:
        return Segment("call", inner, start, end, error=f"{TOOL_OPEN} without {TOOL_CLOSE}")
    try:
        name, arguments = parse_call(inner)
    except CallSyntaxError as problem:
        return Segment("call", inner, start, end, error=str(problem))
    return Segment("call", inner, start, end, name, arguments)


# ---- foreign text -------------------------------------------------------------------------------

_TO_ESCAPE = re.compile(r"\\(?=u003c|u005c)|<")
_TO_UNESCAPE = re.compile(r"\\u003c|\\u005c")


def escape_text(text: str) -> str:
    r"""User text and catalogue cells for the stream: `<` becomes `\u003c`, so no tag can be forged.
    A literal `\u003c` becomes `\u005cu003c` and survives the round trip."""
    return _TO_ESCAPE.sub(lambda match: "\\u003c" if match.group() == "<" else "\\u005c", text)


def unescape_text(text: str) -> str:
    """The inverse of `escape_text`."""
    return _TO_UNESCAPE.sub(lambda match: "<" if match.group().endswith("3c") else "\\", text)
