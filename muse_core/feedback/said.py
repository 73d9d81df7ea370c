"""Did anybody say the values of a call? A correction that only the corrector knew teaches to invent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from muse_core.generation.justified import Justified, justified
from muse_core.reading.shop_words import ShopWords
from muse_core.types import JsonValue, Message, ToolCall


def unsaid(calls: Sequence[ToolCall], context: Sequence[Message], words: ShopWords) -> list[str]:
    """The arguments (`name=value`) that nothing in the conversation justifies."""
    known = justified(context, words)
    return [
        f"{name}={value!r}"
        for call in calls
        for name, given in call.arguments.items()
        for value in _values(given)
        if not _is_said(name, value, known)
    ]


def _values(given: JsonValue) -> Iterator[JsonValue]:
    if isinstance(given, list):
        yield from given
    else:
        yield given


def _is_said(name: str, value: JsonValue, known: Justified) -> bool:
    if value in known.read.get(name, ()) or value in known.fixed.get(name, ()):
        return True
    if isinstance(value, bool):
        return False
    if isinstance(value, int | float):
        return float(value) in known.numbers
    text = str(value).casefold()
    return text in {one.casefold() for one in known.values} or any(_holds(run, text) for run in known.runs)


def _holds(run: Sequence[str], text: str) -> bool:
    """Whether the words of a text stand in a row."""
    return f" {text} " in f" {' '.join(run)} ".casefold()
