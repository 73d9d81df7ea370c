"""Which engine may run, before anything is started; and how shards are cut for a cluster."""

from __future__ import annotations

import socket

import pytest

from muse_core.config.load import load_config
from muse_core.config.run_config import ExecutionConfig
from muse_core.errors import ConfigError
from tasks import engine
from tasks.execution import blocks


def test_the_local_engine_needs_nothing() -> None:
    engine.check_engine(ExecutionConfig())


@pytest.mark.parametrize("name", ["dask", "ray"])
def test_a_missing_extra_is_said_with_its_remedy(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "find_spec", lambda module: None)
    with pytest.raises(ConfigError, match=rf"\[{name}\].*execution\.engine=local"):
        engine.check_engine(ExecutionConfig.model_validate({"engine": name}))


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("127.0.0.1:1", "refused"),
        ("tcp://no.such.host.invalid:8786", "no dask cluster"),
        ("here", "host and port"),
    ],
)
def test_a_cluster_that_does_not_answer(address: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "find_spec", lambda module: object())
    settings = ExecutionConfig.model_validate({"engine": "dask", "cluster_address": address})
    with pytest.raises(ConfigError, match=said):
        engine.check_engine(settings)


@pytest.mark.parametrize("scheme", ["", "tcp://", "ray://"])
def test_a_cluster_that_answers(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "find_spec", lambda module: object())
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"{scheme}127.0.0.1:{server.getsockname()[1]}"
        engine.check_engine(ExecutionConfig.model_validate({"engine": "ray", "cluster_address": address}))


def test_an_address_without_an_engine_is_a_mistake() -> None:
    with pytest.raises(ConfigError, match=r"set execution\.engine to dask or ray"):
        load_config("quickstart", overrides=["execution.cluster_address=host:1"])


@pytest.mark.parametrize("count", [0, 1, 5, 32, 200])
def test_blocks_hold_every_shard_once_and_in_order(count: int) -> None:
    found = blocks(list(range(count)))
    assert [shard for block in found for shard in block] == list(range(count))
    assert len(found) == min(count, 32)
    assert not found or max(map(len, found)) - min(map(len, found)) <= 1
