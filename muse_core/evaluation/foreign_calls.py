"""A tool call in the formats that chat models of today write, read from their text.

    Hermes, Qwen        <tool_call>{"name": "search", "arguments": {…}}</tool_call>, one or several
    SmolLM2, xLAM       <tool_call>[{"name": …, "arguments": …}, …]</tool_call>; also without tags
    Granite, Phi        <|tool_call|>[…], optionally closed
    Llama 3             {"name": …, "parameters": {…}}, optionally behind <|python_tag|>, several by `;`
    Mistral             [TOOL_CALLS] [{"name": …, "arguments": {…}}] and [TOOL_CALLS]search[ARGS]{…}
    Llama 3.2, 4, LFM2  [search(query='shoes'), …], read by our own literal grammar, never evaluated

Text around a call is passed over (models think aloud); a call that is begun and cannot be read is
malformed. Not covered: XML parameters (`<function=…><parameter=…>`): such models ship a response
template, with which transformers reads them (`generation/template_chat.py`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from muse_core.evaluation.answers import Answer
from muse_core.tools.call_syntax import CallSyntaxError, parse_call
from muse_core.types import ToolCall

_TAGGED = re.compile(r"<\|?(tool_call|tool_calls)\|?>(.*?)(?:<\|?/\1\|?>|(?=<\|?\1\|?>)|\Z)", re.DOTALL)
_MISTRAL = re.compile(r"\[TOOL_CALLS\]\s*(.*)\Z", re.DOTALL)
_NAMED = re.compile(r"\s*([\w.-]+)(?:\[CALL_ID\]\w*)?\[ARGS\]")
_THOUGHT = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
_FENCE = re.compile(r"\A```[\w-]*\n(.*?)\n?```\Z", re.DOTALL)
_PYTHON_TAG = "<|python_tag|>"
_PYTHONIC = re.compile(r"\A\[\s*[A-Za-z_][\w.]*\(.*\)\s*\]\Z", re.DOTALL)
_HEAD = re.compile(r"\A\[?\s*\{\s*\"(?:name|type|function)\"\s*:")


class _Unreadable(ValueError):
    """A call was begun, and is none."""


def read_act(text: str) -> Answer:
    """The calls in a model's text; no calls when it only talks; malformed when a call cannot be read."""
    try:
        calls = [_tool_call(k, *call) for k, call in enumerate(_calls(_THOUGHT.sub("", text).strip()))]
    except (ValueError, RecursionError):
        return Answer(malformed=True, text=text)
    return Answer(tuple(calls), text=text)


def read_message(message: Mapping[str, Any], text: str = "") -> Answer:
    """The same of a parsed assistant message (`tool_calls` in OpenAI's shape, arguments as text or
    object). Without `tool_calls` the content may still hold a call that the server has not read."""
    listed, content = message.get("tool_calls") or [], message.get("content")
    said = text or (content if isinstance(content, str) else "")
    if not listed:
        return read_act(content if isinstance(content, str) else said)
    try:
        calls = [_tool_call(k, *_from_object(one.get("function", one))) for k, one in enumerate(listed)]
    except (ValueError, AttributeError, TypeError, RecursionError):
        return Answer(malformed=True, text=said)
    return Answer(tuple(calls), text=said)


def _tool_call(place: int, name: str, arguments: dict[str, Any]) -> ToolCall:
    return ToolCall(f"c.{place}", name.removeprefix("functions."), arguments)


def _calls(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if mistral := _MISTRAL.search(text):
        yield from _mistral(mistral.group(1))
        return
    tagged = list(_TAGGED.finditer(text))
    for match in tagged:
        yield from _written(match.group(2).strip(), must=True)
    if not tagged:
        behind = _PYTHON_TAG in text
        yield from _written(text.rpartition(_PYTHON_TAG)[2].strip(), must=behind)


def _mistral(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    if not _NAMED.match(text):
        yield from _written(text.strip(), must=True)
        return
    for part in text.split("[TOOL_CALLS]"):
        head = _NAMED.match(part)
        if head is None:
            raise _Unreadable(part)
        yield _from_object({"name": head.group(1), "arguments": part[head.end() :]})


def _written(text: str, must: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """Calls as JSON or as Python literals; `must`: a tag has said that here is a call."""
    fenced = _FENCE.match(text)
    text = fenced.group(1).strip() if fenced else text
    if _PYTHONIC.match(text):
        yield from _pythonic(text)
    elif must or _HEAD.match(text):
        for value in _json_values(text):
            for one in value if isinstance(value, list) else [value]:
                yield _from_object(
                    one.get("function", one) if isinstance(one, dict) and "name" not in one else one
                )


def _json_values(text: str) -> Iterator[Any]:
    """JSON values one after another, apart by blanks, commas or semicolons."""
    decoder, at, found = json.JSONDecoder(), 0, False
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        found = True
        yield value
        while at < len(text) and text[at] in " \n\r\t;,":
            at += 1
    if not found:
        raise _Unreadable("nothing")


def _from_object(value: Any) -> tuple[str, dict[str, Any]]:
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        raise _Unreadable("no name")
    arguments = value.get("arguments", value.get("parameters", {}))
    arguments = json.loads(arguments or "{}") if isinstance(arguments, str) else arguments or {}
    if not isinstance(arguments, dict):
        raise _Unreadable("arguments are no object")
    return value["name"], arguments


def _pythonic(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for part in _split_calls(text.strip()[1:-1]):
        try:
            yield parse_call(part.strip())
        except CallSyntaxError as problem:
            raise _Unreadable(str(problem)) from None


def _split_calls(text: str) -> Iterator[str]:
    """`f(a='x, y'), g()` at the commas between calls."""
    depth, quote, start = 0, "", 0
    for at, char in enumerate(text):
        if quote:
            quote = "" if char == quote and text[at - 1] != "\\" else quote
        elif char in "'\"":
            quote = char
        elif char in "([":
            depth += 1
        elif char in ")]":
            depth -= 1
        elif char == "," and depth == 0:
            yield text[start:at]
            start = at + 1
    yield text[start:]
