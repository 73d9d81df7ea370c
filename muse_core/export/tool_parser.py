"""vLLM reads MUSE's calls. `write_parser` puts this file, with the grammar of calls in it, into an export:

    vllm serve EXPORT/model --enable-auto-tool-choice --tool-parser-plugin EXPORT/muse_tool_parser.py \
        --tool-call-parser muse

An act is a reply, or calls in a row: `<tool>search(query='shirt')</tool><tool>…</tool>`. What cannot be read
as a call is left as text. A stream's text goes on at once, a call as soon as it is whole.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from muse_core.tools.call_reader import CallSyntaxError, parse_call

NAME = "muse"
TOOL, TOOL_END, ENDS = "<tool>", "</tool>", ("<result>", "<|end|>")
ESCAPES = {"\\u003c": "<", "\\u005c": "\\"}
PLACES = (  # of vLLM's classes, in newer releases first
    ("vllm.tool_parsers.abstract_tool_parser", "vllm.entrypoints.openai.tool_parsers.abstract_tool_parser"),
    ("vllm.entrypoints.openai.engine.protocol", "vllm.entrypoints.openai.protocol"),
)


@dataclass(frozen=True)
class Part:
    """A run of text, or a call: its name and its arguments."""

    text: str
    name: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)

    @property
    def arguments_json(self) -> str:
        return json.dumps(self.arguments, ensure_ascii=False)


def parts_of(output: str) -> Iterator[Part]:
    """What an act, or the part of it that is there, says for certain, in order. Never raises."""
    whole = any(end in output for end in ENDS)
    for end in ENDS:
        output = output.split(end)[0]
    while output:
        before, opened, behind = output.partition(TOOL)
        text = before if opened or whole else _certain(before)
        if text.strip():
            yield Part(_unescaped(text))
        inner, closed, output = behind.partition(TOOL_END)
        if closed:
            yield _call(inner)
        elif opened and whole:
            yield Part(opened + inner)


def _call(inner: str) -> Part:
    try:
        return Part("", *parse_call(inner))
    except CallSyntaxError:
        return Part(f"{TOOL}{inner}{TOOL_END}")


def _unescaped(text: str) -> str:
    pieces = text.split("\\u00")
    for at, piece in enumerate(pieces[1:], 1):
        sign = ESCAPES.get(f"\\u00{piece[:2]}")
        pieces[at] = sign + piece[2:] if sign else f"\\u00{piece}"
    return "".join(pieces)


def _certain(text: str) -> str:
    """Without an end that may be half a tag or half an escape: the next token decides."""
    for sign in (TOOL, *ENDS, *ESCAPES):
        for length in range(len(sign) - 1, 0, -1):
            if text.endswith(sign[:length]):
                return text[:-length]
    return text


@dataclass
class CallStream:
    """What is new in a growing output."""

    told: str = ""
    calls: int = 0

    def advance(self, output: str) -> tuple[str, list[tuple[int, Part]]]:
        """The text that goes on, and the calls that are whole now with their places."""
        found = list(parts_of(output))
        calls = [part for part in found if part.name]
        text = "".join(part.text for part in found)
        new = list(enumerate(calls))[self.calls :]
        more, self.told, self.calls = text[len(self.told) :], text, len(calls)
        return more, new


def register() -> None:
    """Makes the parser known to vLLM. ImportError where there is none."""
    parsers, protocol = (_first(names) for names in PLACES)

    class MuseToolParser(parsers.ToolParser):  # type: ignore[name-defined, misc]
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            self.stream = CallStream()

        def adjust_request(self, request: Any) -> Any:
            request = super().adjust_request(request)
            request.skip_special_tokens = False  # the tags of a call are special tokens
            return request

        def extract_tool_calls(self, model_output: str, request: Any) -> Any:
            found = list(parts_of(model_output + ENDS[0]))
            made = [
                protocol.ToolCall(
                    type="function",
                    function=protocol.FunctionCall(name=part.name, arguments=part.arguments_json),
                )
                for part in found
                if part.name
            ]
            text = "".join(part.text for part in found) or None
            return protocol.ExtractedToolCallInformation(
                tools_called=bool(made), tool_calls=made, content=text
            )

        def extract_tool_calls_streaming(
            self, previous_text: str, current_text: str, *_: Any, **__: Any
        ) -> Any:
            text, calls = self.stream.advance(current_text)
            for _place, part in calls:  # what vLLM compares the stream with when it ends
                self.prev_tool_call_arr.append({"name": part.name, "arguments": part.arguments})
                self.streamed_args_for_tool.append(part.arguments_json)
            if not text and not calls:
                return None
            made = [_delta(protocol, place, part) for place, part in calls]
            return protocol.DeltaMessage(**({"content": text} if text else {}), tool_calls=made)

    parsers.ToolParserManager.register_module(NAME, module=MuseToolParser)


def _first(names: tuple[str, ...]) -> Any:
    for name in names:
        try:
            return import_module(name)
        except ImportError:
            continue
    raise ImportError(f"found no vLLM ({', '.join(names)}); this file is a plugin of its server")


def _delta(protocol: Any, place: int, part: Part) -> Any:
    function = protocol.DeltaFunctionCall(name=part.name, arguments=part.arguments_json)
    return protocol.DeltaToolCall(
        index=place, id=f"call_{uuid.uuid4().hex}", type="function", function=function
    )
