"""A catalogue: the products of one shop, in row order, looked up by id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from muse_core.catalog.facets import facets_of
from muse_core.records import from_table
from muse_core.types import ArtifactRef, Facet, Product

if TYPE_CHECKING:
    from muse_core.artifacts import ArtifactStore

UNKNOWN_TYPES = frozenset(("", "item", "other", "product"))


@dataclass(frozen=True)
class Catalog:
    """The products of one shop. Row order is meaningful: ties everywhere are broken by it."""

    products: tuple[Product, ...]

    def __post_init__(self) -> None:
        if len(self.by_id) != len(self.products):
            counts = Counter(product.product_id for product in self.products)
            twice = [product_id for product_id, n in counts.items() if n > 1][:5]
            raise ValueError(f"product ids must be unique; found more than once: {', '.join(twice)}")

    @classmethod
    def read(cls, store: ArtifactStore, ref: ArtifactRef) -> Catalog:
        """The catalogue of a table of products. ArtifactError when it cannot be read."""
        return cls(tuple(from_table("products", store.read_table(ref))))

    def __len__(self) -> int:
        return len(self.products)

    def __iter__(self) -> Iterator[Product]:
        return iter(self.products)

    @cached_property
    def by_id(self) -> Mapping[str, Product]:
        """Product id -> product."""
        return {product.product_id: product for product in self.products}

    @cached_property
    def has_prices(self) -> bool:
        """Whether any price is known; when not, nobody may ask about money."""
        return any(product.price is not None for product in self.products)

    @cached_property
    def has_images(self) -> bool:
        """Whether any product carries its picture."""
        return any(product.image is not None for product in self.products)

    @cached_property
    def named(self) -> tuple[Product, ...]:
        """Products whose kind is known, so that one can ask for them by it; all when no kind is."""
        known = (product for product in self.products if product.product_type not in UNKNOWN_TYPES)
        return tuple(known) or self.products

    @cached_property
    def facets(self) -> tuple[Facet, ...]:
        """What the products have beyond our fields; arguments of this shop's tools."""
        return facets_of(self.products)

    def types(self) -> dict[str, int]:
        """Product types with their counts, the most frequent first (ties by name)."""
        return counted(product.product_type for product in self.products)

    def colours(self) -> dict[str, int]:
        """Known colours with their counts, the most frequent first."""
        return counted(product.colour for product in self.products)

    def brands(self) -> dict[str, int]:
        """Known brands with their counts, the most frequent first."""
        return counted(product.brand for product in self.products)

    def categories(self) -> dict[str, int]:
        """Known shelves with their counts, the most frequent first."""
        return counted(product.category for product in self.products)


def counted(values: Iterator[str | None]) -> dict[str, int]:
    """Counts of the non-empty values, the most frequent first, ties by name."""
    counts = Counter(value for value in values if value)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
