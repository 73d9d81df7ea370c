"""A shop as the simulator looks at it: what one can ask for in it, worked out once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from muse_core.dialogue import facet_limits
from muse_core.dialogue.demand import Demand
from muse_core.dialogue.facet_limits import Variety
from muse_core.dialogue.known_fields import told_shares
from muse_core.dialogue.voice import forms_of
from muse_core.types import Facet, Product

if TYPE_CHECKING:
    from muse_core.catalog.index import CatalogIndex


@dataclass(frozen=True)
class Assortment:
    """What a catalogue knows, in the form the simulator needs. `wanted` are products one can ask for,
    `by_noun` the same by their noun; `told`: constraint name -> share of these that have it; `demand`: what
    the shop's log says that people ask for."""

    index: CatalogIndex
    wanted: tuple[Product, ...]
    by_noun: Mapping[str, tuple[Product, ...]]
    has_prices: bool
    has_images: bool
    has_ratings: bool
    has_materials: bool
    colours: tuple[str, ...]
    facets: Mapping[str, Facet]
    variety: Variety
    told: Mapping[str, float]
    demand: Demand | None = None

    @property
    def can_sort(self) -> bool:
        return self.has_prices or self.has_ratings

    def titles_of(self, ids: Sequence[str]) -> list[str]:
        """Titles of products."""
        return [self.index.catalog.by_id[product_id].title for product_id in ids]


@lru_cache(maxsize=2048)  # small shops come again and again
def assortment_of(index: CatalogIndex, in_hindi: bool = False) -> Assortment:
    """The facts of a catalogue, worked out once. `in_hindi`: products whose noun Devanagari has a word for
    are wanted, where there is one; who writes Hindi would not ask for the others in it."""
    catalog = index.catalog
    facets = {facet.name: facet for facet in catalog.facets}
    wanted = _said_in_hindi(catalog.named) if in_hindi else catalog.named
    return Assortment(
        index=index,
        wanted=wanted,
        by_noun=_by_noun(wanted),
        has_prices=catalog.has_prices,
        has_images=catalog.has_images,
        has_ratings=any(product.rating is not None for product in catalog),
        has_materials=len({product.material for product in catalog if product.material}) > 1,
        colours=tuple(catalog.colours()),
        facets=facets,
        variety=facet_limits.variety_of(catalog, facets),
        told=told_shares(wanted),
    )


def _said_in_hindi(products: tuple[Product, ...]) -> tuple[Product, ...]:
    said = (one for one in products if not forms_of("product_type", one.product_type, "hi")[0].isascii())
    return tuple(said) or products


def _by_noun(products: tuple[Product, ...]) -> dict[str, tuple[Product, ...]]:
    found: dict[str, list[Product]] = {}
    for one in products:
        found.setdefault(one.product_type, []).append(one)
    return {noun: tuple(listed) for noun, listed in found.items()}
