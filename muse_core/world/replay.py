"""The shop world of a conversation: build it, bring it to a turn, and replay the whole dialogue.

A kept conversation always replays: its calls, run again in order over the same catalogue, give the
same results (`replay`). Readers of conversations cut them with the functions here, so that everybody
means the same by "turn": turn k is the k-th user message (from 0) and the acts up to the next one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from muse_core import records
from muse_core.profiles.system_line import addressed
from muse_core.tools.base import ShopWorld, new_world
from muse_core.tools.toolbox import Toolbox
from muse_core.types import Conversation, Message, Profile, ToolCall, ToolResult

if TYPE_CHECKING:
    from muse_core.catalog.index import CatalogIndex

PRODUCT_PICTURE = "product:"
LOST_PICTURE = PRODUCT_PICTURE  # no product has the empty id: a picture that arrived without its content


def world_for(
    profile: Profile | None, index: CatalogIndex, attachments: Mapping[str, str] | None = None
) -> ShopWorld:
    """A fresh world for one conversation; `attachments` maps a picture id to its source
    (`product:<id>` or a path), as in `Conversation.attachments`."""
    return new_world(index, profile, picture_bytes(attachments or {}, index))


def picture_bytes(attachments: Mapping[str, str], index: CatalogIndex) -> dict[str, bytes]:
    """Picture id -> encoded image. A product without a picture gives no entry, a lost one is empty."""
    pictures: dict[str, bytes] = {}
    for picture_id, source in attachments.items():
        data = _read(source, index)
        if data is not None:
            pictures[picture_id] = data
    return pictures


def _read(source: str, index: CatalogIndex) -> bytes | None:
    if source == LOST_PICTURE:
        return b""
    if not source.startswith(PRODUCT_PICTURE):
        return Path(source).read_bytes()
    product = index.catalog.by_id.get(source.removeprefix(PRODUCT_PICTURE))
    return None if product is None else product.image


def world_before(
    conversation: Conversation, turn: int, index: CatalogIndex, profile: Profile | None
) -> ShopWorld:
    """The world as it stands before user turn `turn`: earlier calls are run again."""
    world = world_for(profile, index, conversation.attachments)
    toolbox = Toolbox(world)
    for call in records.calls_of(context_before(conversation, turn)):
        toolbox.run(call)
    return world


def context_before(conversation: Conversation, turn: int) -> tuple[Message, ...]:
    """What the assistant reads before it answers user message `turn`: the system line as it is at that
    turn, and the messages up to and including the user's."""
    start = _turn_starts(conversation)[turn]
    return addressed(conversation.messages[: start + 1])


def turn_messages(conversation: Conversation, turn: int) -> tuple[Message, ...]:
    """The gold acts of a turn: calls, results and the reply; without the user message."""
    starts = [*_turn_starts(conversation), len(conversation.messages)]
    return conversation.messages[starts[turn] + 1 : starts[turn + 1]]


def user_message(conversation: Conversation, turn: int) -> Message:
    """The shopper's message of a turn."""
    return conversation.messages[_turn_starts(conversation)[turn]]


def user_text(conversation: Conversation, turn: int) -> str:
    """What the shopper said in a turn."""
    return user_message(conversation, turn).content


def gold_call(conversation: Conversation, turn: int) -> ToolCall | None:
    """The first call of the turn, None when the assistant only talks."""
    return next(iter(records.calls_of(turn_messages(conversation, turn))), None)


def replay(conversation: Conversation, index: CatalogIndex, profile: Profile | None) -> bool:
    """Whether every call, run again from a fresh world, gives the stored result."""
    toolbox = Toolbox(world_for(profile, index, conversation.attachments))
    results: dict[str, ToolResult] = {}
    for message in conversation.messages:
        for call in message.tool_calls:
            results[call.call_id] = toolbox.run(call)
        if message.role == "tool":
            result = results.pop(message.answers_call or "", None)
            if result is None or records.tool_message(result).content != message.content:
                return False
    return not results


def _turn_starts(conversation: Conversation) -> list[int]:
    return [i for i, message in enumerate(conversation.messages) if message.role == "user"]
