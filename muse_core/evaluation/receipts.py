"""From an artifact back to what it was made of: manifests name the digests of their inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from muse_core.artifacts import ArtifactStore
from muse_core.stage_table import STAGES
from muse_core.types import ArtifactRef


def behind(store: ArtifactStore, stage: str, ref: ArtifactRef) -> dict[str, Mapping[str, Any]]:
    """The manifests of a stage and of all stages behind it, in the order of the pipeline. What is not in the
    store any more is left out."""
    by_digest = {ref.digest: ref for ref in store.list()}
    manifests: dict[str, Mapping[str, Any]] = {}
    waiting = [(stage, ref)]
    while waiting:
        name, found = waiting.pop()
        if name not in manifests:
            manifests[name] = manifest = store.manifest(found)
            inputs = manifest["about"].get("inputs") or {}
            waiting += [(name, by_digest[digest]) for name, digest in inputs.items() if digest in by_digest]
    return {stage.name: manifests[stage.name] for stage in STAGES if stage.name in manifests}
