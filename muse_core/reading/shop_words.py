"""What the rules are told of a shop before they read a request in it: its brands, facets and nouns."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from muse_core.tools.base import Catalog
from muse_core.types import Facet

_KEPT = 1024  # shops whose words are remembered
_REMEMBERED: OrderedDict[int, tuple[Catalog, ShopWords]] = OrderedDict()  # by identity of the catalogue
_LOCK = Lock()


@dataclass(frozen=True, eq=False)
class ShopWords:
    """`nouns`: the product types of the shop, canonical English. Equal only to itself: readings are
    remembered by it."""

    brands: tuple[str, ...] = ()
    facets: tuple[Facet, ...] = ()
    nouns: tuple[str, ...] = ()


def words_of(catalog: Catalog) -> ShopWords:
    """The words of a catalogue, each in the order of its products; always the same object for one."""
    with _LOCK:
        kept = _REMEMBERED.get(id(catalog))
        if kept is None:
            kept = _REMEMBERED[id(catalog)] = (catalog, _words(catalog))
            if len(_REMEMBERED) > _KEPT:
                _REMEMBERED.popitem(last=False)
        return kept[1]


def _words(catalog: Catalog) -> ShopWords:
    brands = dict.fromkeys(product.brand for product in catalog.products if product.brand)
    nouns = dict.fromkeys(product.product_type for product in catalog.products)
    return ShopWords(tuple(brands), catalog.facets, tuple(nouns))
