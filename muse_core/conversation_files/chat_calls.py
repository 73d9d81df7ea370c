"""A call of a log → a call of one of our tools; which arguments it has in this shop: `shop_calls.py`.

What is null counts as not given. A price or rating in words (`"₹2,000"`, `"२०००"`) is the number that it
says, as our calls write it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from muse_core.conversation_files.chat_turns import BadLine, ChatCall
from muse_core.scoring.normal import NUMBER_SLOTS, one_number
from muse_core.tools.call_objects import UnreadableCall, call_of, calls_in, read_value
from muse_core.tools.toolbox import TOOL_NAMES
from muse_core.types import JsonValue

_IDS = ("id", "call_id", "tool_use_id", "toolUseId", "tool_call_id")


def calls_of(value: Any, number: int) -> tuple[tuple[str, ChatCall], ...]:
    """(id, call) of `tool_calls`, `function_call`, or a text that holds them."""
    where = f"message {number}"
    try:
        value = read_value(value) if isinstance(value, str) else value
        listed = value if isinstance(value, list) else [value]
        return tuple(
            (given_id(one, *_IDS) or "", _checked(*call, where))
            for one in listed
            for call in calls_in(_without_json_name(one))
        )
    except UnreadableCall as problem:
        raise BadLine(f"{where}: a call cannot be read: {problem}") from None


def called(item: Mapping[str, Any], number: int) -> tuple[str, ChatCall]:
    """(id, call) of one object that says it is a call."""
    try:
        return given_id(item, *_IDS) or "", _checked(*call_of(_without_json_name(item)), f"message {number}")
    except UnreadableCall as problem:
        raise BadLine(f"message {number}: a call cannot be read: {problem}") from None


def given_id(item: Any, *names: str) -> str | None:
    """The first id that is given under one of the names; an empty one is none."""
    if not isinstance(item, Mapping):
        return None
    found = next((item[name] for name in names if item.get(name) not in (None, "")), None)
    return None if found is None else str(found)


def _without_json_name(item: Any) -> Any:
    """The rows of an export name the arguments `arguments_json`."""
    if isinstance(item, Mapping) and "arguments_json" in item:
        return {"name": item.get("name"), "arguments": item["arguments_json"]}
    return item


def _checked(name: str, arguments: Mapping[str, Any], where: str) -> ChatCall:
    """A call of a known tool."""
    if name not in TOOL_NAMES:
        raise BadLine(f"{where}: unknown tool {name[:40]!r}; the tools are {', '.join(TOOL_NAMES)}")
    given = {str(key): _number(key, value) for key, value in arguments.items() if value is not None}
    for key, value in given.items():
        if isinstance(value, dict):
            raise BadLine(f"{where}: {key} is an object; {name} takes texts, numbers and lists")
    return ChatCall(name, given)


def _number(name: str, value: Any) -> JsonValue:
    """The number of a text that says one and nothing else; other values as they are."""
    read = one_number(value) if name in NUMBER_SLOTS and isinstance(value, str) else None
    if read is None:
        return value  # type: ignore[no-any-return]
    return int(read) if read.is_integer() else read
