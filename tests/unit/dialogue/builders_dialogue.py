"""A small synthetic shop and conversations over it, made once for all dialogue tests."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.synthetic import make_catalog
from muse_core.config.run_config import RunConfig
from muse_core.dialogue.families import all_families
from muse_core.dialogue.simulate import simulate
from muse_core.profiles.make import make_profiles
from muse_core.types import Conversation, Profile


@lru_cache(maxsize=1)
def index() -> CatalogIndex:
    return CatalogIndex(make_catalog(np.random.default_rng(5), 600))


@lru_cache(maxsize=1)
def profiles() -> tuple[Profile, ...]:
    shares = {"en": 0.35, "hi": 0.25}
    return tuple(make_profiles(index().catalog, 400, shares, np.random.default_rng(6)))


def converse(
    shop: CatalogIndex, people: tuple[Profile, ...], count: int, seed: int = 7
) -> list[Conversation]:
    rng = np.random.default_rng(seed)
    book = all_families()
    return [
        simulate(people[row % len(people)], shop, rng, RunConfig(), book, f"c{row:06d}")
        for row in range(count)
    ]


@lru_cache(maxsize=1)
def conversations() -> tuple[Conversation, ...]:
    return tuple(converse(index(), profiles(), 800))


def profile_of(conversation: Conversation) -> Profile:
    return next(one for one in profiles() if one.profile_id == conversation.profile_id)
