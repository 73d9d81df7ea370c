"""A foreign model's first act, read from its text or its message (`tools/foreign_calls.py`) → an `Answer`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from muse_core.evaluation.cases.answers import Answer
from muse_core.tools.call_objects import Call, calls_in
from muse_core.tools.foreign_calls import read_written
from muse_core.types import ToolCall


def read_act(text: str) -> Answer:
    """The calls in a model's text; no calls when it only talks; malformed when a call cannot be read."""
    try:
        calls = read_written(text).calls
    except ValueError:
        return Answer(malformed=True, text=text)
    return _answer(calls, text)


def read_message(message: Mapping[str, Any], text: str = "") -> Answer:
    """The same of a parsed assistant message (`tool_calls` in OpenAI's shape, arguments as text or
    object). Without `tool_calls` the content may still hold a call that the server has not read."""
    listed, content = message.get("tool_calls") or [], message.get("content")
    said = text or (content if isinstance(content, str) else "")
    if not listed:
        return read_act(content if isinstance(content, str) else said)
    try:
        calls = tuple(calls_in(listed))
    except ValueError:
        return Answer(malformed=True, text=said)
    return _answer(calls, said)


def _answer(calls: Sequence[Call], text: str) -> Answer:
    return Answer(tuple(ToolCall(f"c.{k}", *call) for k, call in enumerate(calls)), text=text)
