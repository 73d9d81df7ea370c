"""The same shards on a local Dask and a local Ray cluster give the same bytes as on no cluster."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from muse_core.artifacts import ArtifactStore
from muse_core.config.run_config import RunConfig
from muse_core.context import ShardMap, StageContext
from muse_core.errors import ConfigError
from muse_core.stages import catalog, conversations, profiles
from muse_core.types import ArtifactRef

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("prefect_server")]

SIZES = {
    "catalog": {"synthetic_products": 100},
    "profiles": {"count": 40},
    "conversations": {"count": conversations.SHARD + 30},
}
EXTRAS = {"dask": "prefect_dask", "ray": "prefect_ray"}


def needs(engine: str) -> None:
    pytest.importorskip(
        EXTRAS[engine], reason=f"the extra {engine!r} is not installed: pip install -e '.[{engine}]'"
    )


def talk(store: ArtifactStore, shards: ShardMap | None = None, name: str = "c") -> ArtifactRef:
    """The conversations of a small shop, in this process or as `shards` runs them."""
    config = RunConfig.model_validate(SIZES)

    def ctx(key: str, **more: Any) -> StageContext:
        return StageContext(store, key * 64, store.root / "work" / key, seed=3, **more)

    shop = catalog.run(config, ctx=ctx("a"))
    people = profiles.run(config, catalog=shop, ctx=ctx("b"))
    wide = {} if shards is None else {"map_shards": shards, "workers": 2}
    return conversations.run(config, catalog=shop, profiles=people, ctx=ctx(name, **wide))


def on_engine(root: Path, **execution: Any) -> ArtifactRef:
    """The same inside a flow, on the engine."""
    from prefect import flow

    from tasks.engine import check_engine
    from tasks.execution import shard_map

    settings = RunConfig.model_validate({"execution": execution}).execution
    check_engine(settings)

    @flow
    def one_stage() -> ArtifactRef:
        return talk(ArtifactStore(root), shard_map(settings), "d")

    return one_stage()


@pytest.fixture
def alone(tmp_path: Path) -> ArtifactRef:
    return talk(ArtifactStore(tmp_path / "alone"))


@pytest.mark.parametrize("engine", ["dask", "ray"])
def test_a_cluster_started_for_the_stage(engine: str, alone: ArtifactRef, tmp_path: Path) -> None:
    needs(engine)
    assert on_engine(tmp_path / "cluster", engine=engine).digest == alone.digest


@pytest.fixture
def dask_address() -> Iterator[str]:
    needs("dask")
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address=None) as cluster:
        yield cluster.scheduler_address


@pytest.fixture
def ray_address() -> Iterator[str]:
    needs("ray")
    import ray

    started = ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield started.address_info["gcs_address"]
    ray.shutdown()


def test_a_dask_cluster_that_runs_already(dask_address: str, alone: ArtifactRef, tmp_path: Path) -> None:
    found = on_engine(tmp_path / "cluster", engine="dask", cluster_address=dask_address)
    assert found.digest == alone.digest


def test_a_ray_cluster_that_runs_already(ray_address: str, alone: ArtifactRef, tmp_path: Path) -> None:
    found = on_engine(tmp_path / "cluster", engine="ray", cluster_address=ray_address)
    assert found.digest == alone.digest


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@pytest.mark.parametrize("engine", ["dask", "ray"])
def test_a_run_without_its_cluster_ends_before_the_first_stage(
    engine: str, free_port: int, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.pipeline import muse

    flow: Callable[..., Any] = muse
    monkeypatch.setattr("tasks.engine.find_spec", lambda module: object())
    asked = [f"execution.engine={engine}", f"execution.cluster_address=127.0.0.1:{free_port}"]
    with pytest.raises(ConfigError, match=f"no {engine} cluster answers there"):
        flow("quickstart", asked, "catalog")
    assert not (home / "artifacts" / "products").exists()
