"""The sentences in which a model has learnt to talk where it calls nothing, written beside its weights.

A model that has learnt to speak from the simulator's conversations alone knows a few hundred such sentences,
and what else it says there is pieces of them run together. So these are all that it is let say
(`generation/taught.py`). A pretrained base has words of its own, and people's chats are nobody's to repeat:
of these nothing is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from muse_core.tools.references import FIELDS, REFERENCE, references_in
from muse_core.types import Conversation, JsonValue

REPLIES = "replies"
ANY = "#"  # stands for the number of an item
LEAST, FEWEST = 2, 20  # conversations that say a sentence; sentences of a language, else there are none


def learnt_replies(conversations: Iterable[Conversation]) -> dict[str, JsonValue]:
    """Of the simulated ones, as an entry of `muse.json`: language -> what is said in turns without calls, the
    most frequent first, as `sentence` has it."""
    counts: dict[str, Counter[str]] = {}
    for talk in conversations:
        replies = (
            message.content
            for before, message in pairwise(talk.messages)
            if before.role == "user" and message.role == "assistant" and not message.tool_calls
        )
        said = filter(None, map(sentence, replies if talk.goal.scenario != "given" else ()))
        counts.setdefault(talk.language, Counter()).update(said)
    found: dict[str, JsonValue] = {}
    for language, often in counts.items():
        texts: list[JsonValue] = [text for text, count in often.most_common() if count >= LEAST]
        found |= {language: texts} if len(texts) >= FEWEST else {}
    return {REPLIES: found}


def sentence(reply: str) -> str | None:
    """`The price of [#] is [#:price].` of `The price of [2] is [2:price].`; None of a reply about several
    items, or about what only this shop has."""
    named = references_in(reply)
    if len({position for position, _ in named}) > 1 or any(field not in FIELDS for _, field in named):
        return None
    return REFERENCE.sub(lambda found: found.group().replace(found.group(1), ANY, 1), reply.strip())


def about_items(said: str, items: Sequence[Collection[str]]) -> Iterator[str]:
    """The sentence itself, or where it is about an item one for each of the shown `items` (the fields that it
    has) of which it can be said."""
    if f"[{ANY}" not in said:
        yield said
        return
    fields = {field for _, field in references_in(said.replace(f"[{ANY}", "[1"))}
    for number, known in enumerate(items, start=1):
        if fields <= set(known):
            yield said.replace(f"[{ANY}", f"[{number}")


def replies_of(about: Mapping[str, JsonValue]) -> Mapping[str, tuple[str, ...]]:
    """Language -> sentences; {} of a model that may say what it likes."""
    found: Any = about.get(REPLIES) or {}
    return {language: tuple(texts) for language, texts in found.items()}
