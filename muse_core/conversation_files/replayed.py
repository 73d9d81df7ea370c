"""A chat → a conversation of our own kind: its calls run on the catalogue, its turns labelled.

Arguments are stored as the tools read them ("Black " becomes "black"), so that equal requests have equal
calls. A result that the line gives must be the one that the catalogue gives, as our JSON, its value
alone, or the text that a model reads (of nothing found also `[]`); a call that fails is kept only where
the line says the same error.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from muse_core.conversation_files.chat_line import Chat
from muse_core.conversation_files.chat_turns import BadLine, ChatTurn
from muse_core.conversation_files.positions import position_of
from muse_core.conversation_files.shop_calls import shop_call
from muse_core.dialogue.replies import Outcome, reply
from muse_core.dialogue.script import Script
from muse_core.dialogue.voice import Voice
from muse_core.json_text import JsonTextError, read_json
from muse_core.language.scripts import detect_language
from muse_core.profiles.system_line import profile_line, system_content
from muse_core.records import calls_of, canonical_json, side_of, tool_message
from muse_core.scoring.declines import declines
from muse_core.scoring.slots import asked_slot
from muse_core.tools.call_syntax import render
from muse_core.tools.result_text import render_result
from muse_core.tools.toolbox import TOOLS, Toolbox
from muse_core.types import (
    Conversation,
    Goal,
    JsonValue,
    Language,
    Message,
    Profile,
    ToolCall,
    ToolResult,
    TurnLabel,
    TurnType,
)
from muse_core.world.replay import world_for
from muse_core.world.shop import other_index

if TYPE_CHECKING:
    from muse_core.catalog.index import CatalogIndex

FAMILY = "given"  # turns of a user's file are of no template family: each chat is one of its own
_SCRIPTS: dict[Language, Script] = {"en": "en", "hi": "hi", "mixed": "roman"}


def replayed(chat: Chat, index: CatalogIndex, people: Mapping[str, Profile]) -> Conversation:
    """The conversation of a chat, every result filled in. BadLine where it does not replay."""
    if chat.shop:
        _require_side(chat.shop, chat.profile_id)
    shopper = people.get(chat.profile_id or "")
    index = other_index(chat.shop) if chat.shop else index
    toolbox = Toolbox(world_for(shopper, index, chat.attachments))
    turns = [list(_acts(turn, number, toolbox)) for number, turn in enumerate(chat.turns)]
    name = chat.chat_id or f"given-{_digest(chat)}"
    profile_id = chat.profile_id or f"given-{name}"
    language = chat.language or detect_language(" ".join(turn.user for turn in chat.turns))
    said = zip(chat.turns, turns, strict=True)
    told = system_content(index.catalog.facets, _line(chat, shopper, language))
    return Conversation(
        conversation_id=name,
        profile_id=profile_id,
        language=language,
        messages=(Message("system", told), *(m for turn in turns for m in turn)),
        goal=Goal(FAMILY),
        side=side_of(profile_id),
        labels=tuple(_label(k, turn, acts, language, name) for k, (turn, acts) in enumerate(said)),
        attachments=dict(chat.attachments),
        shop=chat.shop,
    )


def _require_side(shop: str, profile_id: str | None) -> None:
    """A shop of the simulator is on one side, for good: no other side may see what it sells."""
    if profile_id is None:
        found = "the line has no profile_id, which says its side"
    elif f"-{side_of(profile_id)}-" in shop:
        return
    else:
        found = f"its profile_id puts it on the {side_of(profile_id)} side"
    raise BadLine(f"it happened in the made-up shop {shop}, and {found}; leave profile_id as it was exported")


def _digest(chat: Chat) -> str:
    """Twelve hex digits of what is said and called: the same chat has the same name and side."""
    turns = [[t.user, [[[c.name, c.arguments] for c in act] for act in t.acts], t.reply] for t in chat.turns]
    return hashlib.sha256(canonical_json({"turns": turns}).encode()).hexdigest()[:12]  # type: ignore[dict-item]


def _line(chat: Chat, shopper: Profile | None, language: Language) -> str:
    return chat.profile or (profile_line(shopper) if shopper else language)


def _acts(turn: ChatTurn, number: int, toolbox: Toolbox) -> Iterator[Message]:
    yield Message("user", turn.user)
    step = 0
    for act in turn.acts:
        calls = [
            shop_call(call, f"c{number}.{step + k}", toolbox.schema, number) for k, call in enumerate(act)
        ]
        results = [toolbox.run(call) for call in calls]
        for call, given, result in zip(calls, act, results, strict=True):
            _compare(call, given.result, result)
        yield Message("assistant", "", tuple(calls))
        yield from map(tool_message, results)
        step += len(act)
    yield Message(
        "assistant", turn.reply if turn.reply is not None else _filled_in(turn.user, calls[-1], results[-1])
    )


def _filled_in(said: str, call: ToolCall, result: ToolResult) -> str:
    """The reply of a turn that ends in a call, as the simulator's assistant puts it; always the same."""
    seed = int.from_bytes(hashlib.sha256(said.encode()).digest()[:8], "big")
    voice = Voice(_SCRIPTS[detect_language(said)], np.random.default_rng(seed))
    return reply(Outcome(tool=call.name, arguments=call.arguments, value=result.value), voice, "casual")


def _compare(call: ToolCall, given: str | None, result: ToolResult) -> None:
    """BadLine when the catalogue's answer is an error or not what the line says."""
    try:
        written = render(call.name, call.arguments)[:120]
    except ValueError as problem:
        raise BadLine(str(problem)) from None
    if given is not None and {given.strip(), _canonical(given)} & _forms(result):
        return
    if result.error is not None:
        raise BadLine(f"the call {written} fails on this catalogue: {result.error}")
    if given is not None:
        raise BadLine(
            f"the call {written} does not replay: this catalogue gives another result than the line; "
            "leave the result out to have it filled in"
        )


def _forms(result: ToolResult) -> set[str]:
    """The texts in which a line may give this result."""
    shown = render_result(result.value, result.error)
    plain = result.error if result.error is not None else canonical_json(result.value)  # type: ignore[arg-type]
    return {tool_message(result).content, shown, plain, *(["[]"] if _is_empty(result.value) else [])}


def _is_empty(value: JsonValue) -> bool:
    return isinstance(value, dict) and value.get("items") == []


def _canonical(text: str) -> str:
    """A JSON text in the form that equal values share; another text as it is."""
    try:
        return canonical_json(read_json(text))
    except (JsonTextError, ValueError):  # NaN is JSON to Python and nothing that we write
        return text


def _label(number: int, turn: ChatTurn, acts: list[Message], language: Language, name: str) -> TurnLabel:
    calls = calls_of(acts)
    family = f"{FAMILY}/{name}"
    if not calls:
        said = turn.reply or ""
        slot = asked_slot(said, language)
        return TurnLabel(number, _silent_type(said, slot), family, "none", missing_slot=slot)
    return TurnLabel(
        number,
        "multi_step" if len(calls) > 1 else TOOLS[calls[0].name].turn_type,
        family,
        calls[0].name,
        plans=(tuple(call.name for call in calls),),
        position=position_of(turn.user, calls[0]),
    )


def _silent_type(reply: str, slot: str | None) -> TurnType:
    """What a turn without calls is: the assistant declines, asks for a slot, or just talks."""
    return "out_of_scope" if declines(reply) else "missing_slot" if slot else "chit_chat"
