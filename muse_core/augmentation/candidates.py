"""What could be called at one place: the gold calls of an act, calls that are wrong on purpose, and those
that the base would make itself (`sampled_calls.py`).

Three perturbations, each a call that a careless model would make: the wrong tool for the same words,
a wrong value in one argument (another colour, type or occasion of the lexicon, another item, a far
price, what a facet is not), or a limit left out. They measure whether the filter can tell good from bad; they
never become training rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from muse_core.augmentation.misread_facets import misread_facet
from muse_core.language import lexicon
from muse_core.tools.base import facet_place
from muse_core.tools.shop_schema import PLAIN
from muse_core.tools.toolbox import ALL_TOOLS
from muse_core.types import Conversation, Facet, JsonValue, Message, ToolCall, TurnLabel

Kind = Literal["gold", "wrong_tool", "wrong_value", "dropped_limit", "sampled"]
WRONG_KINDS: tuple[Kind, ...] = ("wrong_value", "dropped_limit", "wrong_tool")

_LIMITS = ("category", "colour", "brand", "gender", "size", "material", "occasion", "min_price", "max_price",
           "min_rating", "sort_by", "than")  # fmt: skip
_LEXICON_SLOTS = {"query": "product_type", "colour": "colour", "material": "material", "occasion": "occasion"}
_ORDERS = ("price_low", "price_high", "rating")


@dataclass(frozen=True)
class Act:
    """One assistant act with calls: where it stands, and what the assistant did next."""

    turn: int
    number: int  # 0 for the first act with calls of the turn
    place: int  # index of its message in the conversation
    label: TurnLabel
    calls: tuple[ToolCall, ...]


@dataclass(frozen=True)
class Candidate:
    """The calls of one act as they are (gold), or with another in place of the first."""

    kind: Kind
    calls: tuple[ToolCall, ...]


def acts(conversation: Conversation) -> Iterator[Act]:
    """Every assistant message with calls, in order, with its turn's label."""
    labels = {label.turn: label for label in conversation.labels}
    turn, number = -1, 0
    for place, message in enumerate(conversation.messages):
        if message.role == "user":
            turn, number = turn + 1, 0
        elif message.role == "assistant" and message.tool_calls:
            label = labels.get(turn) or _unlabelled(turn, message)
            yield Act(turn, number, place, label, message.tool_calls)
            number += 1


def row_id(conversation: Conversation, act: Act) -> str:
    """The name of the act's row."""
    return f"{conversation.conversation_id}.{act.turn}.{act.number}"


def _unlabelled(turn: int, message: Message) -> TurnLabel:
    """The label of a turn of the user's own data, read off its first call."""
    return TurnLabel(turn, "complete", "given/none", message.tool_calls[0].name)


def perturbed(
    act: Act, count: int, rng: np.random.Generator, facets: Sequence[Facet] = ()
) -> list[Candidate]:
    """At most `count` wrong versions of the act's first call, of different kinds where it can be. `facets`:
    the shop's."""
    first, rest = act.calls[0], act.calls[1:]
    kinds = [WRONG_KINDS[k] for k in rng.permutation(len(WRONG_KINDS))]
    wrong: list[Candidate] = []
    for kind in [*kinds, *kinds]:
        if len(wrong) == count:
            break
        call = _MAKERS[kind](first, rng, facets)
        if call is not None and all(call.arguments != one.calls[0].arguments for one in wrong):
            wrong.append(Candidate(kind, (call, *rest)))
    return wrong


def sampled(act: Act, calls: Sequence[ToolCall]) -> list[Candidate]:
    """Each of the calls in place of the act's first."""
    return [Candidate("sampled", (call, *act.calls[1:])) for call in calls]


def _dropped_limit(call: ToolCall, rng: np.random.Generator, facets: Sequence[Facet]) -> ToolCall | None:
    """Without one limit; None when that leaves the call without meaning or changes nothing."""
    known = {facet.name for facet in facets}
    given = [key for key, value in call.arguments.items() if value is not None]
    limits = [
        key for key in given if key in _LIMITS or key.startswith("not_") or facet_place(key)[0] in known
    ]
    if not limits or (len(call.arguments) < 2 and PLAIN.refusals(call.name, {})):
        return None
    gone = limits[rng.integers(len(limits))]
    return replace(call, arguments={key: value for key, value in call.arguments.items() if key != gone})


def _wrong_value(call: ToolCall, rng: np.random.Generator, facets: Sequence[Facet]) -> ToolCall | None:
    misread = misread_facet(call, facets, rng)
    if misread is not None:
        return misread
    keys = [key for key, value in call.arguments.items() if value is not None]
    for index in rng.permutation(len(keys)):
        key = keys[index]
        value = _another(key, call.arguments[key], rng)
        if value is not None:
            return replace(call, arguments={**call.arguments, key: value})
    return None


def _another(key: str, value: JsonValue, rng: np.random.Generator) -> JsonValue:
    """A different value of the same kind; None when there is none to take."""
    if key in _LEXICON_SLOTS:
        return _pick([word for word in lexicon.values(_LEXICON_SLOTS[key]) if word != value], rng)
    if key == "sort_by":
        return _pick([order for order in _ORDERS if order != value], rng)
    if key == "items" and isinstance(value, list):
        return _other_items(value, rng)
    if key == "item":
        return _other_items([value], rng)[0]
    if key == "like" and isinstance(value, int):
        return _other_items([value], rng)[0]
    if key in ("min_price", "max_price") and isinstance(value, int | float):
        return _far_price(key, value, rng)
    if key == "text" and isinstance(value, str):
        return _pick([word for word in lexicon.values("product_type") if word not in value.lower()], rng)
    return None


def _other_items(items: list[JsonValue], rng: np.random.Generator) -> list[JsonValue]:
    """As many positions, moved on by at least one, so that the first one named is another."""
    shift = int(rng.integers(1, 4))
    return [(int(item) - 1 + shift) % 6 + 1 for item in items if isinstance(item, int | float)]


def _far_price(key: str, value: float, rng: np.random.Generator) -> JsonValue:
    factor = float(rng.choice((0.3, 0.5) if key == "max_price" else (2.0, 3.0)))
    return round(value * factor)


def _wrong_tool(call: ToolCall, rng: np.random.Generator, facets: Sequence[Facet]) -> ToolCall | None:
    """The same request given to a tool that a careless reader could take for the right one."""
    noun = call.arguments.get("query") or _pick(list(lexicon.values("product_type")), rng)
    guesses = {tool.name: tool.careless(lambda: str(noun), call.arguments) for tool in ALL_TOOLS}
    options = {name: said for name, said in guesses.items() if said is not None and name != call.name}
    name = _pick(list(options), rng)
    return ToolCall(call.call_id, name, options[name]) if name is not None else None


def _pick(values: list[str], rng: np.random.Generator) -> str | None:
    return values[rng.integers(len(values))] if values else None


_MAKERS: dict[Kind, Callable[[ToolCall, np.random.Generator, Sequence[Facet]], ToolCall | None]] = {
    "wrong_value": _wrong_value,
    "dropped_limit": _dropped_limit,
    "wrong_tool": _wrong_tool,
}
