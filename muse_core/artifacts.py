"""The artifact store: tables and folders published whole, under the fingerprint of what made them.

Layout below the root::

    products/3f2a9c…(16)/data.parquet    a table        \\ one rename publishes both; the
    products/3f2a9c…(16)/manifest.json   its manifest   / manifest is written last
    model/91b0…/folder/…                 a folder (weights, exports)
    work/<key>/    scratch of a running stage, survives a kill, cleared after publication
    tmp/  locks/   drafts and per-fingerprint locks
    damaged/       what `muse artifacts verify --repair` has set aside

The manifest is the truth: receipt, fingerprint, who validated it, final metrics, library versions.
A damaged or foreign artifact is reported once in the log and treated as missing, so the stage that
makes it runs again and replaces it. Several hosts may use one root on a network file system; hosts with a
root each, and a bucket behind it, use `team_store.py`.
"""

from __future__ import annotations

import hashlib
import logging
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from data_contracts.schemas import SCHEMAS, contract_name
from muse_core import durable
from muse_core.arrow_schema import ARROW_ONLY, check_arrow_schema
from muse_core.errors import ArtifactError
from muse_core.inspection import Damage, Digests, damages, inspect, sound_manifests
from muse_core.lease import key_lock
from muse_core.manifests import NAME as MANIFEST
from muse_core.manifests import Manifest, ManifestError, manifest_text, new_manifest, read_manifest
from muse_core.types import ArtifactRef

log = logging.getLogger(__name__)

Validate = Callable[[str, pa.Table], str]

ROW_GROUP = 8192


Receipts = list[ArtifactRef]  # names for annotations inside the class, where `list` is a method
Damages = list[Damage]


