"""What the last words of the user say of the last results: how they are ordered, which of them are meant.

    sort_by, than    as they were read
    like             the position that was read or named; any of those shown for "like this"
    items, item      the positions that were read or named; left to the schema where none is

Unlike other values these are of one turn: what was said before is said of other results.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from muse_core.language.named_items import find_named
from muse_core.records import result_values
from muse_core.tools.references import items_of, last_shown
from muse_core.types import JsonValue, Message

POINTING = ("sort_by", "than", "like", "items", "item")
Values = tuple[JsonValue, ...]


def pointed(context: Sequence[Message], reading: Mapping[str, JsonValue]) -> dict[str, Values]:
    """Argument of `POINTING` -> its values; () for one that must not be written, absent for a free one.
    `reading`: of the last user message."""
    asked = next((one.content for one in reversed(context) if one.role == "user"), "")
    shown = items_of(last_shown(result_values(context)))
    read = _positions(reading.get("items"), len(shown))
    named = read or find_named(asked, [str(item.get("title", "")) for item in shown])
    found: dict[str, Values] = {name: _values(reading.get(name)) for name in ("sort_by", "than")}
    found["like"] = _alike(reading.get("like"), len(shown)) or named
    if named:
        found |= {"item": named} | ({"items": (list(named),)} if len(named) > 1 else {})
    return found


def _alike(like: JsonValue, count: int) -> Values:
    return tuple(range(1, count + 1)) if like == "shown" else _positions(like, count)


def _positions(said: JsonValue, count: int) -> Values:
    """Positions from 1; "last" is how many are shown."""
    return tuple(count if one == "last" else one for one in _values(said) if one != "last" or count)


def _values(value: JsonValue) -> Values:
    return () if value is None else tuple(value) if isinstance(value, list) else (value,)
