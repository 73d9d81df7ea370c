"""Which artifacts the runs and the registered versions in MLflow refer to.

Each run of a stage carries the path of its artifact as a tag; a registered version the digests of what it was
made from. Runs that somebody has deleted in MLflow refer to nothing. No import of mlflow: `tasks/tracking.py`
opens the client.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tasks.registered_model import MODEL_NAME
from tasks.tracking import CACHED_FROM

ARTIFACT_TAG = "artifact"
DIGEST_ENDING = "_digest"
PAGE = 1000
SQLITE = "sqlite:///"


def named_in_mlflow(uri: str, artifact_root: str | None, home: Path) -> set[str]:
    """`kind/key` of what runs name and the digests of what versions were made from. TransientError when
    MLflow does not answer: then nothing is known to be free."""
    if uri.startswith(SQLITE) and not Path(uri.removeprefix(SQLITE)).exists():
        return set()
    from tasks.tracking import TrackingPlace, open_client, transient

    with transient():
        client, experiment = open_client(TrackingPlace(uri, artifact_root, home))
        return {*_of_runs(client, experiment), *_of_versions(client)}


def _of_runs(client: Any, experiment: str) -> Iterator[str]:
    token = None
    while True:
        page = client.search_runs([experiment], max_results=PAGE, page_token=token)
        for run in page:
            for tag in (ARTIFACT_TAG, CACHED_FROM):
                yield run.data.tags.get(tag, "").rpartition("/")[0]
        token = page.token
        if not token:
            return


def _of_versions(client: Any) -> Iterator[str]:
    for version in client.search_model_versions(f"name='{MODEL_NAME}'"):
        yield from (value for name, value in version.tags.items() if name.endswith(DIGEST_ENDING))
