"""A shop read from the store, with and without its shoppers."""

from __future__ import annotations

from pathlib import Path

import pytest

from muse_core.artifacts import ArtifactStore
from muse_core.errors import ArtifactError
from muse_core.records import to_table
from muse_core.types import ArtifactRef
from muse_core.world.shop import Shop, read_profiles
from tests import builders
from tests.unit.augmentation.builders_augmentation import dialogues, shop

INDEX = shop(60)
PEOPLE = [builders.profile(profile_id=name) for name in ("u2", "u1", "u9")]


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path)


def written(store: ArtifactStore) -> tuple[ArtifactRef, ArtifactRef]:
    catalog = store.write_table("products", to_table("products", INDEX.catalog.products), "c")
    return catalog, store.write_table("profiles", to_table("profiles", PEOPLE), "p")


def test_a_shop_knows_its_products_and_its_shoppers(store: ArtifactStore) -> None:
    found = Shop.read(store, *written(store))
    assert found.index.catalog.products == INDEX.catalog.products
    assert found.index.search("red shirt") == INDEX.search("red shirt")
    assert list(found.profiles.values()) == PEOPLE  # the order of the table: who speaks follows from it
    assert found.profile_of(dialogues(INDEX, 1)[0]) == PEOPLE[1]


def test_a_shop_without_shoppers_knows_nobody(store: ArtifactStore) -> None:
    found = Shop.read(store, written(store)[0])
    assert found.profiles == {} and found.profile_of(dialogues(INDEX, 1)[0]) is None


def test_the_world_before_a_turn_is_the_shoppers_own_and_holds_what_was_shown(store: ArtifactStore) -> None:
    found, talk = Shop.read(store, *written(store)), dialogues(INDEX, 1)[0]
    world = found.world_before(talk, 1)
    assert world.profile == PEOPLE[1] and world.session.last_shown
    assert not found.world_before(talk, 0).session.last_shown


def test_a_lost_table_is_an_error(store: ArtifactStore) -> None:
    catalog, profiles = written(store)
    (store.root / profiles.path).unlink()
    with pytest.raises(ArtifactError, match="is missing"):
        read_profiles(store, profiles)
    assert Shop.read(store, catalog).profiles == {}
