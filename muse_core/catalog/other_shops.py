"""Small shops of ever different shelves, for a share of the simulated conversations.

A model that has only seen the user's catalogue learns its few dozen nouns by heart and does not learn to
read (docs/decisions.md#many-shops). A shop is its name, `17-train-5`: seed, side and number give the same
products each time. It sells 25 to 60 products under a few nouns of one kind of trade, at times of none
that exists, with brands and facets of its own; a side shares none of these with another (`other_pools.py`).
Not covered: pictures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, get_args

import numpy as np

from muse_core.catalog import other_pools
from muse_core.catalog.facets import NO, YES
from muse_core.catalog.other_pools import Kind
from muse_core.catalog.product import Catalog
from muse_core.language import lexicon
from muse_core.language.shop_facets import Recipe
from muse_core.types import SIDES, Product, Side

Value = TypeVar("Value")

_SALT = 1907
_FEWEST, _MOST = 25, 60  # products
_MADE_NOUN, _FRONT_WORD = 0.25, 0.08  # of nouns
_OWN_FACET = 0.6  # of facets are of the kind of shop, where it has any on this side
_MADE_VALUES = 0.3  # of choices
_HAS_FACET, _KNOWN = 0.6, 0.92  # of a shop's nouns have a facet; of their products tell it
_HAS = {"prices": 0.97, "ratings": 0.8, "colours": 0.8, "materials": 0.7, "sizes": 0.7, "genders": 0.7}
_HAS |= {"occasions": 0.4, "styles": 0.5, "described": 0.4}
_COLOURS = 24  # of the lexicon's, the usual ones
_VISITED: Mapping[Side, int] = {"train": 24, "dev": 3, "test": 3}  # by a shard of conversations
_ENDINGS = (99, 49, 0, 90)


@dataclass(frozen=True)
class _Shelf:
    """One noun of a shop: what its products may be."""

    noun: str
    price: float
    colours: Sequence[str]
    materials: Sequence[str]
    sizes: Sequence[str]
    facets: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class _Trade:
    """What all products of a shop have in common. `has`: which fields it tells."""

    kind: Kind
    side: Side
    brands: Sequence[str]
    has: frozenset[str]
    ending: int
    noun_first: bool


def shop_name(seed: int, number: int, side: Side) -> str:
    """The name of a shop, by which it is made again."""
    return f"{seed}-{side}-{number}"


def shop_named(name: str) -> Catalog:
    """The shop of a name. ValueError for what is no name of one."""
    seed, _, rest = name.partition("-")
    side, _, number = rest.partition("-")
    if side not in get_args(Side) or not seed.isdigit() or not number.isdigit():
        raise ValueError(f"{name!r} names no shop; expected SEED-SIDE-NUMBER, for example 17-train-5")
    return other_shop(int(seed), int(number), side)  # type: ignore[arg-type]


def other_shop(seed: int, number: int, side: Side) -> Catalog:
    """A shop: always the same products for the same numbers and side."""
    rng = np.random.default_rng([_SALT, seed, number, SIDES.index(side)])
    kinds = other_pools.kinds()
    kind = kinds[int(rng.integers(len(kinds)))]
    nouns = _nouns(kind, side, 3 + int(rng.integers(6)), rng)
    facets = _facets(kind, side, 2 + int(rng.integers(7)), rng)
    brands = [other_pools.new_brand(side, rng) for _ in range(3 + int(rng.integers(6)))]
    has = frozenset(name for name, share in _HAS.items() if rng.random() < share)
    trade = _Trade(kind, side, brands, has, _one(_ENDINGS, rng), bool(rng.random() < 0.25))
    shelves = [_shelf(noun, trade, facets, rng) for noun in nouns]
    count = _FEWEST + int(rng.integers(_MOST - _FEWEST + 1))
    rows = [shelves[row % len(shelves)] for row in range(count)]
    return Catalog(tuple(_product(f"p{row + 1:03d}", shelf, trade, rng) for row, shelf in enumerate(rows)))


def visited(sides: Sequence[Side], seed: int, shard: int, share: float, count: int) -> Iterator[str | None]:
    """The shop of each of a shard's conversations, by its side; None for the user's own. A shard visits few
    of the `count` shops, so that few have to be made for it."""
    rng = np.random.default_rng([_SALT, seed, shard])
    for side in sides:
        is_other, one = rng.random() < share, int(rng.random() * _VISITED[side])
        yield shop_name(seed, (shard * _VISITED[side] + one) % count, side) if is_other else None


# ---- a shop's own ---------------------------------------------------------------------------------


def _nouns(kind: Kind, side: Side, count: int, rng: np.random.Generator) -> list[str]:
    """Different nouns, some made; all made where the kind has too few on this side."""
    known = other_pools.nouns(kind, side)
    drawn = [known[int(at)] for at in rng.permutation(len(known))]
    found: list[str] = []
    for _ in range(count):
        is_made = not drawn or rng.random() < _MADE_NOUN
        noun = other_pools.new_noun(side, rng) if is_made else drawn.pop()
        if not is_made and rng.random() < _FRONT_WORD:
            noun = f"{_one(other_pools.words('front_words'), rng)} {noun}"
        found.append(noun)
    return list(dict.fromkeys(found))


def _facets(kind: Kind, side: Side, count: int, rng: np.random.Generator) -> list[Recipe]:
    own, general = other_pools.recipes(kind, side), other_pools.general_recipes(side)
    found: dict[str, Recipe] = {}
    for _ in range(count):
        one = _one(own if own and rng.random() < _OWN_FACET else general, rng)
        found[one.name] = one
    return list(found.values())


def _shelf(noun: str, trade: _Trade, facets: Sequence[Recipe], rng: np.random.Generator) -> _Shelf:
    kind = trade.kind
    price = float(np.exp(rng.uniform(np.log(kind.low), np.log(kind.high))))
    colours = () if kind.is_plain or "colours" not in trade.has else _some(_colours(), 3, 8, rng)
    return _Shelf(
        noun,
        price,
        colours,
        _some(kind.materials, 2, 4, rng) if "materials" in trade.has else (),
        kind.sizes if "sizes" in trade.has else (),
        {one.name: _values(one, trade.side, rng) for one in facets if rng.random() < _HAS_FACET},
    )


def _colours() -> tuple[str, ...]:
    return lexicon.values("colour")[:_COLOURS]


def _values(recipe: Recipe, side: Side, rng: np.random.Generator) -> tuple[str, ...]:
    """What the products of one noun may have."""
    if recipe.kind == "yes_no":
        return YES, NO
    if recipe.kind == "number":
        numbers = sorted(_some(recipe.values, 3, 6, rng), key=float)
        return tuple(f"{number} {recipe.unit}".strip() for number in numbers)
    if rng.random() < _MADE_VALUES:
        return tuple(other_pools.new_value(side, rng) for _ in range(2 + int(rng.integers(3))))
    return _some(recipe.values, 2, 5, rng)


# ---- products -------------------------------------------------------------------------------------


def _product(product_id: str, shelf: _Shelf, trade: _Trade, rng: np.random.Generator) -> Product:
    kind, has = trade.kind, trade.has
    brand = _one(trade.brands, rng)
    colour, material = _maybe(shelf.colours, rng), _maybe(shelf.materials, rng)
    style = _one(other_pools.words("title_words"), rng) if "styles" in has and rng.random() < 0.5 else ""
    words = [style, (colour or "").title(), (material or "").title()]
    noun = shelf.noun.title()
    title = [noun, *words, brand] if trade.noun_first else [brand, *words, noun]
    return Product(
        product_id=product_id,
        title=" ".join(word for word in title if word),
        product_type=shelf.noun,
        category=kind.nouns[0],
        brand=brand,
        colour=colour,
        gender=_maybe(kind.genders, rng) if "genders" in has else None,
        sizes=_some(shelf.sizes, 1, 4, rng),
        material=material,
        occasion=_maybe(kind.occasions, rng) if "occasions" in has else None,
        price=_price(shelf.price, trade.ending, rng) if "prices" in has else None,
        rating=round(float(np.clip(rng.normal(4.0, 0.45), 2.4, 5.0)), 1) if "ratings" in has else None,
        description=_one(other_pools.words("praise"), rng) if "described" in has else "",
        facets={name: (_one(values, rng),) for name, values in shelf.facets.items() if rng.random() < _KNOWN},
    )


def _price(about: float, ending: int, rng: np.random.Generator) -> float:
    """Half of what is usual for the noun to twice as much, with the shop's ending."""
    raw = about * float(np.exp(rng.uniform(-0.7, 0.7)))
    return float(max(round(raw), 10)) if raw < 150 else float(int(raw) // 100 * 100 + ending)


def _maybe(values: Sequence[str], rng: np.random.Generator) -> str | None:
    return _one(values, rng) if values else None


def _one(values: Sequence[Value], rng: np.random.Generator) -> Value:
    return values[int(rng.random() * len(values))]


def _some(values: Sequence[str], fewest: int, most: int, rng: np.random.Generator) -> tuple[str, ...]:
    """A few different values, in their order."""
    if not values:
        return ()
    count = min(len(values), fewest + int(rng.random() * (most - fewest + 1)))
    return tuple(values[at] for at in sorted(rng.permutation(len(values))[:count].tolist()))
