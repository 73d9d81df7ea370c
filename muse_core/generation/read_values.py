"""Which values a call of a turn may have, by argument: what the rules read in the user's last words, else
what was read, or called with, before.

    values       argument -> its values; one of a tool that narrows products without any is not written
    now          arguments that were read in the last words
    owed         of these, those that no call behind them has yet
    spans        the user's last words in a row: what may be searched where no product is read
    quoted       of these, what stands in quotes
    to_translate what of these may be the words to be translated; any of them, where it is empty
    is_another   whether the last words ask for another product than those before
    is_shown     whether the assistant has said or done anything: results that can be narrowed or compared
    narrows      whether the last words name no product, and something that was not said of the products shown

Not covered: values that are meant by no word that the rules know, and which of two products "it" is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from muse_core.generation.pointed import OF_RESULTS, pointed
from muse_core.reading.reader import read
from muse_core.reading.shop_words import ShopWords
from muse_core.reading.to_translate import to_translate
from muse_core.records import result_values
from muse_core.tools.references import items_of
from muse_core.types import JsonValue, Message

Read = Mapping[str, JsonValue]

_MEANT = {"words": ("query",), "about_price": ("min_price", "max_price")}  # what may be one of these
_QUOTED = re.compile("['\"‘“«]([^'\"‘’“”«»]{2,80})['\"’”»]")
_PICTURE = re.compile(r"\[image:(\w+)\]")
_EDGES = ".,?!;:\"'()[]{}।“”‘’«»…"
_MOST_WORDS = 8
_LISTED = re.compile(r"\b1[.)] .*\b2[.)] ", re.DOTALL)  # results as another assistant tells them
_PRODUCT = frozenset(("query", "words", "image"))
_OF_NO_PRODUCT = ("text", "attribute", "items", "item", "like", "than")


@dataclass(frozen=True)
class ReadValues:
    """By argument; each value once, in the order in which they were said. Values are whole: a list that was
    read is one, and so is each of its members."""

    values: Mapping[str, tuple[JsonValue, ...]]
    now: frozenset[str] = frozenset()
    owed: frozenset[str] = frozenset()
    spans: tuple[str, ...] = ()
    quoted: tuple[str, ...] = ()
    to_translate: tuple[str, ...] = ()
    is_shown: bool = False
    is_another: bool = False
    narrows: bool = False


def read_values(context: Sequence[Message], shop: ShopWords) -> ReadValues:
    """From all messages that the model reads; a user message without a reading is read here."""
    before: dict[str, list[JsonValue]] = {}
    now: dict[str, list[JsonValue]] = {}
    since: dict[str, list[JsonValue]] = {}  # the last call
    pictures: list[JsonValue] = []
    owed: set[str] = set()
    words = ""
    reading: Read = {}
    is_another = False
    earlier = frozenset[str]()
    for message in context:
        for call in message.tool_calls:
            _add(before, call.arguments)
            owed -= call.arguments.keys()
            is_another = is_another and "query" not in call.arguments
            since = {}
        if message.role == "user":
            reading = message.reading or read(message.content, shop)
            is_another = _is_another(reading.get("query"), before)
            if is_another:
                before = {name: list(found) for name, found in since.items()}
            earlier = frozenset(before)
            _add(before, reading)
            _add(since, reading)
            pictures += _PICTURE.findall(message.content)
            now, owed, words = {}, set(reading) - _MEANT.keys(), message.content
            _add(now, reading)
    values = {name: tuple(found) for name, found in (before | now).items() if name not in OF_RESULTS}
    values |= pointed(context, reading) | ({"image": tuple(pictures)} if pictures else {})
    is_shown = any(message.role in ("assistant", "tool") for message in context)
    quoted = tuple(_QUOTED.findall(words))
    spans = tuple(_spans(words))
    narrows = _narrows(context, reading, earlier)
    said = (frozenset(now), frozenset(owed), spans, quoted, to_translate(words))
    return ReadValues(values, *said, is_shown, is_another, narrows)


def _narrows(context: Sequence[Message], reading: Read, before: Collection[str]) -> bool:
    """What is said for the first time of products on the screen. Another colour than before may as well be a
    correction, which searches again. `before`: arguments that were read or called with until then."""
    said = {_slot(name) for name in reading if name not in (*_MEANT, *_OF_NO_PRODUCT)}
    again = said & set(map(_slot, before)) - {"sort_by"}
    if not said or _PRODUCT & reading.keys() or again:
        return False
    results = result_values(context)
    if results:
        return bool(items_of(results[-1]))
    answers = [message.content for message in context if message.role == "assistant"]
    return bool(answers) and _LISTED.search(answers[-1]) is not None


def _slot(name: str) -> str:
    return name.removeprefix("not_").removeprefix("min_").removeprefix("max_")


def _is_another(product: JsonValue, before: Mapping[str, Sequence[JsonValue]]) -> bool:
    """Whether the user asks for another product than before: what was said of that one is over then."""
    asked = {_head(one) for one in before.get("query", ())}
    named = product if isinstance(product, list) else [] if product is None else [product]
    return bool(asked and named) and not asked & {_head(one) for one in named}


def _head(product: JsonValue) -> str:
    """The jeans of "casual jeans"."""
    return (str(product).split() or [""])[-1]


def _add(found: dict[str, list[JsonValue]], said: Read) -> None:
    for name, value in said.items():
        members = value if isinstance(value, list) else ()
        for meant in _MEANT.get(name, (name,)):
            values = found.setdefault(meant, [])
            values += [one for one in (value, *members) if one is not None and one not in values]


def _spans(text: str) -> Iterator[str]:
    words = [word for word in (part.strip(_EDGES).lower() for part in text.split()) if word]
    for first in range(len(words)):
        for last in range(first + 1, min(first + _MOST_WORDS, len(words)) + 1):
            yield " ".join(words[first:last])
