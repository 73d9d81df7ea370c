"""Samples of one context, run on the real tools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from muse_core import records
from muse_core.catalog.index import CatalogIndex
from muse_core.models.chat_format import render
from muse_core.preferences.pairing import Sample
from muse_core.preferences.reward import GoldTurn, RewardParts, reward
from muse_core.tools.toolbox import Toolbox
from muse_core.types import Conversation, JsonValue, Message, PreferencePair, ToolCall, ToolResult
from muse_core.world.replay import world_before
from muse_core.world.turns import Turn
from tests.builders import pair


def turn(
    conversation: Conversation, index: CatalogIndex, reply: str, number: int = 0, **arguments: Any
) -> tuple[Message, ...]:
    """A sampled turn: one search with these arguments (none: no call), then the reply."""
    if not arguments:
        return (Message("assistant", reply),)
    call = ToolCall(f"c{number}.0", arguments.pop("tool", "search"), arguments)
    result = Toolbox(world_before(conversation, number, index, None)).run(call)
    return (Message("assistant", "", (call,)), records.tool_message(result), Message("assistant", reply))


def sample(
    conversation: Conversation,
    index: CatalogIndex,
    reply: str,
    number: int = 0,
    malformed: bool = False,
    **arguments: Any,
) -> Sample:
    sampled = Turn(turn(conversation, index, reply, number, **arguments))
    gold = GoldTurn.of(conversation, conversation.labels[number])
    return Sample(sampled, reward(sampled, malformed, gold, index.catalog.by_id), 1.0, 7, malformed)


def parts(total: float) -> RewardParts:
    """Parts whose weighted sum is `total`."""
    return RewardParts(*[total] * 7)


def said(text: str, total: float, decision: float = 1.0) -> Sample:
    """A reply without calls that is worth `total`."""
    values = parts(total)
    turn = Turn((Message("assistant", text),))
    return Sample(turn, RewardParts(**vars(values) | {"decision": decision}), 1.0, 0)


def text_pair(number: int, chosen: str, rejected: str) -> PreferencePair:
    """A pair of replies after its own prompt."""
    return pair(
        pair_id=f"c{number}.0.0",
        conversation_id=f"c{number}",
        chosen=(Message("assistant", chosen),),
        rejected=(Message("assistant", rejected),),
    )


def tokens_of(messages: Sequence[Message]) -> list[int]:
    """One token per code point: enough to see that tokens, not characters, are counted by the caller."""
    return [ord(char) for char in render(messages).replace("<|assistant|>", "@")]


def call_turn(
    name: str,
    arguments: dict[str, JsonValue],
    reply: str = "Here is [1].",
    value: JsonValue = None,
    error: str | None = None,
) -> tuple[Message, ...]:
    """A call with a given result, then the reply."""
    call = ToolCall("c0.0", name, arguments)
    result = ToolResult(call.call_id, value, error)
    return (Message("assistant", "", (call,)), records.tool_message(result), Message("assistant", reply))
