"""Which values a call may have in a turn: what was said, what is read in it, what was shown, what is fixed.

    words      the user's words of the conversation, in a row: any span of them is a value
    values     what the rules read in them; calls before, items shown, the line about the shopper
    numbers    in digits and words, in all of these
    fixed      the choices of a facet, genders: a shop has few of them, and people say them in many ways
    read       by argument: what the rules read for it in the last words, else before, or a call has said

Not covered: whether a value belongs to its argument, and what is meant by no word that the rules know.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from muse_core.generation.pointed import POSITIONS, WORDS, pointed
from muse_core.language import lexicon
from muse_core.language.matching import Token, singulars, tokens
from muse_core.language.numerals import Number, read_number
from muse_core.profiles.system_line import parts_of
from muse_core.reading.reader import read
from muse_core.reading.shop_words import ShopWords
from muse_core.records import read_tool_message
from muse_core.tools.call_syntax import escape_text
from muse_core.tools.references import items_of
from muse_core.types import JsonValue, Message

_NUMBER = re.compile(r"(\d+(?:,\d+)*(?:\.\d+)?)\s*(k\b)?", re.IGNORECASE)
_MEANT = {"words": ("query",), "about_price": ("min_price", "max_price")}
_EDGES = ".,?!;:\"'()[]{}।“”‘’«»…"


@dataclass(frozen=True)
class Justified:
    """`runs`: words that stand in a row; `values`: text that is a value as a whole; `fixed`: further values
    by argument."""

    runs: tuple[tuple[str, ...], ...]
    values: tuple[str, ...]
    numbers: tuple[float, ...]
    fixed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    read: dict[str, tuple[JsonValue, ...]] = field(default_factory=dict)


def justified(context: Sequence[Message], shop: ShopWords) -> Justified:
    """From all messages that the model reads; a user message without a reading is read here."""
    runs: dict[tuple[str, ...], None] = {}
    values: dict[JsonValue, None] = {}
    numbers: dict[float, None] = {}
    for message in context:
        if message.role == "user":
            runs |= dict.fromkeys(_runs(message.content))
            numbers |= dict.fromkeys(_numbers(message.content))
        for value in _leaves(_told(message, shop)):
            values[value] = None
    for value in values:
        numbers |= dict.fromkeys(_numbers(value) if isinstance(value, str) else (float(value),))  # type: ignore
    texts = tuple(value for value in values if isinstance(value, str) and value)
    return Justified(tuple(runs), texts, tuple(numbers), _fixed(shop), _by_argument(context, shop))


def _by_argument(context: Sequence[Message], shop: ShopWords) -> dict[str, tuple[JsonValue, ...]]:
    """Argument -> its values: those of the last words of the user, where these name it, else of all before.
    Words that nothing explains may be searched, a price without a bound is any."""
    before: dict[str, dict[JsonValue, None]] = {}
    now: dict[str, dict[JsonValue, None]] = {}
    last: Mapping[str, JsonValue] = {}
    for message in context:
        for call in message.tool_calls:
            _add(before, call.arguments)
        if message.role == "user":
            last, now = message.reading or read(message.content, shop), {}
            for found in (before, now):
                _add(found, last)
    said = {
        name: tuple(values) for name, values in (before | now).items() if name not in (*WORDS, *POSITIONS)
    }
    return said | pointed(context, last)


def _add(found: dict[str, dict[JsonValue, None]], said: Mapping[str, JsonValue]) -> None:
    for name, value in said.items():
        for meant in _MEANT.get(name, (name,)):
            found.setdefault(meant, {}).update(dict.fromkeys(_values(value)))


def _values(value: JsonValue) -> Sequence[JsonValue]:
    return value if isinstance(value, list) else [value]


def _runs(text: str) -> Iterator[tuple[str, ...]]:
    """The words as they were written and in lower case, and in the singular."""
    words = [word for word in (part.strip(_EDGES) for part in escape_text(text).split()) if word]
    lower = [word.lower() for word in words]
    yield from (tuple(words), tuple(lower))
    yield from ((one,) for word in lower for one in singulars(word))


def _told(message: Message, shop: ShopWords) -> JsonValue:
    if message.role == "user":
        return dict(message.reading or read(message.content, shop))
    if message.role == "tool":
        shown = items_of(read_tool_message(message).value)
        return [
            {key: value for key, value in item.items() if key not in ("id", "currency")} for item in shown
        ]
    if message.role == "system":
        return list(parts_of(message.content)[1].split(" | "))
    return [dict(call.arguments) for call in message.tool_calls]


def _leaves(value: JsonValue) -> Iterator[JsonValue]:
    if isinstance(value, dict):
        for one in value.values():
            yield from _leaves(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _leaves(one)
    elif value is not None and not isinstance(value, bool):
        yield value


@lru_cache(maxsize=16384)
def _numbers(text: str) -> tuple[float, ...]:
    digits = [
        float(match[1].replace(",", "")) * (1000 if match[2] else 1) for match in _NUMBER.finditer(text)
    ]
    said = tokens(text)
    words = [token.key for token in said]
    found = ((token, read_number(words, at)) for at, token in enumerate(said))
    return (*digits, *(number.value for token, number in found if number and _is_plain(text, token, number)))


def _is_plain(text: str, token: Token, number: Number) -> bool:
    """Latin letters alone may be another word: `sath` is sixty and "with"."""
    return number.has_scale or not text[token.start : token.end].isascii()


def _fixed(shop: ShopWords) -> dict[str, tuple[str, ...]]:
    choices = {facet.name: facet.values for facet in shop.facets if facet.kind == "choice"}
    named: Iterable[tuple[str, tuple[str, ...]]] = [*choices.items(), ("gender", lexicon.values("gender"))]
    return {f"{prefix}{name}": values for name, values in named for prefix in ("", "not_")}
