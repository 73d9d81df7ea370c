"""The door of the artifact store: contracts run before a manifest is written, and again when they change."""

from __future__ import annotations

from pathlib import Path

from muse_core.artifacts import ArtifactStore


def open_store(root: Path) -> ArtifactStore:
    """The artifact store with the Great Expectations suites as its validator.

    Great Expectations itself is imported by the first validation, not here."""
    from data_contracts import validate

    return ArtifactStore(root, validate.validate, validate.signature)
