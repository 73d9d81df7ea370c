"""The synthetic shop's shelves, read from `shelves.toml`: one entry per product type. One real entry::

[[shelf]]
noun = "belt"
category = "fashion"
outline = "belt"                  # how it is drawn, see outlines.toml
low = 299                         # INR, prices are log-uniform between low and high
high = 2499
colours = ["black", "brown", "navy blue", "grey", "maroon", "beige"]
materials = ["leather", "canvas"]
occasions = ["formal", "casual"]
genders = ["men", "women"]
styles = ["Textured", "Reversible", "Solid"]
facets = { pattern = ["solid", "textured"], warranty = ["1 year", "2 year"] }
weight = 2                        # the type's share of the shop
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from muse_core.catalog.tables import table


@dataclass(frozen=True)
class Shelf:
    """One product type of the shop. `styles` are words of the title; `facets` has the values of each."""

    noun: str
    category: str
    outline: str
    low: int
    high: int
    colours: tuple[str, ...]
    materials: tuple[str, ...] = ()
    occasions: tuple[str, ...] = ()
    genders: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    facets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    weight: int = 2


@cache
def shelves() -> tuple[Shelf, ...]:
    """Every type that the shop sells, in the order of the file."""
    rows = table("shelves")["shelf"]
    return tuple(_shelf(row) for row in rows)


def _shelf(row: dict[str, Any]) -> Shelf:
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in row.items()
    }
    values["facets"] = {name: tuple(known) for name, known in row["facets"].items()}
    return Shelf(**values)


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue, 0 to 255."""
    red, green, blue = table("shelves")["colours"][colour]
    return red, green, blue


def brands(category: str) -> tuple[str, ...]:
    """The invented brands of a shelf."""
    return tuple(table("shelves")["brands"][category])


@cache
def told_by_styles() -> dict[str, tuple[str, str]]:
    """Style word of a title -> the facet and the value that it tells: `Slim Fit` -> ("fit", "slim")."""
    return {style: (name, value) for style, (name, value) in table("shelves")["told"].items()}


def words(name: str) -> tuple[str, ...]:
    """Words for titles and descriptions: `first`, `last` (book names), `series`, `praise`."""
    return tuple(table("shelves")["words"][name])
