"""The alias `champion` is set by the rule only."""

from __future__ import annotations

from pathlib import Path

from tasks.registered_model import CHAMPION, MODEL_NAME, RegisteredVersion, set_champion_alias
from tasks.tracking import TrackingPlace, open_client


def test_only_what_has_passed_becomes_champion(tmp_path: Path) -> None:
    place = TrackingPlace(f"sqlite:///{tmp_path / 'mlflow.db'}", (tmp_path / "mlruns").as_uri(), tmp_path)
    client, experiment = open_client(place)
    run = client.create_run(experiment)
    client.create_registered_model(MODEL_NAME)
    versions = [
        RegisteredVersion(
            MODEL_NAME, str(client.create_model_version(MODEL_NAME, "x", run.info.run_id).version), True
        )
        for _ in range(2)
    ]
    assert set_champion_alias(client, versions[0], True) == "muse version 1 is champion now."
    assert set_champion_alias(client, versions[1], False) == "The alias champion stays where it is."
    assert str(client.get_model_version_by_alias(MODEL_NAME, CHAMPION).version) == "1"
    set_champion_alias(client, versions[1], True)
    assert str(client.get_model_version_by_alias(MODEL_NAME, CHAMPION).version) == "2"
