"""Finished utterances of chosen wordings, with values of a synthetic shop: what a translator looks at.

The shoppers and moves are those of the simulator (`simulate.py`), in a book whose wanted shelves hold only
the chosen wordings, on every side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.synthetic import make_catalog
from muse_core.config.run_config import RunConfig
from muse_core.dialogue import goals
from muse_core.dialogue.assortment import assortment_of
from muse_core.dialogue.families import FamilyBook, families_of
from muse_core.dialogue.script import LANGUAGE_OF, Script
from muse_core.dialogue.shopper import Said, Shopper
from muse_core.dialogue.simulate import Expert, turns
from muse_core.dialogue.utterance import Utterance
from muse_core.profiles.make import make_profiles
from muse_core.tools.toolbox import Toolbox
from muse_core.types import SIDES, Language, Profile
from muse_core.wordings.book import Book, Wording
from muse_core.world.replay import world_for

_PRODUCTS, _PROFILES = 200, 60
_CONVERSATIONS = 1500  # simulated at most; a rare kind comes up in one of a hundred


@dataclass(frozen=True)
class Sample:
    """An utterance and the wording it is made of."""

    utterance: Utterance
    wording: Wording


def samples(book: Book, wanted: Sequence[Wording], count: int, seed: int) -> list[Sample]:
    """At most `count` utterances of wordings of one script, each wording as often as the others; fewer when
    a wording does not come up in `_CONVERSATIONS` conversations."""
    each = -(-count // len(wanted))
    by_family = {family.family_id: one for one in wanted for family in families_of({one.shelf: (one,)})}
    taken: Counter[str] = Counter()
    found: list[Sample] = []
    for said in _heard(book, wanted, np.random.default_rng(seed)):
        wording = by_family.get(said.family.family_id)
        if wording is None or taken[wording.text] == each:
            continue
        taken[wording.text] += 1
        found.append(Sample(said.utterance, wording))
        if len(found) == count:
            break
    return found


def _heard(book: Book, wanted: Sequence[Wording], rng: np.random.Generator) -> Iterator[Said]:
    """All that shoppers of the script say in `_CONVERSATIONS` conversations."""
    script: Script = wanted[0].shelf[0]
    config = RunConfig()
    index = CatalogIndex(make_catalog(rng, _PRODUCTS))
    shares: dict[Language, float] = {"en": float(script == "en"), "hi": float(script == "hi")}
    people = [
        one
        for one in make_profiles(index.catalog, _PROFILES, shares, rng)
        if one.language == LANGUAGE_OF[script]
    ]
    families = _only(book, wanted)
    for number in range(_CONVERSATIONS):
        profile = people[number % len(people)]
        shopper = _shopper(profile, script, index, families, config.conversations.noise, rng)
        expert = Expert(Toolbox(world_for(profile, index)), config.reply.style)
        yield from (said for said, _, _ in turns(shopper, expert, config.conversations))


def _shopper(
    profile: Profile,
    script: Script,
    index: CatalogIndex,
    families: FamilyBook,
    noise: float,
    rng: np.random.Generator,
) -> Shopper:
    shop = assortment_of(index)
    wish = goals.new_wish(shop, profile, rng)
    return Shopper(profile, shop, families, rng, noise, script, float(rng.random()), wish, wish, script)


def _only(book: Book, wanted: Sequence[Wording]) -> FamilyBook:
    """The families of a book, of the wanted wordings' shelves only theirs, on every side."""
    kept = {shelf: wordings for shelf, wordings in book.items() if shelf not in {w.shelf for w in wanted}}
    chosen = [family for one in wanted for family in families_of({one.shelf: (one,)})]
    return FamilyBook(
        [*families_of(kept), *(replace(family, side=side) for family in chosen for side in SIDES)]
    )