def key_of(fingerprint: str) -> str:
    """The folder name of a fingerprint: its first 16 hex digits (other texts are hashed first)."""
    plain = re.fullmatch(r"[0-9a-f]{64}", fingerprint)
    return (fingerprint if plain else hashlib.sha256(fingerprint.encode()).hexdigest())[:16]


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class ArtifactStore:
    """Reads and writes artifacts below `root`.

    `validate(kind, table)` runs before anything is published; it raises ContractViolation or returns
    the name of its approval, which the manifest keeps. `signature(kind)` names the approval that the
    validator would give now, without validating (None: the Arrow schema's).
    """

    root: Path
    validate: Validate = check_arrow_schema
    signature: Callable[[str], str] | None = None
    clock: Callable[[], datetime] = _utc_now
    stamp: Mapping[str, Any] = field(default_factory=dict)
    started: datetime | None = None
    _digests: Digests = field(default_factory=Digests, repr=False, compare=False)

    def for_stage(
        self,
        stage: str,
        parts: Mapping[str, str],
        inputs: Mapping[str, str] | None = None,
        estimate: Mapping[str, Any] | None = None,
    ) -> ArtifactStore:
        """The same store, whose manifests also say which stage wrote them, from which key parts and
        input digests, how many seconds after this moment, and how many were expected."""
        stamp = {"stage": stage, "key_parts": dict(parts), "inputs": dict(inputs or {})}
        if estimate is not None:
            stamp["estimate"] = dict(estimate)
        return replace(self, stamp=stamp, started=self.clock())

    # writing

    def write_table(
        self,
        kind: str,
        table: pa.Table,
        fingerprint: str,
        *,
        metrics: Mapping[str, float] | None = None,
        about: Mapping[str, Any] | None = None,
    ) -> ArtifactRef:
        """Validates and publishes a table. Equal tables give equal bytes, however they are chunked."""
        table = table.replace_schema_metadata(None)
        check_arrow_schema(kind, table)
        table = table.cast(
            SCHEMAS[kind]
        )  # without the marks that reading leaves on the fields of nested columns
        approval = self.validate(kind, table)

        def fill(draft: Path) -> Path:
            path = draft / "data.parquet"
            with pq.ParquetWriter(path, table.schema, compression="zstd", version="2.6") as file:
                for start in range(0, max(table.num_rows, 1), ROW_GROUP):
                    file.write_table(table.slice(start, ROW_GROUP).combine_chunks(), row_group_size=ROW_GROUP)
            return path

        return self._publish(kind, fill, fingerprint, table.num_rows, approval, metrics, about)

    def write_folder(
        self,
        kind: str,
        fill: Callable[[Path], None],
        fingerprint: str,
        *,
        metrics: Mapping[str, float] | None = None,
        about: Mapping[str, Any] | None = None,
    ) -> ArtifactRef:
        """Publishes the folder that `fill` writes its files into."""

        def fill_folder(draft: Path) -> Path:
            path = draft / "folder"
            path.mkdir()
            fill(path)
            if not durable.files_below(path):
                raise ArtifactError(f"{kind}: the stage wrote no file into its folder; nothing was published")
            return path

        return self._publish(kind, fill_folder, fingerprint, 0, "files", metrics, about)

    def _publish(
        self,
        kind: str,
        fill: Callable[[Path], Path],
        fingerprint: str,
        rows: int,
        approval: str,
        metrics: Mapping[str, float] | None,
        about: Mapping[str, Any] | None,
    ) -> ArtifactRef:
        final = self.root / kind / key_of(fingerprint)
        with durable.explained(self.root), durable.draft_folder(self.root / "tmp", final.name) as draft:
            data = fill(draft)
            path = (final / data.name).relative_to(self.root).as_posix()
            ref = ArtifactRef(
                kind, contract_name(kind), path, durable.path_digest(data), rows, durable.path_bytes(data)
            )
            now = self.clock()
            seconds = (now - self.started).total_seconds() if self.started else None
            about = {**self.stamp, **(about or {})}
            manifest = new_manifest(ref, fingerprint, approval, metrics or {}, about, now, seconds)
            durable.write_text(draft / MANIFEST, manifest_text(manifest))
            durable.fsync_tree(draft)
            durable.move_into_place(draft, final)
        log.info("published %s (%d rows, %.1f MB)", ref.path, ref.rows, ref.nbytes / 1e6)
        return ref

    # reading

    def read_table(self, ref: ArtifactRef, columns: Sequence[str] | None = None) -> pa.Table:
        """The table behind a receipt, after checking its digest and contract. ArtifactError otherwise."""
        self._check_contract(ref)
        path = self.root / ref.path
        if not path.is_file():
            raise ArtifactError(f"{ref.path} is missing from {self.root}; run the stage that makes it again")
        with pa.memory_map(str(path)) as file:
            if hashlib.sha256(file.read_buffer()).hexdigest() != ref.digest:
                raise ArtifactError(_damaged(ref))
            file.seek(0)
            table = pq.read_table(file, columns=None if columns is None else [*columns])
        if columns is None:
            check_arrow_schema(ref.kind, table)
        return table

    def folder(self, ref: ArtifactRef) -> Path:
        """The verified folder behind a receipt."""
        self._check_contract(ref)
        path = self.root / ref.path
        if not path.is_dir():
            raise ArtifactError(f"{ref.path} is missing from {self.root}; run the stage that makes it again")
        if self._digests.of(path) != ref.digest:
            raise ArtifactError(_damaged(ref))
        return path

    def _check_contract(self, ref: ArtifactRef) -> None:
        if ref.contract != contract_name(ref.kind):
            raise ArtifactError(
                f"{ref.path} was written under {ref.contract}, this version reads {contract_name(ref.kind)}; "
                "run the stage that makes it again"
            )

    def manifest(self, ref: ArtifactRef) -> Manifest:
        """What is known about an artifact besides its data. ArtifactError when the manifest is missing,
        damaged or changed."""
        try:
            return read_manifest((self.root / ref.path).parent, of_any_version=True)
        except ManifestError as problem:
            raise ArtifactError(f"{ref.path} cannot be used: {problem}; run its stage again") from None

    # finding

    def find(self, kind: str, fingerprint: str, *, trust_size_above: int | None = None) -> ArtifactRef | None:
        """The intact artifact of this fingerprint, or None; damage is said in the log.

        Artifacts of more than `trust_size_above` bytes are checked by size instead of digest."""
        home = self.root / kind / key_of(fingerprint)
        if not home.exists():
            return None
        manifest, problem = inspect(self.root, home, self._digests, trust_size_above)
        if manifest and not problem and manifest["fingerprint"] != fingerprint:
            problem = "it carries another fingerprint"
        if problem:
            log.warning("%s/%s is ignored: %s; its stage will run again", kind, home.name, problem)
            return None
        return None if manifest is None else ArtifactRef(**manifest["ref"])

    def obtain(self, kind: str, fingerprint: str) -> ArtifactRef | None:
        """`find`, and what only the team has is brought here first."""
        return self.find(kind, fingerprint)

    def share(self, ref: ArtifactRef) -> ArtifactRef:
        """Gives the team what a stage has made; the receipt that counts there."""
        return ref

    def list(self) -> Receipts:
        """Receipts of everything with a sound manifest, oldest first; `verify` names the others."""
        return [ArtifactRef(**manifest["ref"]) for manifest in sound_manifests(self.root)]

    def verify(self) -> Damages:
        """Everything that cannot be used; [] is a sound store."""
        return damages(self.root, self._digests)

    def latest(self, kind: str, stage: str | None = None) -> Manifest | None:
        """The newest manifest of a kind (written by `stage`, when given), damaged data or not."""
        for ref in reversed([ref for ref in self.list() if ref.kind == kind]):
            manifest = self.manifest(ref)
            if stage is None or manifest["about"].get("stage") == stage:
                return manifest
        return None

    def resolve(self, text: str) -> ArtifactRef:
        """The one artifact named by `kind/prefix`, a key prefix or a digest prefix."""
        known = self.list()
        hits = [ref for ref in known if ref.path.startswith(text) or ref.digest.startswith(text)]
        hits = hits or [ref for ref in known if ref.path.split("/")[1].startswith(text)]
        if len(hits) == 1:
            return hits[0]
        named = "none" if not hits else ", ".join(ref.path for ref in hits[:5])
        raise ArtifactError(
            f"{text!r} names {len(hits)} artifacts ({named}), one is needed; see `muse artifacts ls`"
        )

    # around a stage run

    def revalidate(self, ref: ArtifactRef) -> None:
        """Approves a cached table again when the contract's rules changed since; the data stays."""
        if ref.kind not in SCHEMAS:
            return
        approval = self.signature(ref.kind) if self.signature else ARROW_ONLY
        manifest = self.manifest(ref)
        if manifest["validated_by"] == approval:
            return
        manifest["validated_by"] = self.validate(ref.kind, self.read_table(ref))
        with durable.explained(self.root):
            durable.write_text((self.root / ref.path).parent / MANIFEST, manifest_text(manifest))

    @contextmanager
    def lock(self, fingerprint: str) -> Iterator[None]:
        """Held for a whole stage run: a second run of the same fingerprint waits, then finds it cached."""
        with key_lock(self.root, key_of(fingerprint)):
            yield

    def work(self, fingerprint: str) -> Path:
        """The scratch folder of a fingerprint (checkpoints); it survives a killed run."""
        path = self.root / "work" / key_of(fingerprint)
        with durable.explained(self.root):
            path.mkdir(parents=True, exist_ok=True)
        return path

    def clear_work(self, fingerprint: str) -> None:
        shutil.rmtree(self.root / "work" / key_of(fingerprint), ignore_errors=True)


def _damaged(ref: ArtifactRef) -> str:
    return f"{ref.path} is damaged: its digest is not {ref.digest[:12]}…; run the stage that makes it again"
