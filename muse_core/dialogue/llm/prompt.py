"""The prompt of one ask, and the texts in what comes back.

The model sees the wish as values, the person, and shapes to write it in; it never sees catalogue rows,
results or tags. What comes back is text from a stranger: strings are taken out of its JSON one by one, so
that an answer that was cut off still gives the texts before the cut, and each is judged (`accept.py`).
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import Any

from muse_core.dialogue.llm.asks import Ask
from muse_core.dialogue.llm.service import TextRequest
from muse_core.types import JsonValue, Profile

MAX_ANSWER = 100_000  # characters
_TOKENS_FOR_ONE = 120  # of an answer; Devanagari takes two or three for a word
_TOKENS_AROUND = 60
_NAMES = {
    "query": "product", "max_price": "price at most", "min_price": "price at least",
    "min_rating": "stars at least", "sort_by": "sorted by", "items": "positions",
}  # fmt: skip
_ORDERS = {
    "price_low": "price, cheapest first", "price_high": "price, dearest first", "rating": "best rated first",
}  # fmt: skip


def request_for(ask: Ask, profile: Profile | None, model: str, count: int) -> TextRequest:
    """The prompt that asks for `count` texts."""
    told = _told()
    content: dict[str, Any] = {
        "task": told["tasks"][ask.intent],
        "write": told["write"][ask.script],
        "person": _person(profile),
        "wish": _wish(ask),
        "shapes": [told["shapes"][name] for name in shapes_for(ask, count)],
    }
    if ask.topic:
        content["topic"] = sorted(ask.topic)
    user = json.dumps({name: value for name, value in content.items() if value}, ensure_ascii=False, indent=1)
    return TextRequest(model, system_prompt(), user, _TOKENS_AROUND + count * _TOKENS_FOR_ONE)


def system_prompt() -> str:
    """What every request begins with."""
    return str(_told()["system"]).strip()


def shapes_for(ask: Ask, count: int) -> list[str]:
    """`count` different shapes, others for every ask; all of them where there are fewer. Who writes one
    language mixes none."""
    names = [name for name in _told()["shapes"] if name != "code_mixed" or ask.language == "mixed"]

    def by_hash(name: str) -> bytes:
        return sha256(f"{ask.lesson_id} {name}".encode()).digest()

    return sorted(names, key=by_hash)[:count]


@cache
def _told() -> dict[str, Any]:
    text = resources.files("muse_core.dialogue.llm").joinpath("prompt.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _person(profile: Profile | None) -> dict[str, str]:
    if profile is None:
        return {}
    return {
        "age": profile.age_group, "gender": profile.gender, "city": profile.city,
        "tone": profile.formality, "shops for": profile.style,
    }  # fmt: skip


def _wish(ask: Ask) -> JsonValue:
    """The values of the call by names that people know, or the text that says it."""
    if ask.call is None:
        return {"example": ask.text}
    return {_named(name): _value(name, value) for name, value in ask.call.arguments.items()}


def _named(name: str) -> str:
    for prefix, words in (("not_", "not "), ("min_", "at least "), ("max_", "at most ")):
        if name not in _NAMES and name.startswith(prefix):
            return words + name.removeprefix(prefix).replace("_", " ")
    return _NAMES.get(name, name.replace("_", " "))


def _value(name: str, value: JsonValue) -> JsonValue:
    if name == "sort_by":
        return _ORDERS.get(str(value), str(value))
    return " or ".join(map(str, value)) if isinstance(value, list) and name != "items" else value


# ---- what comes back ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Texts:
    """The strings of an answer, in order; `is_whole` off where it was cut off or broken."""

    texts: tuple[str, ...]
    is_whole: bool


def read_answer(text: str, count: int) -> Texts:
    """The first `count` strings of `messages`. No text at all is an answer that is none."""
    text = text[:MAX_ANSWER]
    at = text.find("[", max(text.find('"messages"'), 0))
    if at < 0:
        return Texts((), False)
    found, is_whole = _strings(text, at + 1)
    return Texts(tuple(one.strip() for one in found[:count] if one.strip()), is_whole)


def _strings(text: str, at: int) -> tuple[list[str], bool]:
    """The strings of a JSON array that begins before `at`, and whether it is closed."""
    decoder = json.JSONDecoder()
    found: list[str] = []
    while True:
        while at < len(text) and text[at] in " \t\r\n,":
            at += 1
        if text[at : at + 1] == "]":
            return found, True
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return found, False
        found += list(_texts_in(value))


def _texts_in(value: Any) -> Iterator[str]:
    """A string, or an object with the string under the name that some models give it."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from (
            one for name, one in value.items() if name in ("text", "message") and isinstance(one, str)
        )
