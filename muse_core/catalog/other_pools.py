"""What other shops are made of, parted into train, dev and test by hash: no noun, brand or facet is on two.

A noun stands where its last word does, so that `side table` and `card table` are on one side. What the
lexicon knows is train's: the user's own shop may sell it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from muse_core.catalog.tables import table
from muse_core.catalog.words import stem, stems
from muse_core.language import lexicon, shop_facets, shop_nouns
from muse_core.language.made_words import made_name, made_word
from muse_core.language.shop_facets import Recipe
from muse_core.records import side_of
from muse_core.types import Side


@dataclass(frozen=True)
class Kind:
    """A kind of shop. `nouns` and `facets`: names of pools; `is_plain`: nobody asks for a colour there."""

    nouns: tuple[str, ...]
    facets: tuple[str, ...]
    low: int
    high: int
    materials: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    genders: tuple[str, ...] = ()
    occasions: tuple[str, ...] = ()
    is_plain: bool = False


@cache
def kinds() -> tuple[Kind, ...]:
    """Every kind, in the order of the file."""
    return tuple(_kind(row) for row in table("other_shops")["kind"])


def _kind(row: Mapping[str, Any]) -> Kind:
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in row.items()
    }
    return Kind(is_plain=bool(values.pop("plain", False)), **values)


def words(name: str) -> tuple[str, ...]:
    """Words of titles and descriptions."""
    return tuple(table("other_shops")[name])


# ---- sides ----------------------------------------------------------------------------------------


def side_of_noun(noun: str) -> Side:
    """The side of a noun's last word."""
    head = stems(noun)[-1]
    return "train" if head in _own_heads() else side_of(f"noun {head}")


@cache
def _own_heads() -> frozenset[str]:
    said = (
        form
        for noun in lexicon.values("product_type")
        for form in lexicon.surfaces("product_type", noun, "en")
    )
    return frozenset(stems(form)[-1] for form in said)


def side_of_facet(name: str) -> Side:
    """The side of a facet's name."""
    return side_of(f"facet {name}")


@cache
def nouns(kind: Kind, side: Side) -> tuple[str, ...]:
    """The nouns of a kind on a side."""
    known = shop_nouns.by_kind()
    return tuple(noun for pool in kind.nouns for noun in known[pool] if side_of_noun(noun) == side)


@cache
def recipes(kind: Kind, side: Side) -> tuple[Recipe, ...]:
    """The facets of a kind on a side, those of its own first."""
    return _on(side, (one for pool in kind.facets if pool != "parts" for one in shop_facets.by_kind()[pool]))


@cache
def general_recipes(side: Side) -> tuple[Recipe, ...]:
    """The facets that any shop may have, and those that measure a part."""
    return _on(side, (one for pool in ("any", "parts") for one in shop_facets.by_kind()[pool]))


def _on(side: Side, found: Iterable[Recipe]) -> tuple[Recipe, ...]:
    return tuple(one for one in dict.fromkeys(found) if side_of_facet(one.name) == side)


# ---- made -----------------------------------------------------------------------------------------


def new_noun(side: Side, rng: np.random.Generator) -> str:
    """A made noun of a side."""
    return _made(made_word, lambda word: side_of(f"noun {stem(word)}"), side, rng)


def new_brand(side: Side, rng: np.random.Generator) -> str:
    """A made brand of a side."""
    return _made(made_name, lambda name: side_of(f"brand {name}"), side, rng)


def new_value(side: Side, rng: np.random.Generator) -> str:
    """A made word for a choice, of a side."""
    return _made(made_word, lambda word: side_of(f"value {word}"), side, rng)


def _made(
    make: Callable[[np.random.Generator], str],
    sided: Callable[[str], Side],
    side: Side,
    rng: np.random.Generator,
) -> str:
    while True:
        found = make(rng)
        if sided(found) == side:
            return found
