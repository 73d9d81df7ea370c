"""products → profiles: shoppers who suit the shop, each on its side (train, dev, test) by hash of its id."""

from __future__ import annotations

from collections import Counter

import numpy as np

from muse_core.catalog.product import Catalog
from muse_core.config.run_config import RunConfig
from muse_core.context import StageContext
from muse_core.profiles.make import make_profiles
from muse_core.records import to_table
from muse_core.types import LANGUAGES, SIDES, ArtifactRef, Language

READS = ("profiles",)
INPUTS = ("catalog",)
KIND = "profiles"
STAGE_NUMBER = 2


def run(config: RunConfig, *, catalog: ArtifactRef, ctx: StageContext) -> ArtifactRef:
    """The shoppers of one shop."""
    settings = config.profiles
    shop = Catalog.read(ctx.store, catalog)
    shares: dict[Language, float] = {"en": settings.share_en, "hi": settings.share_hi}
    profiles = make_profiles(shop, settings.count, shares, np.random.default_rng([ctx.seed, STAGE_NUMBER]))
    sides = Counter(profile.side for profile in profiles)
    languages = Counter(profile.language for profile in profiles)
    metrics = {"profiles": float(len(profiles))}
    metrics |= {f"share_{side}": sides[side] / len(profiles) for side in SIDES}
    metrics |= {f"share_{language}": languages[language] / len(profiles) for language in LANGUAGES}
    ctx.metrics.log(metrics)
    ctx.progress.update(len(profiles), len(profiles), "profiles")
    return ctx.store.write_table(KIND, to_table(KIND, profiles), ctx.fingerprint, metrics=metrics)
