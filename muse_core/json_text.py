"""JSON from outside, read within bounds: at most `MAX_DEPTH` levels, no half characters, and no whole numbers
that no float holds.

Python's reader and most code behind it walk a value by recursion, so that a few hundred brackets in one
line end a whole program. Every reader of the users' files goes through here.
"""

from __future__ import annotations

import json
import re
from typing import Any

MAX_DEPTH = 64
PLAIN = json.JSONDecoder()
_MOST_DIGITS = 308  # of a whole number; a float holds no more
_ENDLESS = re.compile(rf"\d{{{_MOST_DIGITS + 1}}}")


class JsonTextError(ValueError):
    """The text is no JSON that is read here; says why."""


def read_json(text: str, decoder: json.JSONDecoder = PLAIN) -> Any:
    """The value of a JSON text. JsonTextError when it is none, too deep, or holds half a character or a whole
    number of too many digits."""
    try:
        value = decoder.decode(text)
    except RecursionError:
        raise JsonTextError(_TOO_DEEP) from None
    except ValueError as problem:
        raise JsonTextError(f"it is not JSON: {problem}") from None
    if text.count("[") + text.count("{") > MAX_DEPTH:
        check_depth(value)
    if "\\u" in text:
        check_characters(value)
    if _ENDLESS.search(text):
        _check_numbers(value)
    return value


def check_depth(value: Any) -> None:
    """JsonTextError when lists and objects stand in each other more than `MAX_DEPTH` deep."""
    level, depth = [value], 0
    while level := [inner for one in level if isinstance(one, list | dict) for inner in _inside(one)]:
        depth += 1
        if depth > MAX_DEPTH:
            raise JsonTextError(_TOO_DEEP)


def check_characters(value: Any) -> None:
    """JsonTextError for half of a surrogate pair, which no file can hold."""
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise JsonTextError(
            "it holds half a character (a lone \\ud800–\\udfff); write the character itself"
        ) from None


def _check_numbers(value: Any) -> None:
    level = [value]
    while level:
        if any(isinstance(one, int) and len(str(abs(one))) > _MOST_DIGITS for one in level):
            raise JsonTextError(f"it holds a whole number of more than {_MOST_DIGITS} digits")
        level = [inner for one in level if isinstance(one, list | dict) for inner in _inside(one)]


_TOO_DEEP = f"it is nested too deeply; at most {MAX_DEPTH} levels are read"


def _inside(value: list[Any] | dict[Any, Any]) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value
