"""Which of the columns that could be facets tell most, and which only say again what is known.

A column's worth is the entropy of its values times the share of products that have one (Shannon 1948), less
where nearly each product has its own. A column that repeats a field of the product or another column, cuts
prices into ranges or is part of the title is left out; the finer of two where the values of one hold those
of the other ("intel core i5" beside "intel core i5-8265u") comes late.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log2

from muse_core.catalog import cells
from muse_core.catalog.column_values import is_bare_colour
from muse_core.catalog.facet_cells import Values, fold
from muse_core.types import Product

SAMPLE = 1000  # products that likeness is judged by
_SAME, _MOSTLY = 0.9, 0.6
_BITS_OF_A_NUMBER = 2.0  # a shopper cuts it in about four, however finely it is measured
_FINER = 0.1  # what the finer of two such columns is worth
_FIELDS = ("brand", "category", "product_type", "gender", "material", "occasion", "title")


@dataclass(frozen=True)
class Candidate:
    """A column that could be a facet: its values by product, in the order of the products."""

    header: str
    kind: str
    values: Sequence[Values]


def ranked(candidates: Sequence[Candidate], products: Sequence[Product]) -> tuple[list[str], dict[str, str]]:
    """(headers of columns that tell something, the most telling first; header -> why another is left out)."""
    step = max(1, len(products) // SAMPLE)
    seen, left = products[::step], dict[str, str]()
    kept: list[Candidate] = []
    for one in candidates:
        sample = Candidate(one.header, one.kind, one.values[::step])
        why = _repeats_product(sample, seen) or next(
            (f"like the column {other.header!r}" for other in kept if _is_same(sample, other)), None
        )
        if why:
            left[one.header] = why
        else:
            kept.append(sample)
    names = {sample.header for sample in kept}
    worth = {one.header: _worth(one) for one in candidates if one.header in names}
    for one in kept:
        if any(_is_finer(one, other) for other in kept if other is not one):
            worth[one.header] *= _FINER
    order = sorted(worth, key=lambda header: -worth[header])  # equal ones in the file's order
    return order, left


def _worth(one: Candidate) -> float:
    """Bits that a product's value tells, over all products."""
    counts = Counter(one.values)
    unknown = counts.pop((), 0)
    if one.kind == "yes_no" and len(counts) == 1:
        counts[()] = unknown  # only yes is written: nothing is no
        unknown = 0
    known = sum(counts.values())
    entropy = -sum(n / known * log2(n / known) for n in counts.values())
    if one.kind == "number":
        entropy = min(entropy, _BITS_OF_A_NUMBER)
    mentions = sum(n * len(values) for values, n in counts.items())
    different = len({value for values in counts for value in values})
    own = different / mentions if one.kind == "choice" else 0.0
    return entropy * (1 - own) * known / (known + unknown)


# ---- against the product's own fields --------------------------------------------------------------


def _repeats_product(one: Candidate, products: Sequence[Product]) -> str | None:
    rows = [(values, product) for values, product in zip(one.values, products, strict=True) if values]
    if one.kind == "choice":
        for name in _FIELDS:
            pairs = Counter((values, getattr(product, name)) for values, product in rows)
            same = sum(n for (values, field), n in pairs.items() if _equals(values, field))
            if rows and same >= _SAME * len(rows):
                return f"like the {name.replace('_', ' ')}"
        if _is_colour_again(rows):
            return "like the colour"
        different = len({values for values, _ in rows})
        held = sum(set(fold(values[0])) <= set(fold(product.title)) for values, product in rows)
        if different > 0.3 * len(rows) and held >= _MOSTLY * len(rows):
            return "part of the product's name"
    if one.kind != "yes_no" and _cuts_prices(rows):
        return "ranges of the price"
    return None


def _equals(values: Values, field: str | None) -> bool:
    return field is not None and fold(values[0]) == fold(field)


def _is_colour_again(rows: Sequence[tuple[Values, Product]]) -> bool:
    """Whether the values are colours that the product's colour decides: its family, its name."""
    pairs = Counter((product.colour, values[0]) for values, product in rows if product.colour)
    coloured = pairs.total()
    if coloured < _MOSTLY * len(rows):
        return False
    if sum(n for (colour, value), n in pairs.items() if cells.colour(value) == colour) >= _SAME * coloured:
        return True
    if sum(n for (_, value), n in pairs.items() if is_bare_colour(value)) < 0.8 * coloured:
        return False
    usual: dict[str | None, int] = {}
    for (colour, _), n in pairs.items():
        usual[colour] = max(usual.get(colour, 0), n)
    return sum(usual.values()) >= _SAME * coloured


def _cuts_prices(rows: Sequence[tuple[Values, Product]]) -> bool:
    """Whether products in the order of their prices have the values in runs."""
    priced = sorted(
        ((product.price, values) for values, product in rows if product.price is not None),
        key=lambda pair: pair[0],
    )
    different, prices = len({values for _, values in priced}), len({price for price, _ in priced})
    if len(priced) < 20 or not 3 <= different <= prices / 3:
        return False
    changes = sum(one[1] != other[1] for one, other in pairwise(priced))
    return changes <= 1.5 * different


# ---- against other columns -------------------------------------------------------------------------


def _is_same(one: Candidate, other: Candidate) -> bool:
    """Whether two columns say the same of nearly every product; two of yes and no may by chance."""
    if one.kind != other.kind or one.kind == "yes_no":
        return False
    both = [(a, b) for a, b in zip(one.values, other.values, strict=True) if a and b]
    different = {a for a, _ in both}
    if len(both) < 0.5 * len(one.values) or len(different) < (3 if one.kind == "choice" else 5):
        return False
    return sum(_folded(a) == _folded(b) for a, b in both) >= _SAME * len(both)


def _is_finer(one: Candidate, other: Candidate) -> bool:
    """Whether the values of a choice hold those of another that has fewer."""
    if one.kind != "choice" or other.kind != "choice":
        return False
    pairs = Counter((a, b) for a, b in zip(one.values, other.values, strict=True) if a and b)
    if not pairs or len({a for a, _ in pairs}) <= len({b for _, b in pairs}):
        return False
    held = sum(n for (a, b), n in pairs.items() if set(fold(b[0])) < set(fold(a[0])))
    return held >= _MOSTLY * sum(pairs.values())


def _folded(values: Values) -> frozenset[tuple[str, ...]]:
    return frozenset(map(fold, values))
