"""The stages catalog → profiles → conversations over a real store."""

from __future__ import annotations

from pathlib import Path

import pytest

from muse_core.artifacts import ArtifactStore
from muse_core.config.run_config import RunConfig
from muse_core.context import StageContext
from muse_core.errors import CatalogError
from muse_core.records import from_table
from muse_core.stages import catalog, conversations, profiles
from muse_core.types import ArtifactRef

CONFIG = RunConfig.model_validate(
    {"catalog": {"synthetic_products": 200}, "profiles": {"count": 60}, "conversations": {"count": 270}}
)


def context(store: ArtifactStore, name: str, workers: int = 1) -> StageContext:
    return StageContext(store, name * 64, store.root / "work" / name, seed=3, workers=workers)


def made(root: Path, workers: int = 1) -> tuple[ArtifactStore, ArtifactRef]:
    store = ArtifactStore(root)
    shop = catalog.run(CONFIG, ctx=context(store, "a"))
    people = profiles.run(CONFIG, catalog=shop, ctx=context(store, "b"))
    talk = conversations.run(CONFIG, catalog=shop, profiles=people, ctx=context(store, "c", workers))
    return store, talk


def test_the_number_of_workers_changes_nothing(tmp_path: Path) -> None:
    (store, alone), (_, together) = made(tmp_path / "one"), made(tmp_path / "two", workers=2)
    assert alone.digest == together.digest and alone.rows == 270
    metrics = store.manifest(alone)["metrics"]
    assert metrics["replay_rate"] == 1.0 and metrics["replayed"] >= 200
    assert sum(metrics[f"share_{side}"] for side in ("train", "dev", "test")) == pytest.approx(1)
    rows = from_table("conversations", store.read_table(alone))
    assert [rows[0].conversation_id, rows[-1].conversation_id] == ["c000000", "c000269"]


def test_a_users_file_becomes_the_catalogue(tmp_path: Path) -> None:
    file = tmp_path / "shop.csv"
    file.write_text("id,title,price,colour\n1,Blue Cotton Shirt,499,Blue\n2,Red Silk Saree,1999,Red\n")
    store = ArtifactStore(tmp_path / "store")
    config = RunConfig.model_validate({"catalog": {"file": str(file)}})
    receipt = catalog.run(config, ctx=context(store, "a"))
    products = from_table("products", store.read_table(receipt))
    assert [product.price for product in products] == [499.0, 1999.0]
    assert store.manifest(receipt)["metrics"]["share_with_price"] == 1.0


def test_a_missing_file_is_the_users_mistake(tmp_path: Path) -> None:
    config = RunConfig.model_validate({"catalog": {"file": str(tmp_path / "none.csv")}})
    with pytest.raises(CatalogError):
        catalog.run(config, ctx=context(ArtifactStore(tmp_path), "a"))
