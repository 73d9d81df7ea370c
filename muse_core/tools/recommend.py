"""`recommend`: products for this shopper, from the profile and what was bought before; or like another.

Every product gets a score from a fixed table of reasons (below) over columns that are prepared once
per catalogue; equal scores fall back to rating and then to the product id, so that the same profile
and catalogue always give the same list. Without a profile the list is the best rated. What `like` means
is `likeness.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import Field, model_validator

from muse_core.language import lexicon
from muse_core.tools import arguments as given
from muse_core.tools.base import (
    MAX_SESSION,
    Index,
    ShopWorld,
    Tool,
    ToolArguments,
    facets_named,
    require_prices,
    show,
    shown_product,
)
from muse_core.tools.likeness import Than, differing, kinship, most_alike
from muse_core.types import JsonValue, Product, Profile

# What a reason is worth. Rating counts 0..1 (stars / 5), so a favourite brand outweighs any rating.
FAVOURITE_BRAND = 1.2
FAVOURITE_COLOUR = 0.8
BOUGHT_TYPE = 0.6  # a type that the shopper has bought
PROFILE_OCCASION = 0.5
STYLE_WORD = 0.4  # the profile's style is named in title, occasion or description
IN_BUDGET = 1.0
UNRATED = 0.5  # stars / 5 of a product without rating

_REMEMBERED = 256  # queries whose rows are kept


class Recommend(Tool):
    """Ranks by profile, or by likeness to one of the last results; `query` keeps to a product type, and
    every limit is a hard one."""

    name: ClassVar[str] = "recommend"
    description: ClassVar[str] = "suggest by profile"
    returns_products = True
    takes_facets = True
    turn_type = "recommendation"
    wordings = ("query", "open", "like", "same")
    replies = ("lead_recommend",)
    needless = 1

    class Arguments(ToolArguments):
        query: Annotated[given.Text | None, Field(description="product type in English")] = None
        like: Annotated[
            int | None, Field(ge=1, description="position in the last results of one to be like")
        ] = None
        than: Annotated[Than | None, Field(description="how it must differ from the one it is like")] = None
        colour: given.Colour = None
        brand: given.Brand = None
        gender: given.Gender = None
        size: given.Size = None
        material: given.Material = None
        occasion: given.Occasion = None
        not_colour: given.NotWord = None
        not_brand: given.NotBrand = None
        not_material: given.NotWord = None
        not_occasion: given.NotWord = None
        min_price: given.MinPrice = None
        max_price: given.MaxPrice = None
        min_rating: given.MinRating = None

        @model_validator(mode="after")
        def _than_which(self) -> Self:
            if self.than is not None and self.like is None:
                raise ValueError(f"than={self.than!r} needs like, the position of what it is compared with")
            return self

    def careless(self, noun: Callable[[], str], said: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        """What was said without the product; the product alone where nothing was said."""
        if not said:
            return {"query": noun()}
        kept = () if "query" in said else ("occasion", "max_price")
        return {name: said[name] for name in kept if name in said}

    def __call__(self, arguments: Arguments, world: ShopWorld) -> JsonValue:
        require_prices(arguments, world)
        table = _table_of(world.index)
        if arguments.like is not None:
            item = shown_product(world, arguments.like, "to find one like it")
            rows = _alike(item, arguments, world, table)
        else:
            rows = table.best_rated(_allowed(arguments, world, table))
            rows = rows[np.argsort(-_scores(world.profile, table)[rows], kind="stable")]
        found = [table.ids[row] for row in rows[:MAX_SESSION].tolist()]
        return show(world, found, len(rows), facets_named(arguments, world))


@dataclass(frozen=True)
class _Table:
    """Columns of one catalogue. Rating is stars / 5, of the unrated too; unknown stars and prices are NaN;
    `by_rating` has the rows best rated first, equal ones by product id."""

    ids: list[str]
    row_of: dict[str, int]
    by_rating: np.ndarray
    rating: np.ndarray
    stars: np.ndarray
    price: np.ndarray
    types: _Column
    brand: _Column
    colour: _Column
    gender: _Column
    occasion: _Column
    words: list[str]  # title, occasion and description
    named: dict[str, np.ndarray] = field(default_factory=dict)
    found: dict[str, np.ndarray] = field(default_factory=dict)

    def best_rated(self, allowed: np.ndarray) -> np.ndarray:
        """The allowed rows, best rated first."""
        return self.by_rating[allowed[self.by_rating]]

    def naming(self, word: str) -> np.ndarray:
        """Rows whose text holds the word; remembered, because styles and occasions are few."""
        if word not in self.named:
            self.named[word] = np.array([bool(word) and word in text for text in self.words], dtype=bool)
        return self.named[word]

    def finding(self, query: str, world: ShopWorld) -> np.ndarray:
        """Rows that a search for the query would find; the last queries are remembered."""
        if query not in self.found:
            ids, _ = world.index.search(query, {}, len(self.ids))
            mask = np.zeros(len(self.ids), dtype=bool)
            mask[[self.row_of[product_id] for product_id in ids]] = True
            if len(self.found) >= _REMEMBERED:
                self.found.pop(next(iter(self.found)))
            self.found[query] = mask
        return self.found[query]


class _Column:
    """One text column in lower case, as numbers: comparing these is a hundred times faster."""

    def __init__(self, products: Sequence[Product], name: str) -> None:
        texts = [(getattr(product, name) or "").lower() for product in products]
        self.texts = texts
        self._number = {text: number for number, text in enumerate(dict.fromkeys(texts))}
        self._numbers = np.array([self._number[text] for text in texts], dtype=np.int32)

    def each(self, number_of: Callable[[str], int]) -> np.ndarray:
        """A number for each row that its text alone decides."""
        return np.array([number_of(text) for text in self._number], dtype=np.int32)[self._numbers]

    def among(self, values: Iterable[str]) -> np.ndarray:
        """Rows that equal one of the values (lower case)."""
        rows = np.zeros(len(self.texts), dtype=bool)
        for value in values:
            rows |= self._numbers == self._number.get(value, -1)
        return rows


@lru_cache(maxsize=1024)  # small shops come again and again
def _table_of(index: Index) -> _Table:
    products = index.catalog.products
    ids = [product.product_id for product in products]
    rating = np.array([UNRATED if p.rating is None else p.rating / 5 for p in products])
    by_id = np.argsort(np.asarray(ids, dtype=object), kind="stable")
    return _Table(
        ids=ids,
        row_of={product_id: row for row, product_id in enumerate(ids)},
        by_rating=by_id[np.argsort(-rating[by_id], kind="stable")],
        rating=rating,
        stars=np.array([np.nan if p.rating is None else p.rating for p in products]),
        price=np.array([np.nan if p.price is None else p.price for p in products]),
        types=_Column(products, "product_type"),
        brand=_Column(products, "brand"),
        colour=_Column(products, "colour"),
        gender=_Column(products, "gender"),
        occasion=_Column(products, "occasion"),
        words=[" ".join((p.title, p.occasion or "", p.description)).lower() for p in products],
    )


def _allowed(arguments: Recommend.Arguments, world: ShopWorld, table: _Table) -> np.ndarray:
    """Rows that the hard limits leave: query, limits, not bought before; the profile's gender where neither
    a gender nor an item is named."""
    mask = np.ones(len(table.ids), dtype=bool)
    if arguments.query is not None:
        mask &= table.finding(arguments.query, world)
    limits = arguments.limits()
    occasions = limits.pop("occasion", None)
    if occasions is not None:
        mask &= _occasion_rows(occasions if isinstance(occasions, list) else [occasions], table)
    if limits:
        mask &= world.index.within(limits)
    if world.profile is not None:
        if arguments.gender is None and arguments.like is None:
            mask &= _gender_rows(world.profile.gender, table)
        bought = [table.row_of[item] for item in world.profile.history if item in table.row_of]
        mask[bought] = False
    return mask


def _alike(item: Product, arguments: Recommend.Arguments, world: ShopWorld, table: _Table) -> np.ndarray:
    """Rows within the limits that are like the item, most alike first; never the item itself."""
    kin = table.types.each(partial(kinship, item.product_type.lower()))
    kin[table.row_of[item.product_id]] = -1
    allowed = (kin > 0) if (kin > 0).any() else kin == 0
    allowed &= differing(item, arguments.than, table.price, table.stars)
    allowed &= _allowed(arguments, world, table)
    return most_alike(table.best_rated(allowed), item, kin, table.price, world)


def _occasion_rows(occasions: Sequence[Any], table: _Table) -> np.ndarray:
    """Products for one of the occasions; where the catalogue does not say, those whose text names one."""
    named = np.logical_or.reduce([table.naming(str(one)) for one in occasions])
    return table.occasion.among(map(str, occasions)) | (table.occasion.among([""]) & named)


def _gender_rows(gender: str, table: _Table) -> np.ndarray:
    wanted = lexicon.canonical("gender", gender)
    if wanted is None or wanted == "unisex":
        return np.ones(len(table.ids), dtype=bool)
    return table.gender.among([wanted, "unisex", ""])


def _scores(profile: Profile | None, table: _Table) -> np.ndarray:
    score = table.rating.copy()
    if profile is None:
        return score
    bought = {table.types.texts[table.row_of[item]] for item in profile.history if item in table.row_of}
    score += FAVOURITE_BRAND * table.brand.among(map(str.lower, profile.favourite_brands))
    score += FAVOURITE_COLOUR * table.colour.among(map(str.lower, profile.favourite_colours))
    score += PROFILE_OCCASION * table.occasion.among(map(str.lower, profile.occasions))
    score += BOUGHT_TYPE * table.types.among(bought)
    score += IN_BUDGET * _in_budget(profile, table.price)
    return score + STYLE_WORD * table.naming(profile.style.lower().strip())


def _in_budget(profile: Profile, price: np.ndarray) -> np.ndarray:
    low = 0.0 if profile.budget_min is None else profile.budget_min
    high = np.inf if profile.budget_max is None else profile.budget_max
    return (price >= low) & (price <= high)
