"""From the model's text stream back to messages: one act while it is generated, or a whole stream.

The tags and the way of writing are those of `chat_format`. A result is shown shortened, so `parse` cannot
give its items back: it returns what was shown as `{"text": …}`. Render → parse → render is the identity.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from muse_core.models.chat_format import (
    ASSISTANT,
    END,
    RESULT,
    RESULT_END,
    SPECIAL_TOKENS,
    SYSTEM,
    TAG,
    TOOL,
    TOOL_END,
    USER,
    tool_lines,
)
from muse_core.records import tool_message
from muse_core.tools.call_syntax import CallSyntaxError, parse_call, unescape_text
from muse_core.types import Message, ToolCall, ToolResult


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


def parse(text: str) -> tuple[Message, ...]:
    """The messages of a stream; ValueError where it is not one."""
    return tuple(_Reader(text).messages())


class _Reader:
    """Walks over tags and the text between them."""

    def __init__(self, text: str) -> None:
        self.parts = [part for part in TAG.split(text) if part]
        self.at, self.turn, self.count = 0, -1, 0

    def messages(self) -> Iterator[Message]:
        while self.at < len(self.parts):
            tag = self.take(SYSTEM, USER, ASSISTANT)
            if tag == ASSISTANT:
                yield from self.assistant_turn()
                continue
            content = self.text()
            self.take(END)
            if tag == SYSTEM:
                yield Message("system", unescape_text(content.removeprefix(tool_lines() + "\n")))
                continue
            self.turn, self.count = self.turn + 1, 0
            yield Message("user", unescape_text(content))

    def assistant_turn(self) -> Iterator[Message]:
        """Acts until `<|end|>`; a turn may also stop open, after a call or a result."""
        waiting: list[str] = []
        while self.at < len(self.parts) and self.parts[self.at] not in (SYSTEM, USER):
            content = self.text()
            calls = tuple(self.calls())
            if calls:
                waiting = [call.call_id for call in calls]
                yield Message("assistant", unescape_text(content), calls)
            elif self.peek(END):
                self.take(END)
                yield Message("assistant", unescape_text(content))
                return
            elif content or not self.peek(RESULT):
                raise ValueError(f"found a reply {content[:30]!r} without {END}, or a stray tag")
            while self.peek(RESULT):
                yield self.result(waiting.pop(0) if waiting else "")

    def calls(self) -> Iterator[ToolCall]:
        while self.peek(TOOL):
            self.take(TOOL)
            name, arguments = parse_call(self.text())
            self.take(TOOL_END)
            yield ToolCall(f"c{self.turn}.{self.count}", name, arguments)
            self.count += 1

    def result(self, call_id: str) -> Message:
        self.take(RESULT)
        shown = unescape_text(self.text())
        self.take(RESULT_END)
        if shown.startswith("error: "):
            return tool_message(ToolResult(call_id, None, shown.removeprefix("error: ")))
        return tool_message(ToolResult(call_id, {"text": shown}))

    def text(self) -> str:
        if self.at < len(self.parts) and self.parts[self.at] not in SPECIAL_TOKENS:
            self.at += 1
            return self.parts[self.at - 1]
        return ""

    def peek(self, tag: str) -> bool:
        return self.at < len(self.parts) and self.parts[self.at] == tag

    def take(self, *wanted: str) -> str:
        found = self.parts[self.at] if self.at < len(self.parts) else "the end of the text"
        if found not in wanted:
            raise ValueError(f"found {found[:30]!r}, expected {' or '.join(wanted)}")
        self.at += 1
        return found
