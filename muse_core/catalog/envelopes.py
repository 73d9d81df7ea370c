"""The list of products inside what a service or a plug-in wraps around it.

Every list of objects, and every object of objects, is a candidate; what its items hold decides: a title
and a price make a product, however long a list of categories beside it is. A list in pages or under
shelves is put together from all of its places. `records_in` gives the items unwrapped ({'node': {...}},
{'_source': {...}}, {'item_data': {...}}).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from muse_core.catalog import headers
from muse_core.catalog.tables import listed, table

_DEEPEST = 9
PRICE_LIKE = 40.0  # the claim of a key that contains the word: 'price_vat', 'price_money'
_SAMPLED = 20  # items of a list that it is judged by
EACH, KEYED = "[]", "{}"  # steps of a path: every item of a list, every value of an object

Record = dict[str, Any]
Path = tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """The items at the best path, how like products they are (0 to 3), and how many were no objects."""

    records: list[Record]
    likeness: float
    path: Path
    others: int = 0


@cache
def words(section: str, name: str) -> frozenset[str]:
    return frozenset(listed(table("envelopes")[section][name]))


def key_words(key: str) -> str:
    """A key as the word lists spell it, without regard to capitals and underscores."""
    return " ".join(key.lower().replace("_", " ").replace("-", " ").split())


def records_in(value: Any) -> Found | None:
    """The products of a JSON value; None when there is no object in it."""
    candidates = list(_candidates(value, ()))
    if not candidates:
        return None
    scored = {path: score for score, path in reversed(candidates)}
    _, path = max(((score, -place), path) for place, (score, path) in enumerate(candidates))
    paths = [path, *_beside(path, scored)]
    items = [item for each in paths for item in _at(value, each)]
    records = [unwrapped(item) for item in items if isinstance(item, dict)]
    return Found(records, _likeness_of(records), path, len(items) - len(records))


def _beside(path: Path, scored: Mapping[Path, tuple[float, int]]) -> list[Path]:
    """Further lists of products in the same object: {"stools": [...], "lamps": [...]}."""
    if len(path) < 2 or path[-1] != EACH:
        return []
    inner = path[:-2]
    return [
        other
        for other, (likeness, _) in scored.items()
        if other != path
        and len(other) == len(path)
        and other[:-2] == inner
        and likeness >= 2
        and other[-1] == EACH
    ]


# ---- where ----------------------------------------------------------------------------------------


def _candidates(value: Any, path: Path) -> Iterator[tuple[tuple[float, int], Path]]:
    """(likeness, length) and path of every list of objects, from the outside in."""
    if len(path) > _DEEPEST:
        return
    if isinstance(value, list):
        records = [item for item in value[:_SAMPLED] if isinstance(item, dict)]
        if records:
            yield _score(records, (*path, EACH), len(value)), (*path, EACH)
        for item in records:
            yield from _below(item, (*path, EACH))
        for inner in value[:_SAMPLED]:
            if isinstance(inner, list):
                yield from _candidates(inner, (*path, EACH))
    elif isinstance(value, dict):
        inner = [item for item in list(value.values())[:_SAMPLED] if isinstance(item, dict)]
        if len(inner) >= 2 and len(inner) == min(len(value), _SAMPLED) and _likeness_of(inner) >= 1:
            yield _score(inner, (*path, KEYED), len(value)), (*path, KEYED)
        if not path:
            yield _score([value], path, 1), path
        yield from _below(value, path)


def _below(value: Record, path: Path) -> Iterator[tuple[tuple[float, int], Path]]:
    is_product = has_title(value)
    for key, inner in value.items():
        if is_product and key_words(key) in words("lists", "parts"):
            continue  # variants and offers of a product are no products
        if isinstance(inner, dict | list) and inner:
            yield from _candidates(inner, (*path, key))


def _score(records: Sequence[Record], path: Path, length: int) -> tuple[float, int]:
    """Likeness with what the keys on the way say, then length. Parts of a product are no products."""
    keys = [key_words(key) for key in path if key not in (EACH, KEYED)]
    likeness = _likeness_of([unwrapped(record) for record in records])
    if not likeness:
        return 0.0, length if not any(key in words("lists", "parts") for key in keys) else 0
    if keys and keys[-1] in words("lists", "products"):
        likeness += 0.5
    if any(key in words("lists", "others") for key in keys[-1:]) or "orders" in keys:
        likeness -= 1.5
    return likeness, length


def _at(value: Any, path: Path) -> Iterator[Any]:
    """Every value at a path."""
    if not path:
        yield value
        return
    step, rest = path[0], path[1:]
    if step == EACH and isinstance(value, list):
        for item in value:
            yield from _at(item, rest) if rest else (item,)
    elif step == KEYED and isinstance(value, dict):
        for key, item in value.items():
            yield from _at({"id": key, **item} if isinstance(item, dict) else item, rest)
    elif isinstance(value, dict) and step in value:
        yield from _at(value[step], rest)


# ---- what the items hold --------------------------------------------------------------------------


def _likeness_of(records: Sequence[Record]) -> float:
    """The mean of the items' likeness to a product: a title 1, a price 1.5, a code, brand or picture 0.25."""
    sample = records[:_SAMPLED]
    return sum(map(_likeness, sample)) / len(sample) if sample else 0.0


def _likeness(record: Record) -> float:
    if not has_title(record):
        return 0.0
    extras = ("id", "brand", "image", "description")
    more = sum(any(headers.claim(key, meaning) >= headers.EXACT for key in record) for meaning in extras)
    return 1.0 + 1.5 * has_price(record) + 0.1 * more


def has_title(record: Record) -> bool:
    """Whether a key names a title and holds one (or one a language)."""
    return any(
        headers.claim(key, "title") >= headers.EXACT
        and (bool(value) if isinstance(value, dict) else isinstance(value, str) and _is_worded(value))
        for key, value in record.items()
    )


def _is_worded(value: str) -> bool:
    """Whether a text can be a title: not empty, and no path of a service ('accounts/1/products/a')."""
    return bool(value.strip()) and (value.count("/") < 2 or " " in value.strip())


def has_price(value: Any, depth: int = 4) -> bool:
    """Whether an object holds a price: under a key of its own, of an object in it, or of its variants."""
    if isinstance(value, list):
        return any(has_price(item, depth - 1) for item in value[:2])
    if not isinstance(value, dict) or depth == 0:
        return False
    for key, inner in value.items():
        if headers.claim(key, "price") >= PRICE_LIKE and inner not in (None, "", [], {}):
            return True
        is_within = isinstance(inner, dict) or (isinstance(inner, list) and _is_part(key))
        if is_within and has_price(inner, depth - 1):
            return True
    return False


def _is_part(key: str) -> bool:
    bare = key_words(key)
    return bare in words("lists", "parts") or bare in ("edges", "nodes", "variations")


def unwrapped(record: Record) -> Record:
    """{'node': {...}} -> {...}: an object without a title of its own that holds one object with it; what
    stands beside it (a price, a score) is kept."""
    if has_title(record):
        return record
    wrappers = words("parts", "wrappers")
    inner = [
        value
        for key, value in record.items()
        if isinstance(value, dict) and key_words(key) in wrappers and has_title(value)
    ]
    if len(inner) != 1:
        return record
    outer = {key: value for key, value in record.items() if value is not inner[0] and key not in inner[0]}
    return {**outer, **inner[0]}
