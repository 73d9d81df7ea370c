"""Profiles: consistent with their life situation, in the asked shares, on the side of their id."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from muse_core import records
from muse_core.catalog.product import Catalog
from muse_core.catalog.synthetic import make_catalog
from muse_core.profiles.make import make_profiles
from muse_core.profiles.personas import personas
from muse_core.profiles.system_line import profile_line
from muse_core.types import Profile
from tests import builders

SHARES = {"en": 0.35, "hi": 0.25}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return make_catalog(np.random.default_rng(1), 300)


@pytest.fixture(scope="module")
def profiles(catalog: Catalog) -> list[Profile]:
    return make_profiles(catalog, 1000, SHARES, np.random.default_rng(2))


def test_languages_have_exactly_the_asked_shares(profiles: list[Profile]) -> None:
    counts = {name: sum(one.language == name for one in profiles) for name in ("en", "hi", "mixed")}
    assert counts == {"en": 350, "hi": 250, "mixed": 400}


def test_ids_count_up_and_decide_the_side(profiles: list[Profile]) -> None:
    assert [one.profile_id for one in profiles[:2]] == ["u00001", "u00002"]
    assert all(one.side == records.side_of(one.profile_id) for one in profiles)
    assert 0.06 < sum(one.side == "test" for one in profiles) / len(profiles) < 0.14


def test_history_and_favourites_come_from_the_catalogue(catalog: Catalog, profiles: list[Profile]) -> None:
    assert any(one.history for one in profiles)
    for one in profiles:
        assert set(one.history) <= set(catalog.by_id)
        assert set(one.favourite_brands) <= set(catalog.brands())
        bought = [catalog.by_id[product_id] for product_id in one.history]
        assert all(product.gender in (None, "unisex", one.gender) for product in bought)
        assert all(product.price <= one.budget_max for product in bought)


def test_age_style_and_occasions_belong_to_one_situation(profiles: list[Profile]) -> None:
    for one in profiles:
        assert any(
            one.age_group in persona.ages
            and one.style in persona.styles
            and set(one.occasions) <= set(persona.occasions)
            for persona in personas()
        ), one


def test_same_seed_gives_the_same_profiles(catalog: Catalog) -> None:
    first, second = (make_profiles(catalog, 50, SHARES, np.random.default_rng(7)) for _ in range(2))
    assert first == second


def test_without_prices_nobody_has_a_budget(catalog: Catalog) -> None:
    priceless = Catalog(tuple(replace(product, price=None) for product in catalog))
    made = make_profiles(priceless, 20, SHARES, np.random.default_rng(7))
    assert all(one.budget_min is None and one.budget_max is None for one in made)
    assert "None" not in profile_line(made[0])


def test_a_catalogue_of_one_bare_product_is_enough() -> None:
    bare = Catalog(
        (builders.product(brand=None, colour=None, gender=None, sizes=(), price=None, rating=None),)
    )
    assert len(make_profiles(bare, 5, SHARES, np.random.default_rng(7))) == 5


def test_the_line_is_short_and_says_who_it_is() -> None:
    line = profile_line(builders.profile())
    assert line == "mixed | women | 25-34 | 500-2000 | casual"
