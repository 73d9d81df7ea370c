"""The facets of a catalogue, read off its products: what the tools of this shop can be asked for.

A product says `{"memory": ("16 gb",), "processor": ("intel core i5",)}`. A facet whose
values are all numbers of one unit is a number, one of yes and no is yes/no, any other a choice.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain

from muse_core.types import Facet, Product

YES, NO = "yes", "no"
_NUMBER = re.compile(r"(-?\d+(?:\.\d+)?)(?: (\S.*))?")


def number_of(value: str) -> tuple[float, str] | None:
    """ "15.6 inch" -> (15.6, "inch"), "5" -> (5.0, ""); None for what is no number."""
    match = _NUMBER.fullmatch(value)
    return (float(match[1]), match[2] or "") if match else None


def number_text(number: float, unit: str = "") -> str:
    """The inverse of `number_of`."""
    return f"{number:.10g} {unit}".strip()


def facets_of(products: Sequence[Product]) -> tuple[Facet, ...]:
    """The facets of these products: those that most products have first, equal ones by name."""
    told = Counter(chain.from_iterable(product.facets.items() for product in products))
    counts: dict[str, Counter[str]] = {}
    having: Counter[str] = Counter()
    for (name, values), n in told.items():
        having[name] += n
        of_name = counts.setdefault(name, Counter())
        for value in values:
            of_name[value] += n
    found = [_facet(name, counts[name], having[name] / len(products)) for name in counts]
    return tuple(sorted(found, key=lambda facet: (-facet.share, facet.name)))


def _facet(name: str, counts: Counter[str], share: float) -> Facet:
    numbers = [number_of(value) for value in counts]
    known = [number for number in numbers if number is not None]
    units = {unit for _, unit in known}
    if len(known) == len(numbers) and len(units) == 1:
        ends = (min(known), max(known))
        return Facet(name, "number", units.pop(), tuple(number_text(*end) for end in ends), share)
    if counts.keys() <= {YES, NO}:
        return Facet(name, "yes_no", "", (YES, NO), share)
    return Facet(name, "choice", "", _by_count(counts), share)


def _by_count(counts: Counter[str]) -> tuple[str, ...]:
    return tuple(sorted(counts, key=lambda value: (-counts[value], value)))


def shown(facets: Iterable[Facet]) -> str:
    """As the model reads them: `memory (gb), processor, touchscreen (yes/no)`."""
    return ", ".join(_shown(facet) for facet in facets)


def _shown(facet: Facet) -> str:
    told = facet.unit or "number" if facet.kind == "number" else "yes/no" if facet.kind == "yes_no" else ""
    return f"{facet.name} ({told})" if told else facet.name
