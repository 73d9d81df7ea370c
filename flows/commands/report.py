"""`muse report [--open]`: the HTML report of the last evaluation, made again from the artifact store.

Data that was not evaluated (`muse run --stage data`, or data newer than the last evaluation) has a page
of its own. The page of what was made last comes first, and is the one that `--open` opens.
"""

from __future__ import annotations

import webbrowser
from collections.abc import Iterator
from pathlib import Path

from flows.environment import home_folder
from muse_core.artifacts import ArtifactStore
from muse_core.errors import ConfigError
from muse_core.evaluation.report import write_data_report, write_report
from muse_core.types import ArtifactRef


def report(home: Path | None, open_: bool) -> None:
    """Writes the pages below `reports/`, prints their paths, and opens the first when asked."""
    folder = home_folder(home)
    store = ArtifactStore(folder / "artifacts")
    pages = [path for _, path in sorted(_pages(store, folder / "reports"), reverse=True)]
    if not pages:
        raise ConfigError(f"nothing was made below {store.root} yet; `muse run` does it")
    for path in pages:
        print(path)
    if open_:
        webbrowser.open(pages[0].as_uri())


def _pages(store: ArtifactStore, reports: Path) -> Iterator[tuple[str, Path]]:
    """(when its subject was made, path) of each page."""
    metrics, talks = store.latest("metrics", "evaluate"), store.latest("conversations")
    evaluated = ""
    if metrics is not None:
        evaluated = (metrics["about"].get("inputs") or {}).get("conversations", "")
        yield metrics["created"], write_report(store, ArtifactRef(**metrics["ref"]), reports)
    if talks is not None and talks["ref"]["digest"] != evaluated:
        yield talks["created"], write_data_report(store, ArtifactRef(**talks["ref"]), reports)
