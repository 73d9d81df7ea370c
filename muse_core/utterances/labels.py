"""What a person wrote beside a request: a tool, and its arguments as our calls or as JSON have them."""

from __future__ import annotations

from muse_core.json_text import JsonTextError, read_json
from muse_core.tools.call_syntax import CallSyntaxError, parse_call
from muse_core.tools.toolbox import TOOL_NAMES, TOOLS
from muse_core.types import JsonValue
from muse_core.utterances.decide import Decision

_STRAIGHT = str.maketrans("‘’“”", "''\"\"")  # as spreadsheets set quotation marks
SILENT = ("none", "no", "decline", "chit_chat", "out_of_scope")


def labelled(tool: str, arguments: str) -> Decision:
    """The decision of a label: `search` with `query='shirt', max_price=500` or `{"query": "shirt"}`. One that
    cannot be read has a reason that says what to write."""
    if tool in SILENT:
        return Decision(
            "none", turn_type="chit_chat" if tool == "chit_chat" else "out_of_scope", confidence=1.0
        )
    if not tool:
        return Decision(reason=f"label: arguments and no tool; write none, {', '.join(TOOL_NAMES)}")
    if tool not in TOOL_NAMES:
        return Decision(reason=f"label: {tool[:40]!r} is no tool; write none, {', '.join(TOOL_NAMES)}")
    try:
        given = _arguments(tool, arguments)
    except ValueError as problem:
        return Decision(reason=f"label: arguments {arguments[:60]!r} cannot be read: {problem}")
    return Decision(tool, given, TOOLS[tool].turn_type, 1.0)


def _arguments(tool: str, text: str) -> dict[str, JsonValue]:
    """ValueError for what is neither a call's arguments nor a JSON object."""
    bare = text.strip()
    bare = bare if {"'", '"'} & set(bare) else bare.translate(_STRAIGHT)
    if bare.startswith("{"):
        try:
            value = read_json(bare)
        except JsonTextError as problem:
            raise ValueError(str(problem)) from None
        if not isinstance(value, dict):
            raise ValueError("expected an object")
        return {name: one for name, one in value.items() if one is not None}
    inside = bare.removeprefix(tool).strip()
    inside = inside[1:-1] if inside.startswith("(") and inside.endswith(")") else bare
    try:
        return parse_call(f"{tool}({inside})")[1]
    except CallSyntaxError as problem:
        raise ValueError(str(problem)) from None
