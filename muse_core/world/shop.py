"""The shop that every stage works in: a catalogue that can be searched, and the shoppers known in it.

A conversation of another shop (`Conversation.shop`) has that one's world; such shops are made when they are
first asked for and kept in the process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.other_shops import shop_named
from muse_core.catalog.product import Catalog
from muse_core.records import from_table
from muse_core.tools.base import ShopWorld
from muse_core.types import ArtifactRef, Conversation, Profile
from muse_core.world.replay import world_before

if TYPE_CHECKING:
    from muse_core.artifacts import ArtifactStore


@dataclass(frozen=True)
class Shop:
    """The user's own. `profiles`: the known shoppers by id, in the order of their table; none where nobody
    is known."""

    index: CatalogIndex
    profiles: Mapping[str, Profile] = field(default_factory=dict)

    @classmethod
    def read(
        cls,
        store: ArtifactStore,
        catalog: ArtifactRef,
        profiles: ArtifactRef | None = None,
        shared: Path | None = None,
    ) -> Shop:
        """The shop of two tables; `shared` as for `CatalogIndex`. ArtifactError when one cannot be read."""
        index = CatalogIndex(Catalog.read(store, catalog), shared)
        return cls(index, read_profiles(store, profiles) if profiles is not None else {})

    def profile_of(self, conversation: Conversation) -> Profile | None:
        """Whose conversation it is; None for somebody unknown."""
        return self.profiles.get(conversation.profile_id)

    def index_of(self, conversation: Conversation) -> CatalogIndex:
        """The catalogue of the shop that the conversation happens in."""
        return self.index if conversation.shop is None else other_index(conversation.shop)

    def world_before(self, conversation: Conversation, turn: int) -> ShopWorld:
        """A world of its own as it stands before user turn `turn`: earlier calls are run again."""
        return world_before(conversation, turn, self.index_of(conversation), self.profile_of(conversation))


def own_talks(conversations: Iterable[Conversation]) -> list[Conversation]:
    """Those that happen in the user's own shop."""
    return [one for one in conversations if one.shop is None]


@lru_cache(maxsize=1024)
def other_index(name: str) -> CatalogIndex:
    """The catalogue of another shop, made once in a process. ValueError for what names none."""
    return CatalogIndex(shop_named(name))


def read_profiles(store: ArtifactStore, ref: ArtifactRef) -> dict[str, Profile]:
    """The shoppers of a table by id, in its order. ArtifactError when it cannot be read."""
    return {profile.profile_id: profile for profile in from_table("profiles", store.read_table(ref))}
