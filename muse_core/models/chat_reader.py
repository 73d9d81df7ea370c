"""What the model wrote in one act, read: its calls, or its reply. The tags are those of `chat_format`."""

from __future__ import annotations

from dataclasses import dataclass

from muse_core.models.chat_format import END, RESULT, TAG, TOOL, TOOL_END
from muse_core.tools.call_syntax import CallSyntaxError, parse_call, unescape_text
from muse_core.types import ToolCall


@dataclass(frozen=True)
class ParsedTurn:
    """One act of the model: calls to run, or a reply. `malformed` says what is wrong with it."""

    calls: tuple[ToolCall, ...] = ()
    reply: str | None = None
    malformed: str | None = None


def parse_turn(text: str, turn: int, first: int = 0) -> ParsedTurn:
    """What the model wrote in one act, up to `<result>` or `<|end|>` (both may be there or cut off).

    Calls get the ids `c{turn}.{first}`, `c{turn}.{first + 1}`, … Never raises."""
    body = text.split(END)[0].split(RESULT)[0]
    if TOOL not in body:
        stray = TAG.search(body)
        problem = f"{stray.group()} in a reply" if stray else None
        return ParsedTurn(reply=unescape_text(body), malformed=problem)
    calls: list[ToolCall] = []
    for chunk in body.split(TOOL)[1:]:
        inner, closed, rest = chunk.partition(TOOL_END)
        if not closed:
            return ParsedTurn(tuple(calls), malformed=f"{TOOL} without {TOOL_END}")
        if rest.strip():
            return ParsedTurn(tuple(calls), malformed="text between a call and its result")
        try:
            name, arguments = parse_call(inner)
        except CallSyntaxError as error:
            return ParsedTurn(tuple(calls), malformed=str(error))
        calls.append(ToolCall(f"c{turn}.{first + len(calls)}", name, arguments))
    lead = body.split(TOOL)[0].strip()
    return ParsedTurn(tuple(calls), malformed="text before a call" if lead else None)
