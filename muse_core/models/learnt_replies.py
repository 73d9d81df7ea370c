"""The sentences in which a model has learnt to talk, by what it has just done, written beside its weights.

A model that has learnt to speak from the simulator's conversations alone knows a few hundred such sentences,
and what else it says is pieces of them run together. So these are all that it is let say
(`generation/taught.py`): the whole ones of turns that call nothing, and behind a call a first sentence of
that tool with an offer that came behind one. A pretrained base has words of its own, and people's chats are
nobody's to repeat: of these nothing is kept.

What a sentence claims of the item that it names first ("[1] is cheaper, [1:price]") is learnt, too: that its
price or rating was the least or the most of those shown, each time that it was said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from muse_core.records import calls_of, result_values
from muse_core.tools.references import FIELDS, REFERENCE, items_of, references_in
from muse_core.types import Conversation, JsonValue, Message

REPLIES = "replies"
ANY = "#"  # stands for the number of an item
NUMBERS = ("price", "rating")
CLAIMS = frozenset(f"{end} {name}" for end in ("least", "most") for name in NUMBERS)
ATTRIBUTE = "attribute"  # the argument of `compare` that says what is told of the products
TALK = ""  # the situation of a turn without calls
LEAST = 2  # conversations that say a sentence
FEWEST, FEWEST_OF_A_TOOL = 20, 3  # sentences of a situation, else there are none
ENOUGH = 5  # times that a sentence was said, for what was true each time to be its claim
_END = re.compile(r"(?<=[.!?।])\s+")


@dataclass(frozen=True)
class Sentences:
    """Of one situation in one language: how replies begin, each with its claims (`known_of`); and what comes
    behind, "" for nothing."""

    first: tuple[tuple[str, frozenset[str]], ...]
    rest: tuple[str, ...] = ("",)

    def have(self, reply: str, situation: str, items: Known) -> bool:
        """Whether the reply is made of them, and true of the shown items. One about what only this shop has
        is taken to be."""
        said = _parts(reply, situation)
        if said is None:
            return True
        claims = dict(self.first).get(said[0])
        return claims is not None and said[1] in self.rest and _hold(claims, reply, items)

    def about(self, items: Known) -> Iterator[str]:
        """Every reply that they make about the shown items and is true of them."""
        for text, claims in self.first:
            for said, rest in product(about_items(text, items), self.rest):
                if _hold(claims, said, items):
                    yield f"{said} {rest}".rstrip()


Known = tuple[frozenset[str], ...]  # of the items shown: the fields that each has, and what it is among them
Replies = Mapping[str, Mapping[str, Sentences]]  # language -> situation -> what is said there


@dataclass
class _Counts:
    first: Counter[str] = field(default_factory=Counter)
    rest: Counter[str] = field(default_factory=Counter)
    claims: dict[str, frozenset[str]] = field(default_factory=dict)

    def take(self, said: tuple[str, str], reply: str, items: Known) -> None:
        self.first[said[0]] += 1
        self.rest[said[1]] += 1
        named = references_in(reply)
        true = items[named[0][0] - 1] & CLAIMS if named and named[0][0] <= len(items) else frozenset()
        self.claims[said[0]] = self.claims.get(said[0], true) & true

    def as_json(self) -> list[JsonValue]:
        """[[a first sentence, its claims …] …], [what came behind …]"""
        claimed = (
            (text, self.claims[text] if self.first[text] >= ENOUGH else ()) for text in _often(self.first)
        )
        return [[[text, *sorted(claims)] for text, claims in claimed], [*_often(self.rest)]]


def situation_of(acts: Sequence[Message]) -> str:
    """What a reply stands behind: `search:found`, `filter:nothing`, `compare price:found`, TALK where nothing
    was called. `acts`: what the assistant has done since the shopper spoke."""
    calls = calls_of(acts)
    if not calls:
        return TALK
    shown = (result_values(acts) or [None])[-1]
    asked = " ".join([calls[-1].name, *_strings(calls[-1].arguments.get(ATTRIBUTE))])
    return f"{asked}:{'found' if items_of(shown) else 'nothing'}"


def _strings(value: JsonValue) -> list[str]:
    return [value] if isinstance(value, str) else []


def learnt_replies(conversations: Iterable[Conversation]) -> dict[str, JsonValue]:
    """Of the simulated ones, as an entry of `muse.json`: language -> situation -> the first sentences and
    what came behind, each the most frequent first."""
    counts: dict[str, dict[str, _Counts]] = {}
    for talk in conversations:
        if talk.goal.scenario == "given":
            continue
        here = counts.setdefault(talk.language, {})
        for acts, reply in _replies(talk):
            situation = situation_of(acts)
            if said := _parts(reply, situation):
                shown = items_of((result_values(acts) or [None])[-1])
                here.setdefault(situation, _Counts()).take(said, reply, known_of(shown))
    found: dict[str, JsonValue] = {}
    for language, situations in counts.items():
        kept: dict[str, JsonValue] = {
            name: one.as_json()
            for name, one in sorted(situations.items())
            if len(_often(one.first)) >= (FEWEST_OF_A_TOOL if name else FEWEST) and _often(one.rest)
        }
        found |= {language: kept} if kept else {}
    return {REPLIES: found}


def _replies(talk: Conversation) -> Iterator[tuple[list[Message], str]]:
    """Each reply behind what the assistant did for it."""
    acts: list[Message] = []
    for message in talk.messages:
        if message.role == "user":
            acts = []
        elif message.role == "assistant" and not message.tool_calls:
            yield acts, message.content
        else:
            acts.append(message)


def _often(counts: Counter[str]) -> list[str]:
    return [text for text, count in counts.most_common() if count >= LEAST]


def _parts(reply: str, situation: str) -> tuple[str, str] | None:
    """The first sentence and the others; in a turn without calls all of it is one. None of a reply about what
    only this shop has, and without calls of one about several items."""
    named = references_in(reply)
    several = len({position for position, _ in named}) > 1
    if any(name not in FIELDS for _, name in named) or (several and situation == TALK):
        return None
    text = reply.strip()
    if not several:
        text = REFERENCE.sub(lambda found: found.group().replace(found.group(1), ANY, 1), text)
    first, *rest = [text] if situation == TALK else _END.split(text, maxsplit=1)
    return first, "".join(rest)


def known_of(items: Sequence[Mapping[str, JsonValue]]) -> Known:
    """Of each item the names of its fields that have a value, and of CLAIMS what is true of it."""
    found = [{name for name, value in item.items() if value is not None} for item in items]
    for name in NUMBERS:
        values = [value if isinstance(value := item.get(name), int | float) else None for item in items]
        known = [value for value in values if value is not None]
        for claim, end in (("least", min), ("most", max)):
            for here, value in zip(found, values, strict=True):
                if len(known) > 1 and value == end(known):
                    here.add(f"{claim} {name}")
    return tuple(map(frozenset, found))


def _hold(claims: frozenset[str], said: str, items: Known) -> bool:
    """Whether they are true of the item that is named first."""
    named = references_in(said)
    return not claims or (bool(named) and named[0][0] <= len(items) and claims <= items[named[0][0] - 1])


def about_items(said: str, items: Sequence[Collection[str]]) -> Iterator[str]:
    """The sentence itself, if the shown `items` (the fields that each has) have what it names; of one about
    any item, one for each of which it can be said."""
    if f"[{ANY}" not in said:
        named = references_in(said)
        if all(position <= len(items) and name in items[position - 1] for position, name in named):
            yield said
        return
    fields = {name for _, name in references_in(said.replace(f"[{ANY}", "[1"))}
    for number, known in enumerate(items, start=1):
        if fields <= set(known):
            yield said.replace(f"[{ANY}", f"[{number}")


def replies_of(about: Mapping[str, JsonValue]) -> Replies:
    """Of `muse.json`; {} of a model that may say what it likes. A folder from before replies had situations
    lists those of turns without calls."""
    found: Any = about.get(REPLIES) or {}
    return {
        language: {TALK: Sentences(tuple((text, frozenset()) for text in told))}
        if isinstance(told, list)
        else {
            name: Sentences(tuple((text, frozenset(claims)) for text, *claims in first), tuple(rest))
            for name, (first, rest) in told.items()
        }
        for language, told in found.items()
    }
