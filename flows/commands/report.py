"""`muse report [--open]`: the HTML report of the last evaluation, made again from the artifact store."""

from __future__ import annotations

import webbrowser
from pathlib import Path

from flows.environment import home_folder
from muse_core.artifacts import ArtifactStore
from muse_core.errors import ConfigError
from muse_core.evaluation.report import write_report
from muse_core.types import ArtifactRef


def report(home: Path | None, open_: bool) -> None:
    """Writes the page below `reports/`, prints its path, and opens it when asked."""
    folder = home_folder(home)
    store = ArtifactStore(folder / "artifacts")
    manifest = store.latest("metrics", "evaluate")
    if manifest is None:
        raise ConfigError(f"nothing was evaluated below {store.root} yet; `muse run` does it")
    path = write_report(store, ArtifactRef(**manifest["ref"]), folder / "reports")
    print(path)
    if open_:
        webbrowser.open(path.as_uri())
