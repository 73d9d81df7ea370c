"""The alias `champion`: by the rule, by force with a reason, and back again."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlflow import MlflowClient

from muse_core.errors import ConfigError
from tasks.champion import champions, find_version, promote, rollback, set_champion_alias, versions
from tasks.registered_model import CHAMPION, MODEL_NAME, RegisteredVersion
from tasks.tracking import TrackingPlace, open_client


def registry(folder: Path, count: int = 0) -> MlflowClient:
    place = TrackingPlace(f"sqlite:///{folder / 'mlflow.db'}", (folder / "mlruns").as_uri(), folder)
    client, experiment = open_client(place)
    run = client.create_run(experiment)
    if count:
        client.create_registered_model(MODEL_NAME)
    for _ in range(count):
        client.create_model_version(MODEL_NAME, "x", run.info.run_id)
    return client


def champion(client: MlflowClient) -> str:
    return str(client.get_model_version_by_alias(MODEL_NAME, CHAMPION).version)


def test_only_what_has_passed_becomes_champion_by_a_run(tmp_path: Path) -> None:
    client = registry(tmp_path, 2)
    first, second = (RegisteredVersion(MODEL_NAME, number, True) for number in ("1", "2"))
    assert set_champion_alias(client, first, True) == "muse version 1 is champion now (it passed the rule)."
    assert set_champion_alias(client, second, False) == "The alias champion stays where it is."
    assert champion(client) == "1"
    set_champion_alias(client, second, True)
    assert champion(client) == "2"


def test_who_was_champion_is_remembered_and_comes_back(tmp_path: Path) -> None:
    client = registry(tmp_path, 3)
    with pytest.raises(ConfigError, match="no earlier champion"):
        rollback(client)
    for number, why in (("1", "it passed the rule"), ("3", "forced: ईद की सेल"), ("3", "again")):
        promote(client, number, why)
    assert [(one["version"], one["why"]) for one in champions(client)] == [
        ("1", "it passed the rule"), ("3", "forced: ईद की सेल"),
    ]  # fmt: skip
    assert rollback(client) == "muse version 1 is champion again; version 3 was."
    assert champion(client) == "1" and len(champions(client)) == 1
    with pytest.raises(ConfigError, match="no earlier champion"):
        rollback(client)


def test_a_champion_that_was_deleted_is_not_gone_back_to(tmp_path: Path) -> None:
    client = registry(tmp_path, 3)
    for number in ("1", "2", "3"):
        promote(client, number, "it passed the rule")
    client.delete_model_version(MODEL_NAME, "2")
    assert rollback(client) == "muse version 1 is champion again; version 3 was."


def test_versions_are_found_by_number_and_alias(tmp_path: Path) -> None:
    client = registry(tmp_path, 2)
    promote(client, "1", "it passed the rule")
    assert [(one.number, one.aliases) for one in versions(client)] == [("2", ()), ("1", ("champion",))]
    assert find_version(client, "@champion").number == find_version(client, "1").number == "1"
    with pytest.raises(ConfigError, match=r"no version '7' of muse; versions: 2, 1"):
        find_version(client, "7")


def test_an_empty_registry(tmp_path: Path) -> None:
    client = registry(tmp_path)
    assert versions(client) == champions(client) == []
    with pytest.raises(ConfigError, match="`muse run` registers one"):
        find_version(client, "candidate")
