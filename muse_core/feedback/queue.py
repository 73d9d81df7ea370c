"""The quarantine: all feedback of a home, as the newest `feedback` table of its store.

Every import and every decision publishes the whole table again, under the key of its content, so that
what was decided can be read back. What a person has accepted is published beside it, as a table of its own
kind with a stricter contract: equal rows have equal keys, so new feedback that waits re-runs nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pyarrow as pa

from muse_core.artifacts import ArtifactStore
from muse_core.errors import ConfigError
from muse_core.feedback.row import ACCEPTED, QUARANTINE, Feedback, as_table, of_table
from muse_core.records import canonical_json
from muse_core.types import ArtifactRef

STAGE = "feedback"


def queue(store: ArtifactStore) -> list[Feedback]:
    """What is in quarantine, decided or not."""
    found = store.latest(QUARANTINE)
    return of_table(QUARANTINE, store.read_table(ArtifactRef(**found["ref"]))) if found else []


@contextmanager
def changing(store: ArtifactStore) -> Iterator[list[Feedback]]:
    """The queue, alone: two that change it at once would lose what one of them did."""
    with store.lock(STAGE):
        yield queue(store)


def publish(store: ArtifactStore, rows: Iterable[Feedback]) -> ArtifactRef:
    """The queue as it is now, and what is accepted of it."""
    rows = list(rows)
    ref = _write(store, QUARANTINE, rows)
    accepted = [one for one in rows if one.status == "accepted"]
    if accepted:
        _write(store, ACCEPTED, accepted)
    return ref


def accepted(store: ArtifactStore) -> str:
    """The artifact (`accepted_feedback/…`) of what is accepted now; ConfigError where nothing is."""
    rows = [one for one in queue(store) if one.status == "accepted"]
    ref = store.find(ACCEPTED, _key(as_table(ACCEPTED, rows))) if rows else None
    if ref is None:
        raise ConfigError(
            f"nothing is accepted of the feedback below {store.root}; `muse feedback import` reads it, "
            "`muse feedback review` accepts it"
        )
    return "/".join(ref.path.split("/")[:2])


def read_accepted(store: ArtifactStore, name: str) -> list[Feedback]:
    """The rows of `conversations.feedback`. ConfigError where it names something else."""
    ref = store.resolve(name)
    if ref.kind != ACCEPTED:
        raise ConfigError(
            f"conversations.feedback: {name} is {ref.kind}, expected accepted_feedback; "
            "`muse run --feedback` takes what is accepted now"
        )
    return of_table(ACCEPTED, store.read_table(ref))


def _write(store: ArtifactStore, kind: str, rows: list[Feedback]) -> ArtifactRef:
    table = as_table(kind, rows)
    return store.for_stage(STAGE, {}).write_table(kind, table, _key(table))


def _key(table: pa.Table) -> str:
    return hashlib.sha256(canonical_json({"rows": table.to_pylist()}).encode()).hexdigest()
