"""The door of the artifact store: contracts run before a manifest is written, and again when they change."""

from __future__ import annotations

from pathlib import Path

from muse_core.artifacts import ArtifactStore


def open_store(root: Path, team: str | None = None) -> ArtifactStore:
    """The artifact store with the Great Expectations suites as its validator, and behind it the bucket at the
    address `team`, when there is one.

    Great Expectations itself is imported by the first validation, not here."""
    from data_contracts import validate

    if team is None:
        return ArtifactStore(root, validate.validate, validate.signature)
    from muse_core.remote import open_remote
    from muse_core.team_store import TeamStore

    return TeamStore(root, validate.validate, validate.signature, remote=open_remote(team))
