"""`recommend`: products for this shopper, from the profile and what was bought before.

Every product gets a score from a fixed table of reasons (below) over columns that are prepared once
per catalogue; equal scores fall back to rating and then to the product id, so that the same profile
and catalogue always give the same list. Without a profile the list is the best rated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from muse_core.language import lexicon
from muse_core.tools import arguments as given
from muse_core.tools.base import MAX_SESSION, Catalog, ShopWorld, ToolArguments, show
from muse_core.types import JsonValue, Product, Profile

# What a reason is worth. Rating counts 0..1 (stars / 5), so a favourite brand outweighs any rating.
FAVOURITE_BRAND = 1.2
FAVOURITE_COLOUR = 0.8
BOUGHT_TYPE = 0.6  # a type that the shopper has bought
PROFILE_OCCASION = 0.5
STYLE_WORD = 0.4  # the profile's style is named in title, occasion or description
IN_BUDGET = 1.0
UNRATED = 0.5  # stars / 5 of a product without rating


class Recommend:
    """Ranks by profile; `query` keeps to a product type, `occasion` and `max_price` are hard limits."""

    name: ClassVar[str] = "recommend"
    description: ClassVar[str] = "suggest by profile"

    class Arguments(ToolArguments):
        query: Annotated[given.Text | None, Field(description="product type in English")] = None
        occasion: given.Occasion = None
        max_price: given.MaxPrice = None

    def __call__(self, arguments: Arguments, world: ShopWorld) -> JsonValue:
        table = _table_of(world.catalog)
        allowed = _allowed(arguments, world, table)
        score = _scores(world.profile, table)
        order = np.lexsort((table.id_rank, -table.rating, -score))
        rows = order[allowed[order]]
        ids = [table.ids[row] for row in rows[:MAX_SESSION]]
        return show(world, ids, total=len(rows))


@dataclass(frozen=True)
class _Table:
    """Columns of one catalogue. Text is lower-cased; rating is stars / 5; unknown price is NaN."""

    catalog: Catalog
    ids: list[str]
    row_of: dict[str, int]
    id_rank: np.ndarray
    rating: np.ndarray
    price: np.ndarray
    types: np.ndarray
    brand: np.ndarray
    colour: np.ndarray
    gender: np.ndarray
    occasion: np.ndarray
    words: list[str]  # title, occasion and description
    named: dict[str, np.ndarray] = field(default_factory=dict)

    def naming(self, word: str) -> np.ndarray:
        """Rows whose text holds the word; remembered, because styles and occasions are few."""
        if word not in self.named:
            self.named[word] = np.array([bool(word) and word in text for text in self.words], dtype=bool)
        return self.named[word]


_LAST: list[_Table] = []  # the table of the catalogue used last; rebuilt when another comes


def _table_of(catalog: Catalog) -> _Table:
    if not _LAST or _LAST[0].catalog is not catalog:
        _LAST[:] = [_build(catalog)]
    return _LAST[0]


def _build(catalog: Catalog) -> _Table:
    products = catalog.products
    ids = [product.product_id for product in products]
    rank = np.empty(len(ids), dtype=np.int64)
    rank[np.argsort(np.asarray(ids, dtype=object), kind="stable")] = np.arange(len(ids))
    return _Table(
        catalog=catalog,
        ids=ids,
        row_of={product_id: row for row, product_id in enumerate(ids)},
        id_rank=rank,
        rating=np.array([UNRATED if p.rating is None else p.rating / 5 for p in products]),
        price=np.array([np.nan if p.price is None else p.price for p in products]),
        types=_column(products, "product_type"),
        brand=_column(products, "brand"),
        colour=_column(products, "colour"),
        gender=_column(products, "gender"),
        occasion=_column(products, "occasion"),
        words=[" ".join((p.title, p.occasion or "", p.description)).lower() for p in products],
    )


def _column(products: Sequence[Product], name: str) -> np.ndarray:
    return np.array([(getattr(product, name) or "").lower() for product in products], dtype=object)


def _allowed(arguments: Recommend.Arguments, world: ShopWorld, table: _Table) -> np.ndarray:
    """Rows that the hard limits leave: query, occasion, price, gender, not bought before."""
    mask = np.ones(len(table.ids), dtype=bool)
    if arguments.query is not None:
        mask &= _query_rows(arguments.query, world, table)
    if arguments.occasion is not None:
        mask &= _occasion_rows(arguments.occasion, table)
    if arguments.max_price is not None:
        mask &= table.price <= arguments.max_price  # NaN compares false: an unknown price is no bargain
    if world.profile is not None:
        mask &= _gender_rows(world.profile.gender, table)
        bought = [table.row_of[item] for item in world.profile.history if item in table.row_of]
        mask[bought] = False
    return mask


def _query_rows(query: str, world: ShopWorld, table: _Table) -> np.ndarray:
    """Rows that a search for the query would find."""
    found, _ = world.index.search(query, {}, len(table.ids))
    mask = np.zeros(len(table.ids), dtype=bool)
    mask[[table.row_of[product_id] for product_id in found]] = True
    return mask


def _occasion_rows(occasion: str, table: _Table) -> np.ndarray:
    """Products for the occasion; where the catalogue does not say, those whose text names it."""
    return (table.occasion == occasion) | ((table.occasion == "") & table.naming(occasion))


def _gender_rows(gender: str, table: _Table) -> np.ndarray:
    wanted = lexicon.canonical("gender", gender)
    if wanted is None or wanted == "unisex":
        return np.ones(len(table.ids), dtype=bool)
    return np.isin(table.gender, [wanted, "unisex", ""])


def _scores(profile: Profile | None, table: _Table) -> np.ndarray:
    score = table.rating.copy()
    if profile is None:
        return score
    bought = {table.types[table.row_of[item]] for item in profile.history if item in table.row_of}
    score += FAVOURITE_BRAND * _among(table.brand, profile.favourite_brands)
    score += FAVOURITE_COLOUR * _among(table.colour, profile.favourite_colours)
    score += PROFILE_OCCASION * _among(table.occasion, profile.occasions)
    score += BOUGHT_TYPE * _among(table.types, sorted(bought))
    score += IN_BUDGET * _in_budget(profile, table.price)
    return score + STYLE_WORD * table.naming(profile.style.lower().strip())


def _among(column: np.ndarray, values: Sequence[str]) -> np.ndarray:
    return np.isin(column, [value.lower() for value in values])


def _in_budget(profile: Profile, price: np.ndarray) -> np.ndarray:
    low = 0.0 if profile.budget_min is None else profile.budget_min
    high = np.inf if profile.budget_max is None else profile.budget_max
    return (price >= low) & (price <= high)
