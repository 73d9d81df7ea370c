"""A call whose facets a careless reader got wrong: another value, another facet of the same unit, or what is
not wanted taken for what is wanted.

    memory=16  ->  memory=8, storage=16          not_colour='red'  ->  colour='red'
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from muse_core.catalog.facets import number_of
from muse_core.tools.base import facet_place
from muse_core.tools.call_syntax import in_order
from muse_core.types import Facet, JsonValue, ToolCall

_NOT = "not_"


def misread_facet(call: ToolCall, facets: Sequence[Facet], rng: np.random.Generator) -> ToolCall | None:
    """The call with one facet or one exclusion misread; None where it has neither, and in about half of the
    others, so that its other arguments are got wrong as well."""
    by_name = {facet.name: facet for facet in facets}
    names = [name for name in call.arguments if name.startswith(_NOT) or facet_place(name)[0] in by_name]
    others = len(call.arguments) - len(names)
    if not names or (others and rng.random() < 0.5):
        return None
    name = names[int(rng.integers(len(names)))]
    makers: list[Callable[..., dict[str, JsonValue] | None]] = [_other_value, _other_name]
    for at in rng.permutation(len(makers)):
        wrong = makers[int(at)](name, call.arguments[name], by_name, rng)
        if wrong is not None and not (wrong.keys() - {name}) & call.arguments.keys():
            kept = {key: value for key, value in call.arguments.items() if key != name}
            return replace(call, arguments=in_order(call.name, kept | wrong))
    return None


def _other_value(
    name: str, value: JsonValue, facets: Mapping[str, Facet], rng: np.random.Generator
) -> dict[str, JsonValue] | None:
    """Another value of the same argument."""
    facet = facets.get(facet_place(name)[0])
    if isinstance(value, bool):
        return {name: not value}
    if isinstance(value, int | float):
        changed = _other_number(value, facet, name, rng)
        return {name: changed} if changed != value else None
    if facet is None:
        return None
    said = value if isinstance(value, list) else [value]
    others = [one for one in facet.values if one not in said]
    return {name: others[int(rng.integers(len(others)))]} if others else None


def _other_number(value: float, facet: Facet | None, name: str, rng: np.random.Generator) -> float:
    """Half of it or twice as much, on the side that lets other products in."""
    factor = 2.0 if name.startswith("max_") else 0.5 if name.startswith("min_") else rng.choice((0.5, 2.0))
    changed = float(value * factor)
    ends = [found[0] for end in facet.values if (found := number_of(end))] if facet else []
    if ends and not ends[0] <= changed <= ends[-1]:
        changed = float(value / factor)
    return int(changed) if changed.is_integer() else changed


def _other_name(
    name: str, value: JsonValue, facets: Mapping[str, Facet], rng: np.random.Generator
) -> dict[str, JsonValue] | None:
    """The same value in another argument: of another facet of this unit, or wanted instead of unwanted."""
    if name.startswith(_NOT) and name not in facets:
        return {name.removeprefix(_NOT): value}
    facet = facets[facet_place(name)[0]]
    alike = [
        one.name for one in facets.values() if one.unit == facet.unit and one.kind == facet.kind == "number"
    ]
    alike = [one for one in alike if one != facet.name]
    if not alike:
        return None
    other = alike[int(rng.integers(len(alike)))]
    return {name.replace(facet.name, other): value}
