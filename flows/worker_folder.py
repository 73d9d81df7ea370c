"""Prefect's pull step of every deployment: where a run of it begins.

A worker has its own clone of this project, wherever that is. A run starts in that folder, so that relative
paths, and `.muse` where the worker has no `MUSE_HOME`, mean the worker's and not those of whoever deployed.
"""

from __future__ import annotations

from pathlib import Path


def project_folder() -> dict[str, str]:
    """The folder of the clone that the worker's `flows` is imported from; Prefect enters `directory`."""
    return {"directory": str(Path(__file__).resolve().parent.parent)}
