"""What a shopper asks and what the index answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.product import Catalog
from muse_core.catalog.synthetic import make_catalog
from muse_core.types import Product


def _product(number: int, title: str, kind: str, **facts: object) -> Product:
    return replace(Product(f"p{number}", title, kind), **facts)


SHOP = Catalog(
    (
        _product(1, "Zed Shirt Box", "shirt box", category="home", price=299.0),
        _product(
            2,
            "Zed Men Blue Formal Shirt",
            "shirt",
            colour="blue",
            gender="men",
            price=1500.0,
            occasion="formal",
            rating=4.0,
            brand="Zed",
        ),
        _product(
            3,
            "Yem Men Blue Casual Shirt",
            "shirt",
            colour="blue",
            gender="men",
            price=999.0,
            occasion="casual",
            rating=4.5,
            brand="Yem",
            sizes=("M", "L"),
        ),
        _product(
            4,
            "Yem Unisex Red Casual Shirt",
            "shirt",
            colour="red",
            gender="unisex",
            price=None,
            occasion="casual",
            brand="Yem",
        ),
        _product(5, "Yem T-Shirt", "t-shirt", colour="red", price=299.0, brand="Yem"),
        _product(6, "Zed Running Shoes", "sports shoes", price=2999.0, rating=3.9),
        _product(7, "Zed Derby", "formal shoes", price=1999.0, rating=4.9),
        _product(8, "Zed Shirts poster", "poster", price=99.0),
    )
)


@pytest.fixture(scope="module")
def index() -> CatalogIndex:
    return CatalogIndex(SHOP)


def test_the_noun_decides(index: CatalogIndex) -> None:
    ids, total = index.search("shirts", {}, 10)
    assert set(ids) == {"p2", "p3", "p4"} and total == 3
    assert index.search("t shirts", {}, 10) == (["p5"], 1)
    assert set(index.search("shoes", {}, 10)[0]) == {"p6", "p7"}
    assert index.search("shirt box")[0] == ["p1"]


def test_other_words_are_wanted_too(index: CatalogIndex) -> None:
    assert set(index.search("casual shirts", {}, 10)[0]) == {"p3", "p4"}
    assert index.search("casual shirts", {"occasion": "formal"}, 10)[0] == ["p2"]
    assert index.search("unheard of things")[1] == 0


def test_spellings_of_the_lexicon_name_a_type(index: CatalogIndex) -> None:
    assert index.search("tees")[0] == ["p5"]
    assert index.search("running shoes")[0] == ["p6"]


def test_limits(index: CatalogIndex) -> None:
    assert index.search("shirt", {"colour": "Blue", "max_price": 1000})[0] == ["p3"]
    assert set(index.search("shirt", {"gender": "men"})[0]) == {"p2", "p3", "p4"}
    assert index.search("shirt", {"gender": "women"})[0] == ["p4"]
    assert index.search("", {"size": "m"}) == (["p3"], 1)
    assert index.search("", {"brand": "zed"})[0] == ["p2"]
    assert index.search("", {"min_rating": 4.5})[0] == ["p3", "p7"]
    assert index.search("", {"colour": None})[1] == len(SHOP)
    assert index.search("", {"colour": "green"}) == ([], 0)


def test_an_unknown_price_is_within_no_price_limit(index: CatalogIndex) -> None:
    assert "p4" not in index.search("shirt", {"min_price": 0})[0]
    assert "p4" not in index.search("shirt", {"max_price": 1e9})[0]


def test_an_unknown_limit_or_order_is_our_bug(index: CatalogIndex) -> None:
    with pytest.raises(ValueError, match="unknown limit"):
        index.search("shirt", {"weight": 3})
    with pytest.raises(ValueError, match="unknown order"):
        index.narrow(["p1"], {}, "newest")


def test_total_is_exact_beyond_the_limit(index: CatalogIndex) -> None:
    ids, total = index.search("", {}, 2)
    assert ids == ["p1", "p2"] and total == 8 == index.count("")


def test_narrow_keeps_the_order_or_sorts_with_the_unknown_last(index: CatalogIndex) -> None:
    assert index.narrow(["p4", "p2", "p3"], {"colour": "blue"}) == ["p2", "p3"]
    assert index.narrow(["p4", "p2", "p3"], {}, "price_low") == ["p3", "p2", "p4"]
    assert index.narrow(["p4", "p2", "p3"], {}, "price_high") == ["p2", "p3", "p4"]
    assert index.narrow(["p4", "p2", "p3"], {}, "rating") == ["p3", "p2", "p4"]
    assert index.narrow([], {"colour": "blue"}, "rating") == []
    assert index.search("shirt", {}, 1, "price_low")[0] == ["p3"]


def test_hindi_words_of_a_catalogue_are_found() -> None:
    shop = CatalogIndex(Catalog((_product(1, "लाल रेशमी साड़ी", "saree"), _product(2, "टिगुआन एल", "एसयूवी"))))
    assert shop.search("टिगुआन")[0] == ["p2"]
    assert shop.search("साड़ी")[0] == ["p1"]


def test_two_limits_find_things_in_the_synthetic_shop() -> None:
    catalog = make_catalog(np.random.default_rng(1), 600)
    shop = CatalogIndex(catalog)
    for kind, n in catalog.types().items():
        ids, total = shop.search(kind, {}, 600)
        assert total >= n
        assert all(catalog.by_id[found].product_type.endswith(kind.split()[-1]) for found in ids)
    assert CatalogIndex(catalog).search("cotton kurta", {"max_price": 2000}) == shop.search(
        "cotton kurta", {"max_price": 2000}
    )


def test_a_catalogue_without_pictures_has_no_picture_index(index: CatalogIndex) -> None:
    assert index.pictures is None


def test_ids_must_be_unique() -> None:
    with pytest.raises(ValueError, match="unique"):
        Catalog((SHOP.products[0], SHOP.products[0]))
