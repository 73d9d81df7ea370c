"""The artifact store of a machine in a team: its own folder, and behind it a bucket that all of them use.

The folder is what stages read and write; it is asked first. What is not there is looked for in the bucket and
brought here whole, digest checked. What a stage has made here is put there. Where two machines have made one
key, the first in the bucket counts, and the other takes it over.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from muse_core.artifacts import ArtifactStore, key_of
from muse_core.manifests import Manifest
from muse_core.remote import Remote
from muse_core.types import ArtifactRef

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TeamStore(ArtifactStore):
    """`find` knows what lies here or in the bucket; `obtain` has it here afterwards."""

    remote: Remote = field(kw_only=True)

    def find(self, kind: str, fingerprint: str, *, trust_size_above: int | None = None) -> ArtifactRef | None:
        found = super().find(kind, fingerprint, trust_size_above=trust_size_above)
        theirs = self._theirs(kind, fingerprint) if found is None else None
        return found if theirs is None else ArtifactRef(**theirs["ref"])

    def obtain(self, kind: str, fingerprint: str) -> ArtifactRef | None:
        found = super().find(kind, fingerprint)
        if found is not None:
            return self.share(found)
        theirs = self._theirs(kind, fingerprint)
        is_here = theirs is not None and self.remote.fetch(self.root, theirs)
        return ArtifactRef(**theirs["ref"]) if theirs is not None and is_here else None

    def _theirs(self, kind: str, fingerprint: str) -> Manifest | None:
        theirs = self.remote.manifest(f"{kind}/{key_of(fingerprint)}")
        return theirs if theirs is not None and theirs["fingerprint"] == fingerprint else None

    def share(self, ref: ArtifactRef) -> ArtifactRef:
        manifest = self.manifest(ref)
        theirs = self.remote.publish(self.root, manifest)
        if theirs["ref"]["digest"] == ref.digest:
            return ref
        log.info("%s was made by another machine first; its result is taken", ref.path)
        if self.remote.fetch(self.root, theirs):
            return ArtifactRef(**theirs["ref"])
        self.remote.replace(self.root, manifest)
        return ref

    def manifest(self, ref: ArtifactRef) -> Manifest:
        home = (self.root / ref.path).parent
        theirs = None if home.exists() else self.remote.manifest(f"{home.parent.name}/{home.name}")
        return super().manifest(ref) if theirs is None else theirs

    @contextmanager
    def lock(self, fingerprint: str) -> Iterator[None]:
        with super().lock(fingerprint), self.remote.lease(key_of(fingerprint)):
            yield
