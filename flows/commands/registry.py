"""`models:/muse@candidate` as a model folder, for the verbs that take a model REF."""

from __future__ import annotations

from pathlib import Path

from flows.environment import prepare


def registered_folder(uri: str, home: Path | None) -> Path:
    """The model folder of a registered version."""
    environment = prepare(home)
    from tasks.registered_model import model_folder

    return model_folder(uri, environment.mlflow_uri)
