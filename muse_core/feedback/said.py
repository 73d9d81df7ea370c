"""Did anybody say the values of a call? A correction that only the corrector knew teaches to invent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from muse_core.generation.read_values import read_values
from muse_core.reading.shop_words import ShopWords
from muse_core.types import JsonValue, Message, ToolCall

# Which of the products "it" and "these" are the words do not say, nor which language is meant by "what does
# it mean?".
_UNSPOKEN = ("like", "items", "target")
_WORD = re.compile(r"[^\s.,?!;:\"'()\[\]{}।“”‘’«»…]+")


def unsaid(calls: Sequence[ToolCall], context: Sequence[Message], words: ShopWords) -> list[str]:
    """The arguments (`name=value`) that no rule reads in the conversation and, if they are text, that do not
    stand in it."""
    said = read_values(context, words).values
    text = " ".join(_words(message.content) for message in context if message.role in ("user", "tool"))
    return [
        f"{name}={value!r}"
        for call in calls
        for name, given in call.arguments.items()
        for value in _values(given)
        if not (
            name in _UNSPOKEN
            or value in said.get(name, ())
            or (isinstance(value, str) and f" {_words(value)} " in f" {text} ")
        )
    ]


def _values(given: JsonValue) -> Iterator[JsonValue]:
    if isinstance(given, list):
        yield from given
    else:
        yield given


def _words(text: str) -> str:
    return " ".join(_WORD.findall(text.casefold()))
