"""What a shopper asks of a shop's own facets, in any shop: a value that the target has, a limit that it
meets, what it must not be, and two values of which one will do.

    {"processor": "intel core i5"}   {"memory": 16}   {"min_memory": 8}   {"touchscreen": True}
    {"not_colour": "red"}            {"colour": ["red", "maroon"]}

Names and values are the shop's; nothing here knows one. Numbers are those that the products of the type have,
where these are few, and round ones where they are many.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from muse_core.catalog.facets import YES, number_of
from muse_core.dialogue import shares
from muse_core.types import Facet, Product

FEW = 24  # different numbers of a type that shoppers know by heart
_EXACT, _AT_LEAST, _AT_MOST = 0.5, 0.32, 0.12  # of numbers; the rest is a range
_ROUND = (1, 1.2, 1.5, 1.8, 2, 2.5, 3, 4, 5, 6, 7, 8, 9)
_LONGEST, _MOST_WORDS = 28, 4  # of a choice that people type
_MARKS = frozenset("[]{}<>|()/;:\"'")
_WORDED = ("colour", "brand", "material")  # our fields that are excluded, or asked for as one of two
EITHER_OF = (*_WORDED, "occasion")
_ALTERNATIVES = 8  # of values of a type that come to mind


@dataclass(frozen=True)
class Variety:
    """What the products of each type have. `words`: (type, field or facet) -> values, most frequent first;
    `numbers`: (type, facet) -> different numbers, ascending."""

    words: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    numbers: Mapping[tuple[str, str], tuple[float, ...]] = field(default_factory=dict)


def variety_of(products: Iterable[Product], facets: Mapping[str, Facet]) -> Variety:
    """Read once from a catalogue."""
    words: dict[tuple[str, str], Counter[str]] = {}
    numbers: dict[tuple[str, str], set[float]] = {}
    for product in products:
        kind = product.product_type
        for name in EITHER_OF:
            value = getattr(product, name)
            if value:
                words.setdefault((kind, name), Counter())[value] += 1
        for name, values in product.facets.items():
            if facets[name].kind == "number":
                numbers.setdefault((kind, name), set()).update(_numbers(values))
            elif facets[name].kind == "choice":
                words.setdefault((kind, name), Counter()).update(filter(is_sayable, values))
    return Variety(
        {key: tuple(value for value, _ in found.most_common()) for key, found in words.items()},
        {key: tuple(sorted(found)) for key, found in numbers.items()},
    )


def _numbers(values: Iterable[str]) -> list[float]:
    return [found[0] for value in values if (found := number_of(value)) is not None]


def is_sayable(value: str) -> bool:
    """A value short enough to type, without marks that belong to our own notation."""
    return len(value) <= _LONGEST and len(value.split()) <= _MOST_WORDS and not set(value) & _MARKS


def wanted(facets: Mapping[str, Facet], product: Product) -> dict[str, float]:
    """The facets that this product can be asked for by, with their weights."""
    return {name: weight for name in product.facets if (weight := _weight(facets[name], product)) > 0}


def _weight(facet: Facet, product: Product) -> float:
    values = product.facets[facet.name]
    if facet.kind == "yes_no":
        return 1.0 if YES in values else shares.LACKED
    return float(facet.kind == "number" or any(map(is_sayable, values)))


def limit_on(facet: Facet, product: Product, variety: Variety, rng: np.random.Generator) -> dict[str, Any]:
    """The arguments of one facet; the product meets them."""
    values = product.facets[facet.name]
    if facet.kind == "yes_no":
        return {facet.name: YES in values}
    if facet.kind == "choice":
        return {facet.name: _one([value for value in values if is_sayable(value)], rng)}
    number = _one(_numbers(values), rng)
    known = variety.numbers.get((product.product_type, facet.name), (number,))
    return _numeric(facet.name, number, known, rng)


def _numeric(name: str, number: float, known: Sequence[float], rng: np.random.Generator) -> dict[str, Any]:
    is_few = len(known) <= FEW and all(map(_is_spoken, known))
    point = rng.random()
    if number <= 0 or (len(known) == 1 and is_few) or (is_few and point < _EXACT):
        return {name: plain(number)}
    point = point if is_few else _EXACT + point * (1 - _EXACT)
    lower = _below(number, known, is_few, rng)
    upper = _above(number, known, is_few, rng)
    if point < _EXACT + _AT_LEAST:
        return {f"min_{name}": lower}
    if point < _EXACT + _AT_LEAST + _AT_MOST or lower >= upper:
        return {f"max_{name}": upper}
    return {f"min_{name}": lower, f"max_{name}": upper}


def _is_spoken(number: float) -> bool:
    """15.6 and 0.25 are said as they are, 6.56 is not."""
    return any(abs(number * parts - round(number * parts)) < 1e-9 for parts in (10, 4))


def _below(number: float, known: Sequence[float], is_few: bool, rng: np.random.Generator) -> float | int:
    """A limit at the number or a little below it."""
    if is_few:
        at = bisect_right(known, number) - 1
        return plain(known[max(0, at - int(rng.random() * 2))])
    wished = number * (0.7 + 0.3 * rng.random())
    step = _power_below(wished)
    return plain(step * _ROUND[bisect_right(_ROUND, wished / step * (1 + 1e-12)) - 1])


def _above(number: float, known: Sequence[float], is_few: bool, rng: np.random.Generator) -> float | int:
    """A limit at the number or a little above it."""
    if is_few:
        at = bisect_left(known, number)
        return plain(known[min(len(known) - 1, at + int(rng.random() * 2))])
    wished = number * (1 + 0.3 * rng.random())
    step = _power_below(wished)
    at = bisect_left(_ROUND, wished / step * (1 - 1e-12))
    return plain(step * (_ROUND[at] if at < len(_ROUND) else 10))


def _power_below(number: float) -> float:
    return float(10.0 ** np.floor(np.log10(number)))


def plain(number: float) -> int | float:
    """16.0 -> 16; ten digits of any other."""
    return int(number) if float(number).is_integer() else float(f"{number:.10g}")


def _one(values: Sequence[Any], rng: np.random.Generator) -> Any:
    return values[int(rng.random() * len(values))]


# ---- one of two, and anything but -----------------------------------------------------------------


def either(
    given: Mapping[str, Any], product: Product, variety: Variety, rng: np.random.Generator
) -> dict[str, Any]:
    """`given` with one of its words as two of which one will do; as it was where nothing else is known."""
    open_names = (*EITHER_OF, *product.facets)
    words = [name for name, value in given.items() if name in open_names and isinstance(value, str)]
    names = [name for name in words if _others(name, product, variety)]
    if not names:
        return dict(given)
    name = _one(names, rng)
    pair = [given[name], _one(_others(name, product, variety), rng)]
    if pair[0] == pair[1]:
        return dict(given)
    return {**given, name: pair if rng.random() < 0.6 else pair[::-1]}


def _others(name: str, product: Product, variety: Variety) -> list[str]:
    """Values of the type that come to mind and that the product does not have."""
    own = _own_words(name, product)
    known = variety.words.get((product.product_type, name), ())[: _ALTERNATIVES + 1]
    return [value for value in known if is_sayable(value) and not own & set(value.lower().split())]


def _own_words(name: str, product: Product) -> set[str]:
    values = product.facets.get(name) or (getattr(product, name, None) or "",)
    return {word for value in values for word in value.lower().split()}


def exclusion(
    said: Mapping[str, Any],
    product: Product,
    variety: Variety,
    facets: Mapping[str, Facet],
    rng: np.random.Generator,
) -> dict[str, Any]:
    """`{"not_colour": "red"}`: something that other products of the type are and this one is not, of a field
    or a choice that nothing was said of; {} where there is none."""
    open_names = [
        name
        for name in (*_WORDED, *(name for name in product.facets if facets[name].kind == "choice"))
        if not any(given in said for given in (name, f"not_{name}"))
    ]
    choices = {name: found for name in open_names if (found := _unwanted(name, product, variety))}
    if not choices:
        return {}
    name = _one(list(choices), rng)
    values = [choices[name][int(at)] for at in rng.permutation(len(choices[name]))[:2]]
    is_two = len(values) > 1 and rng.random() < shares.TWO_EXCLUDED
    return {f"not_{name}": values if is_two else values[0]}


def _unwanted(name: str, product: Product, variety: Variety) -> list[str]:
    """Of what the others are, what this one's title does not name either."""
    if not _own_words(name, product):
        return []  # it might be just that
    title = product.title.lower()
    return [value for value in _others(name, product, variety) if value.lower() not in title]
