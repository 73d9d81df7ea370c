"""Facets of shops of many kinds: their values, and how Hindi says their names (`shop_facets.toml`).

Recipe("blade_length", "number", "cm", ("5", "8", ...), "ब्लेड की लंबाई")
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from muse_core.language.word_lists import read_words
from muse_core.types import FacetKind

_COUNT, _HAS, _IS = "#", "yes/no", "is/not"
_PARTS = "parts"


@dataclass(frozen=True)
class Recipe:
    """`values`: the numbers of a number, the words of a choice, none of yes/no. `is_adjective`: a product
    is so (`foldable`), where others have it (`night mode`)."""

    name: str
    kind: FacetKind
    unit: str
    values: tuple[str, ...]
    hindi: str
    is_adjective: bool = False


@cache
def by_kind() -> Mapping[str, tuple[Recipe, ...]]:
    """The recipes of each kind of shop; "any" suit every shop, "parts" measure a part."""
    kinds = read_words("shop_facets")["kinds"]
    return {
        kind: tuple(_recipe(line) for line in text.strip().split("\n")) for kind, text in kinds.items()
    } | {_PARTS: tuple(_of_parts())}


def recipe(name: str) -> Recipe | None:
    """The facet of a name; None for one that is not here."""
    return _all().get(name)


@cache
def _all() -> dict[str, Recipe]:
    return {one.name: one for recipes in by_kind().values() for one in recipes}


def _of_parts() -> Iterator[Recipe]:
    data = read_words("shop_facets")
    for part in data["parts"].replace("\n", " ").split(","):
        name, hindi = (word.strip() for word in part.split(":"))
        for measure, told in data["measures"].items():
            values, _, measured = told.partition(": ")
            yield _recipe(f"{name}_{measure}: {values}: {hindi} {measured}")


def _recipe(line: str) -> Recipe:
    name, values, hindi = (part.strip() for part in line.split(":"))
    if values in (_HAS, _IS):
        return Recipe(name, "yes_no", "", (), hindi, values == _IS)
    first, *numbers = values.split()
    if numbers and all(number[0].isdigit() for number in numbers):
        return Recipe(name, "number", "" if first == _COUNT else first, tuple(numbers), hindi)
    return Recipe(name, "choice", "", tuple(word.strip() for word in values.split(",")), hindi)
