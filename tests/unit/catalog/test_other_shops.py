"""Other shops: the same for the same name, of ever different shelves, and parted by side."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

import pytest

from muse_core.catalog import other_pools
from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.other_shops import other_shop, shop_name, shop_named
from muse_core.catalog.product import Catalog
from muse_core.catalog.tables import listed, table
from muse_core.language import lexicon, shop_facets, shop_nouns
from muse_core.language.made_words import spelled
from muse_core.tools.base import ITEM_FIELDS, facet_place
from muse_core.types import SIDES, Side

SHOPS = 60


@cache
def shops(side: Side) -> tuple[Catalog, ...]:
    return tuple(other_shop(17, number, side) for number in range(SHOPS))


def words_of(side: Side) -> dict[str, set[str]]:
    """What the shops of a side are told by: nouns by their last word, brands, facets."""
    found = shops(side)
    return {
        "nouns": {noun.split()[-1] for shop in found for noun in shop.types()},
        "brands": {brand for shop in found for brand in shop.brands()},
        "facets": {facet.name for shop in found for facet in shop.facets},
    }


def test_a_shop_is_its_name() -> None:
    name = shop_name(17, 5, "dev")
    assert shop_named(name) == other_shop(17, 5, "dev")
    assert shop_named(name) != other_shop(18, 5, "dev")
    assert other_shop(17, 5, "dev") != other_shop(17, 5, "train") != other_shop(17, 6, "train")


@pytest.mark.parametrize(
    "name", ["", "17", "17-train", "17-left-5", "x-train-5", "17-train-x", "17-train-5-6"]
)
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="SEED-SIDE-NUMBER"):
        shop_named(name)


@pytest.mark.parametrize("side", SIDES)
def test_a_shop_is_small_and_can_be_searched(side: Side) -> None:
    for shop in shops(side):
        assert 25 <= len(shop) <= 60
        assert 2 <= len(shop.types()) <= 8
        index = CatalogIndex(shop)
        for noun, count in shop.types().items():
            found, _ = index.search(noun, limit=60)
            assert sum(shop.by_id[one].product_type == noun for one in found) == count, noun


def test_no_noun_brand_or_facet_is_on_two_sides() -> None:
    train, dev, test = (words_of(side) for side in SIDES)
    for name in ("nouns", "brands", "facets"):
        assert not train[name] & test[name]
        assert not train[name] & dev[name]
        assert not dev[name] & test[name]
        assert len(test[name]) > 50


def test_the_nouns_are_too_many_to_learn_by_heart() -> None:
    assert sum(map(len, shop_nouns.by_kind().values())) > 1500
    assert sum(noun_is_made(noun) for shop in shops("train") for noun in shop.types()) > SHOPS


def noun_is_made(noun: str) -> bool:
    return spelled(noun) is not None


def test_every_facet_is_used_as_what_it_is() -> None:
    for shop in (*shops("train"), *shops("test")):
        for facet in shop.facets:
            known = shop_facets.recipe(facet.name)
            assert known is not None and known.kind == facet.kind, facet
            assert known.unit == facet.unit


def test_no_facet_has_a_reserved_name() -> None:
    taken = set(listed(table("facets")["headers"]["reserved"])) | ITEM_FIELDS
    for recipes in shop_facets.by_kind().values():
        for one in recipes:
            assert one.name not in taken and facet_place(one.name) == (one.name, 0)


def test_the_lexicon_means_nothing_else_by_these_nouns() -> None:
    """Else a shopper's word would be put into a call as another noun."""
    for nouns in shop_nouns.by_kind().values():
        for noun in nouns:
            assert lexicon.canonical("product_type", noun) in (None, noun)
            one = shop_nouns.entry(noun)
            said = [form for (form, *_) in (*one.hi, *one.roman)] if one else []
            meant = {lexicon.canonical("product_type", form) for form in said}
            assert meant <= {None, noun}, noun


def test_no_two_nouns_are_said_alike_in_devanagari() -> None:
    said: dict[str, str] = {}
    for noun in {noun for nouns in shop_nouns.by_kind().values() for noun in nouns}:
        one = shop_nouns.entry(noun)
        for form, *_ in one.hi if one else ():
            assert said.setdefault(form, noun) == noun
            assert all("\u0900" <= letter <= "\u097f" or letter == " " for letter in form), form


def test_every_word_of_the_shops_is_known_to_its_pool() -> None:
    raw = tomllib.loads(resources.files("muse_core.catalog").joinpath("other_shops.toml").read_text("utf-8"))
    pools = {pool for kind in raw["kind"] for pool in kind["nouns"]}
    assert pools == set(shop_nouns.by_kind())
    assert {pool for kind in raw["kind"] for pool in kind["facets"]} <= set(shop_facets.by_kind())
    for kind in other_pools.kinds():
        assert set(kind.materials) <= set(lexicon.values("material"))
        assert set(kind.occasions) <= set(lexicon.values("occasion"))
        assert set(kind.genders) <= set(lexicon.values("gender"))
