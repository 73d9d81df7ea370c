"""One assistant turn, read once: its calls, what they returned, and the reply at its end.

A turn is what stands between two messages of the shopper: acts with calls, a result for each call, and a
reply. A turn that was cut off lacks its end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from muse_core.records import calls_of, decision_of, read_tool_message
from muse_core.tools.call_syntax import render_call
from muse_core.types import JsonValue, Message, ToolCall, ToolResult


def reply_of(turn: Iterable[Message]) -> str:
    """The delexicalised reply of a turn; "" without one."""
    replies = [message.content for message in turn if message.role == "assistant" and not message.tool_calls]
    return replies[-1] if replies else ""


def since_the_shopper(context: Sequence[Message]) -> Sequence[Message]:
    """The messages behind the last one of the shopper: the turn that is under way."""
    asked = max((place for place, message in enumerate(context) if message.role == "user"), default=-1)
    return context[asked + 1 :]


@dataclass(frozen=True)
class Turn:
    """The messages of one turn, and what is read out of them, worked out when it is first asked for."""

    messages: tuple[Message, ...]

    @cached_property
    def calls(self) -> list[ToolCall]:
        """Every call, in order."""
        return calls_of(self.messages)

    @cached_property
    def results(self) -> list[ToolResult]:
        """What the calls returned, in order."""
        return [read_tool_message(message) for message in self.messages if message.role == "tool"]

    @cached_property
    def values(self) -> list[JsonValue]:
        """The values of the results; errors have none."""
        return [result.value for result in self.results if result.error is None]

    @property
    def has_error(self) -> bool:
        """Whether a tool refused a call."""
        return any(result.error is not None for result in self.results)

    @cached_property
    def reply(self) -> str:
        """The delexicalised reply; "" without one."""
        return reply_of(self.messages)

    @property
    def has_end(self) -> bool:
        """Whether a reply, be it empty, ends the turn."""
        last = self.messages[-1] if self.messages else None
        return last is not None and last.role == "assistant" and not last.tool_calls

    @property
    def first_calls(self) -> tuple[ToolCall, ...]:
        """The calls of the first act; () where it talks, or there is none."""
        return self.messages[0].tool_calls if self.messages else ()

    @property
    def decision(self) -> str:
        """The first tool that the first act calls, or "none". IndexError for a turn without a message."""
        return decision_of(self.messages)

    @cached_property
    def acts(self) -> tuple[str, ...]:
        """What the model wrote, act by act, without what the tools returned."""
        spoken = (message for message in self.messages if message.role == "assistant")
        return tuple(" ".join(map(render_call, act.tool_calls)) or act.content for act in spoken)

    @cached_property
    def tools(self) -> tuple[tuple[str, ...], ...]:
        """The tools that each act calls; () for words."""
        spoken = (message for message in self.messages if message.role == "assistant")
        return tuple(tuple(call.name for call in act.tool_calls) for act in spoken)

    def __reduce__(self) -> tuple[type[Turn], tuple[tuple[Message, ...]]]:
        """Sent to another process without what was read: that is quickly read again."""
        return Turn, (self.messages,)
