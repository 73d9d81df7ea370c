"""Generation in shards: the same bytes whatever the number of workers, every call replayed, one look at
each picture."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from muse_core.artifacts import ArtifactStore
from muse_core.config.run_config import RunConfig
from muse_core.context import StageContext, map_in_processes
from muse_core.dialogue.made import Made
from muse_core.errors import MuseError
from muse_core.stages import catalog, conversations, profiles
from muse_core.stages.conversations import SHARD
from muse_core.types import ArtifactRef

COUNT = 2 * SHARD + 20
CONFIG = RunConfig.model_validate(
    {"catalog": {"synthetic_products": 80}, "profiles": {"count": 50}, "conversations": {"count": COUNT}}
)


class Seen:
    """A progress that remembers."""

    def __init__(self) -> None:
        self.steps: list[tuple[int, int]] = []

    def update(self, done: int, total: int, note: str = "") -> None:
        self.steps.append((done, total))


def talk(root: Path, **more: Any) -> tuple[ArtifactStore, ArtifactRef]:
    store = ArtifactStore(root)

    def ctx(key: str, **wide: Any) -> StageContext:
        return StageContext(store, key * 64, store.root / "work" / key, seed=5, **wide)

    shop = catalog.run(CONFIG, ctx=ctx("a"))
    people = profiles.run(CONFIG, catalog=shop, ctx=ctx("b"))
    return store, conversations.run(CONFIG, catalog=shop, profiles=people, ctx=ctx("c", **more))


@pytest.fixture(scope="module")
def by_two(tmp_path_factory: pytest.TempPathFactory) -> tuple[ArtifactStore, ArtifactRef]:
    return talk(tmp_path_factory.mktemp("two"), workers=2)


def test_one_two_and_eight_workers_write_the_same_bytes(
    tmp_path: Path, by_two: tuple[ArtifactStore, ArtifactRef]
) -> None:
    progress = Seen()
    store, alone = talk(tmp_path / "1", progress=progress)
    _, by_eight = talk(tmp_path / "8", workers=8)
    assert by_two[1].digest == by_eight.digest == alone.digest
    metrics = store.manifest(alone)["metrics"]
    assert metrics["replayed"] == COUNT == alone.rows and metrics["replay_rate"] == 1
    assert progress.steps == [(0, COUNT), (SHARD, COUNT), (2 * SHARD, COUNT), (COUNT, COUNT)]


def test_the_pictures_are_looked_at_once_for_all_workers(by_two: tuple[ArtifactStore, ArtifactRef]) -> None:
    assert (by_two[0].root / "work" / "c" / "pictures.npy").is_file()


def test_a_conversation_that_does_not_replay_ends_the_stage(tmp_path: Path) -> None:
    def spoil(work: Any, shards: Iterable[Any], workers: int) -> Iterable[Made]:
        for made in map_in_processes(work, shards, workers):
            yield Made(made.table, made.counts, broken=("c000007",))

    with pytest.raises(MuseError, match="first c000007; a tool is not deterministic"):
        talk(tmp_path, map_shards=spoil)
