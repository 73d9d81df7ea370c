"""Conversations as another shop would have them: its facets under other names, in another order, fewer.

    also: memory (gb), fit, waterproof (yes/no)         search(query='phone', min_memory=8)
    also: waterproof (yes/no), ram (gb)                 search(query='phone', min_ram=8)

A model that has always been told one list learns that list by heart. So training reads a share of the
conversations with another one, always the same ones for a conversation's id and the seed: names from
`other_facets.toml`, or varied by rule; what the conversation does not use may be missing. Calls, results,
references, readings and labels are rewritten alike; what people say stays, and so do the positions in it.
Where no facets are told nothing changes. Stored conversations stay as they are.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from muse_core.profiles.system_line import listed, parts_of, relisted
from muse_core.records import read_tool_message, tool_message
from muse_core.tools.base import ITEM_FIELDS, facet_place
from muse_core.tools.call_syntax import in_order
from muse_core.tools.references import REFERENCE, items_of, references_in
from muse_core.tools.toolbox import ALL_TOOLS, TOOLS, per_tools
from muse_core.types import Conversation, JsonValue, Message, ToolCall, ToolResult

KEPT_UNUSED = 0.5  # of the facets that a conversation does not use
RENAMED = 0.75  # of the facets of a conversation that has another list
Names = Mapping[str, str]


def with_another_list(conversation: Conversation, share: float, seed: int) -> Conversation:
    """The conversation with another list of facets, if it is one of the share; else itself."""
    facets = facets_of(conversation)
    digest = hashlib.sha256(f"facets {seed} {conversation.conversation_id}".encode()).digest()
    if not facets or int.from_bytes(digest[:4], "big") >= share * 2**32:
        return conversation
    rng = np.random.default_rng(int.from_bytes(digest[4:12], "big"))
    used = set(facets_used(conversation))
    kept = [name for name in facets if name in used or rng.random() < KEPT_UNUSED]
    kept = [kept[int(at)] for at in rng.permutation(len(kept))]
    return with_names(conversation, _drawn_names(kept, list(facets), rng), kept)


def facets_of(conversation: Conversation) -> dict[str, str]:
    """The facets that a conversation is told, as `system_line.listed` reads them."""
    head = conversation.messages[0]
    return listed(parts_of(head.content)[0]) if head.role == "system" else {}


def facets_used(conversation: Conversation) -> list[str]:
    """Those of its facets that calls, results or references of a conversation name, each once."""
    known = facets_of(conversation)
    named = (name for message in conversation.messages for name in _named(message))
    return list(dict.fromkeys(name for name in named if name in known))


def _named(message: Message) -> Iterator[str]:
    for call in message.tool_calls:
        yield from (_facet(name) for name in call.arguments if name not in _ours(call.name))
        yield from (str(call.arguments[name]) for name in _by_facet(call.name) if name in call.arguments)
    if message.role == "tool":
        yield from (key for item in items_of(read_tool_message(message).value) for key in item)
    elif message.role == "assistant":
        yield from (field for _, field in references_in(message.content))


# ---- names ----------------------------------------------------------------------------------------


def _drawn_names(facets: Sequence[str], all_names: Sequence[str], rng: np.random.Generator) -> Names:
    """Another name for most facets; none that is taken."""
    taken, names = {*all_names, *reserved()}, {}
    for name in facets:
        free = [other for other in other_names(name) if other not in taken]
        if free and rng.random() < RENAMED:
            names[name] = free[int(rng.random() * len(free))]
            taken.add(names[name])
    return names


def other_names(name: str) -> list[str]:
    """What other shops call it; for a name that is not in the table, variants of it."""
    words = read_names()
    known = words["names"].get(name)
    if known is not None:
        return _split(known)
    first, _, rest = name.partition("_")
    variants = _split(words["variants"]["several_words"]) if rest else []
    variants += _split(words["variants"]["any"])
    filled = (one.format(name=name, first=first, rest=rest) for one in variants)
    return [one for one in filled if facet_place(one)[1] == 0 and one[:1].isalpha()]


@per_tools
def reserved() -> frozenset[str]:
    """Names that no facet may have: arguments of our tools and fields of an item."""
    own = {name for tool in ALL_TOOLS for name in tool.Arguments.model_fields}
    return frozenset(own | ITEM_FIELDS)


@cache
def read_names() -> dict[str, Any]:
    """The content of the table."""
    text = resources.files("muse_core.examples").joinpath("other_facets.toml").read_text("utf-8")
    return tomllib.loads(text)


def _split(words: str) -> list[str]:
    return [word.strip() for word in words.split(",")]


# ---- rewriting ------------------------------------------------------------------------------------


def with_names(conversation: Conversation, names: Names, order: Sequence[str]) -> Conversation:
    """The conversation with its facets called by `names` (the others keep theirs), listed in this order;
    those that it lacks are not listed."""
    facets = facets_of(conversation)
    told = relisted({names.get(name, name): facets[name] for name in order})
    gone = set(facets).difference(order)
    head, *rest = conversation.messages
    system = Message("system", told + parts_of(head.content)[1])
    optional = {
        label: tuple(_renamed(name, names) for name in label.optional_arguments)
        for label in conversation.labels
    }
    return replace(
        conversation,
        messages=(system, *(_message(message, names, gone) for message in rest)),
        labels=tuple(replace(label, optional_arguments=optional[label]) for label in conversation.labels),
    )


def _message(message: Message, names: Names, gone: Collection[str]) -> Message:
    if message.role == "tool":
        return tool_message(_result(read_tool_message(message), names))
    if message.role != "assistant":
        return replace(message, reading=_reading(message.reading, names, gone))
    calls = tuple(_call(call, names) for call in message.tool_calls)
    return replace(message, tool_calls=calls, content=_reply(message.content, names))


def _reading(reading: Mapping[str, JsonValue], names: Names, gone: Collection[str]) -> dict[str, JsonValue]:
    """What was read, without the facets that are gone, by the other names; `attribute` has them as values."""
    found = {_renamed(name, names): one for name, one in reading.items() if _facet(name) not in gone}
    if "attribute" not in found:
        return found
    by = found.pop("attribute")
    told = [names.get(str(one), one) for one in (by if isinstance(by, list) else [by]) if one not in gone]
    return found | ({"attribute": told[0] if len(told) == 1 else told} if told else {})


def _call(call: ToolCall, names: Names) -> ToolCall:
    ours, by_facet = _ours(call.name), _by_facet(call.name)
    given = {
        name if name in ours else _renamed(name, names): names.get(str(value), value)
        if name in by_facet
        else value
        for name, value in call.arguments.items()
    }
    return replace(call, arguments=in_order(call.name, given))


def _result(result: ToolResult, names: Names) -> ToolResult:
    """A result whose items, and what they are compared by, have the other names."""
    value = result.value
    if not isinstance(value, dict) or not isinstance(value.get("items"), list):
        return result
    items: list[JsonValue] = [
        {names.get(key, key): one for key, one in item.items()} for item in items_of(value)
    ]
    by = {"attribute": names.get(str(value["attribute"]), value["attribute"])} if "attribute" in value else {}
    return replace(result, value={**value, "items": items, **by})


def _reply(text: str, names: Names) -> str:
    return REFERENCE.sub(
        lambda match: f"[{match[1]}:{names[match[2]]}]" if match[2] in names else match[0], text
    )


def _renamed(argument: str, names: Names) -> str:
    """`min_memory` -> `min_ram`."""
    if argument in names:
        return names[argument]
    facet = _facet(argument)
    return argument.removesuffix(facet) + names.get(facet, facet)


def _facet(argument: str) -> str:
    return facet_place(argument)[0]


def _ours(tool: str) -> Mapping[str, Any]:
    """The arguments of a tool that are no facets."""
    return TOOLS[tool].Arguments.model_fields if tool in TOOLS else {}


def _by_facet(tool: str) -> tuple[str, ...]:
    """The argument of a tool whose value may name a facet."""
    name = TOOLS[tool].facet_argument if tool in TOOLS else ""
    return (name,) if name else ()
