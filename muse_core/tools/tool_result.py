"""The contract of what a tool of the user's own returns: `items`, or `text`, or `facts` alone; nothing else.

    {"items": [{"title": "Blue Shirt", "price": 999}], "facts": {"in stock": "yes"}}
    {"text": "3 days"}                 what a reply calls [1]
    {"facts": {"days": 3}}             shown as the text `days: 3`

`facts` stand behind items or text. A reply can name the title, price, rating, brand, colour, material and
size of an item.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from muse_core.tools.base import MAX_ITEMS
from muse_core.types import JsonValue

MAX_BYTES = 100_000  # of a result as JSON; ours have about 2,000
MAX_TEXT = 2_000  # characters that a model is shown
_KEYS = frozenset(("items", "text", "facts", "total", "best"))
_NUMBERS = ("price", "rating")


def checked_value(value: Any) -> tuple[JsonValue, list[str]]:
    """The value as the rest of MUSE reads it, and why it is none; never both."""
    if not isinstance(value, Mapping):
        return None, [f"found a {type(value).__name__}, expected an object with `items`, `text` or `facts`"]
    problems = [f"the key {key!r} means nothing here; known are {_known()}" for key in value.keys() - _KEYS]
    if not value.keys() & {"items", "text", "facts"}:
        problems.append("it has none of `items`, `text` and `facts`")
    problems += [*_item_problems(value), *_text_problems(value), *_fact_problems(value)]
    problems = problems or _size_problems(value)
    if problems:
        return None, problems
    found = dict(value)
    if "facts" in found:
        found["facts"] = {name: _shown(fact) for name, fact in found["facts"].items()}
    if "items" not in found and "text" not in found:
        found["text"] = "; ".join(f"{name}: {fact}" for name, fact in found["facts"].items())
    return found, []


def _known() -> str:
    return ", ".join(sorted(_KEYS))


def _item_problems(value: Mapping[str, Any]) -> list[str]:
    items = value.get("items", [])
    if not isinstance(items, list) or len(items) > MAX_ITEMS:
        return [f"`items` is no list of at most {MAX_ITEMS} items"]
    found = []
    for number, item in enumerate(items, 1):
        if not isinstance(item, Mapping) or not _is_text(item.get("title")):
            found.append(f"item {number} has no `title` that is a text")
            continue
        wrong = [name for name in _NUMBERS if name in item and not _is_number(item[name])]
        wrong += [key for key, cell in item.items() if not _is_plain(cell)]
        found += [f"`{name}` of item {number} is {str(item[name])[:40]!r}" for name in wrong]
    return found


def _text_problems(value: Mapping[str, Any]) -> list[str]:
    if "text" not in value:
        return []
    if "items" in value:
        return ["it has `items` and `text`; references point to one of them"]
    text = value["text"]
    if not _is_text(text) or len(text) > MAX_TEXT:
        return [f"`text` is no text of 1 to {MAX_TEXT} characters"]
    return []


def _fact_problems(value: Mapping[str, Any]) -> list[str]:
    facts = value.get("facts")
    if facts is None:
        return []
    if not isinstance(facts, Mapping) or not facts:
        return ["`facts` is no object of names and values"]
    return [
        f"the fact {name!r} is no text, number or yes/no" for name, one in facts.items() if not _is_plain(one)
    ]


def _size_problems(value: Mapping[str, Any]) -> list[str]:
    try:
        size = len(json.dumps(value, ensure_ascii=False, allow_nan=False).encode())
    except (TypeError, ValueError, RecursionError) as problem:
        return [f"it is no JSON: {problem}"]
    return [f"it has {size:,} bytes as JSON, at most {MAX_BYTES:,} are taken"] if size > MAX_BYTES else []


def _shown(fact: Any) -> Any:
    return ("yes" if fact else "no") if isinstance(fact, bool) else fact


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float | bool)
