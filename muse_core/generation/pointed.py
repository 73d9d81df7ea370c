"""What the last words of the user say of the last results: how they are ordered, which of them are meant.

    sort_by, than    as they were read; an order beside a likeness is how it is to differ
    like             the position that was read; any of those shown for "like this", or where one is named
    items, item      the positions that were read; left to the schema where none is

Unlike other values these are of one turn: what was said before is said of other results.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from muse_core.language.named_items import find_named
from muse_core.reading.reader import AT_THE_END
from muse_core.records import result_values
from muse_core.tools.references import items_of, last_shown
from muse_core.types import JsonValue, Message

OF_RESULTS = ("sort_by", "than", "like", "items", "item")
Values = tuple[JsonValue, ...]

_THAN = {"price_low": "cheaper", "price_high": "costlier", "rating": "better_rated"}


def pointed(context: Sequence[Message], reading: Mapping[str, JsonValue]) -> dict[str, Values]:
    """Argument -> its values; () for one that must not be written, absent for a free one. `reading`: of the
    last user message."""
    asked = next((one.content for one in reversed(context) if one.role == "user"), "")
    shown = items_of(last_shown(result_values(context)))
    items = _positions(reading.get("items"), len(shown))
    is_named = bool(find_named(asked, [str(item.get("title", "")) for item in shown]))
    like = _alike(reading, len(shown)) or items
    order = _values(reading.get("sort_by"))
    found: dict[str, Values] = {
        "sort_by": (*order, *(("rating",) if "min_rating" in reading else ())),
        "than": _than(reading),
        "like": like or (_up_to(len(shown)) if is_named else ()),
    }
    if reading.get("like") == "shown" and not shown:  # shown in words alone
        del found["like"]
    if items:
        found |= {"item": items} | ({"items": (list(items),)} if len(items) > 1 else {})
    return found


def _than(reading: Mapping[str, JsonValue]) -> Values:
    order = reading.get("sort_by", "rating" if "min_rating" in reading else None)
    return _values(reading.get("than")) or ((_THAN[str(order)],) if order is not None else ())


def _alike(reading: Mapping[str, JsonValue], count: int) -> Values:
    like = reading.get("like")
    return _up_to(count) if like == "shown" else _positions(like, count)


def _up_to(count: int) -> Values:
    return tuple(range(1, count + 1))


def _positions(said: JsonValue, count: int) -> Values:
    """Positions from 1; "last" is how many are shown, "second last" one less."""
    found = (count - AT_THE_END.index(one) if one in AT_THE_END else one for one in _values(said))
    return tuple(one for one in found if not isinstance(one, int) or one > 0)


def _values(value: JsonValue) -> Values:
    return () if value is None else tuple(value) if isinstance(value, list) else (value,)
