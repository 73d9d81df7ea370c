"""Whether any call can pass a case: the accepted values held against the tool's own schema.

A value is what it says, not how it is written: `"2000"` for a price is passed by `max_price=2000`. A
price of `"cheap"`, nine stars, positions that are no list, a search without a query: no call that the tool
takes says so, and a model would be wrong whatever it did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from muse_core.scoring.normal import NUMBER_SLOTS, one_number, same_value
from muse_core.tools.shop_schema import PLAIN, ShopSchema, schema_of
from muse_core.tools.toolbox import per_tools
from muse_core.types import Facet, JsonValue

SHOWN_CHARS = 60


def impossible(
    tool: str, accepted: Mapping[str, Sequence[JsonValue]], schema: ShopSchema = PLAIN
) -> list[str]:
    """Why no call of the tool has accepted values for all arguments and no others; [] when one has."""
    problems: list[str] = []
    call: dict[str, JsonValue] = {}
    for name, values in accepted.items():
        wanted = [value for value in values if value is not None and value != ""]
        fit = next((one for value in wanted for one in _takes(tool, name, value, schema)), None)
        if fit is not None:
            call[name] = fit
        elif wanted and len(wanted) == len(values):
            problems.append(f"no call can pass: {_why(tool, name, wanted, schema)}")
    if not problems and (refused := schema.refusals(tool, call)):
        problems.append(f"no call can pass: {tool}: {'; '.join(refused.values())}")
    return problems


def _takes(tool: str, name: str, value: JsonValue, schema: ShopSchema) -> Iterator[JsonValue]:
    """Values that the tool takes and that count as this one."""
    for one in _ways(tool, name, value, schema):
        if same_value(name, value, one) and name not in schema.refusals(tool, {name: one}):
            yield one


def _ways(tool: str, name: str, value: JsonValue, schema: ShopSchema) -> Iterator[JsonValue]:
    """The value as it is written, and as a call would write it."""
    yield value
    if isinstance(value, bool):
        return
    if name in NUMBER_SLOTS and isinstance(value, str) and (said := one_number(value)) is not None:
        yield said
    elif isinstance(value, int | float):
        yield f"{value:g}"
    elif isinstance(value, list):
        yield [int(str(one).removesuffix(".0")) for one in value if str(one).removesuffix(".0").isdecimal()]
    yield from _choices(schema.facets).get((tool, name), ())


@per_tools
def _choices(facets: tuple[Facet, ...]) -> dict[tuple[str, str], list[JsonValue]]:
    """The values of arguments that have a fixed list of them, in a shop with these facets."""
    found: dict[tuple[str, str], list[JsonValue]] = {}
    for described in schema_of(facets).as_json():
        for name, entry in described["parameters"]["properties"].items():
            for part in entry.get("anyOf", [entry]):
                found.setdefault((described["name"], name), []).extend(part.get("enum", ()))
    return found


def _why(tool: str, name: str, values: Sequence[Any], schema: ShopSchema) -> str:
    told = schema.refusals(tool, {name: values[0]}).get(name, "it counts as no value that the tool takes")
    shown = ", ".join(map(repr, values))
    shown = shown if len(shown) <= SHOWN_CHARS else f"{shown[:SHOWN_CHARS]}…"
    lists = "; write each accepted list as one value, such as [[1, 2]]" if name == "items" else ""
    return f"{tool} takes {name} as none of {shown} ({told}){lists}"
