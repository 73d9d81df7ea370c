"""The invented shop: the same bytes for a seed, plausible, and rich enough to be asked two things at once."""

from __future__ import annotations

import io
from collections import Counter

import numpy as np
import pytest

from muse_core.catalog.product import Catalog
from muse_core.catalog.synthetic import make_catalog
from muse_core.catalog.synthetic_shelves import shelves
from muse_core.catalog.tables import table
from muse_core.language import lexicon


@pytest.fixture(scope="module")
def shop() -> Catalog:
    return make_catalog(np.random.default_rng(7), 2000)


def test_the_same_seed_gives_the_same_bytes() -> None:
    once, twice = (make_catalog(np.random.default_rng(3), 120) for _ in range(2))
    assert once == twice
    assert once != make_catalog(np.random.default_rng(4), 120)


def test_every_type_has_enough_items_in_varied_colours_and_prices(shop: Catalog) -> None:
    assert len(shop) == 2000
    assert set(shop.categories()) == {"fashion", "electronics", "home", "books"}
    assert len(shop.types()) >= 40
    for kind, count in shop.types().items():
        of_kind = [product for product in shop if product.product_type == kind]
        assert count >= 15
        assert len({product.price for product in of_kind}) >= 6
        assert of_kind[0].colour is None or len({product.colour for product in of_kind}) >= 4


def test_products_are_plausible(shop: Catalog) -> None:
    titles = Counter(product.title for product in shop)
    assert len(titles) >= 1980
    for product in shop:
        assert product.price is not None and product.price % 10 == 9
        assert product.rating is not None and 1 <= product.rating <= 5
        assert product.brand and product.title.startswith(product.brand)
        assert product.description


def test_its_words_are_the_lexicons() -> None:
    for shelf in shelves():
        assert shelf.outline in table("outlines")
        assert lexicon.canonical("product_type", shelf.noun) == shelf.noun
        for slot, values in (
            ("colour", shelf.colours),
            ("material", shelf.materials),
            ("occasion", shelf.occasions),
        ):
            assert [lexicon.canonical(slot, value) for value in values] == list(values)


def test_pictures_are_small_pngs(shop: Catalog) -> None:
    from PIL import Image

    assert shop.has_images
    for product in shop.products[:20]:
        with Image.open(io.BytesIO(product.image or b"")) as picture:
            assert (picture.size, picture.format) == ((64, 64), "PNG")


@pytest.mark.parametrize("count", [1, 10, 60])
def test_small_shops(count: int) -> None:
    assert len(make_catalog(np.random.default_rng(0), count)) == count


def test_an_empty_shop_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        make_catalog(np.random.default_rng(0), 0)


def test_every_type_has_facets_and_the_shop_no_more_than_tools_take(shop: Catalog) -> None:
    assert {facet.kind for facet in shop.facets} == {"choice", "number", "yes_no"}
    assert len(shop.facets) <= 12
    units = {facet.name: facet.unit for facet in shop.facets if facet.kind == "number"}
    assert units == {
        "battery": "mah", "capacity": "litre", "memory": "gb", "pages": "", "power": "watt",
        "screen_size": "inch", "storage": "gb", "warranty": "year",
    }  # fmt: skip
    for product in shop:
        shelf = next(one for one in shelves() if one.noun == product.product_type)
        assert product.facets.keys() == shelf.facets.keys()
        assert product.facets


def test_facets_are_what_titles_say_and_vary_within_a_type(shop: Catalog) -> None:
    for product in shop:
        for word, name, value in (
            (" Checked ", "pattern", "checked"),
            (" Slim Fit ", "fit", "slim"),
            (" 256 GB ", "storage", "256 gb"),
            (" 15.6 Inch ", "screen_size", "15.6 inch"),
            (" Waterproof ", "waterproof", "yes"),
        ):
            if word in product.title and name in product.facets:
                assert product.facets[name] == (value,)
    laptops = [product for product in shop if product.product_type == "laptop"]
    assert len({product.facets["memory"] for product in laptops}) == 3


def test_facets_leave_the_other_draws_alone() -> None:
    """The titles of a seed are those that the shop had before it had facets."""
    titles = [product.title for product in make_catalog(np.random.default_rng(7), 3)]
    assert titles == [
        "Nimbara Men Green Checked Denim Casual Shirt",
        "Ruvanta Girls Navy Blue Skinny Denim Party Jeans",
        "Palvora Girls Green Printed Cotton Casual T-Shirt",
    ]
