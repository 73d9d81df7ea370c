"""`muse artifacts ls|show|verify`: receipts, first rows, damage. Only `verify --repair` changes anything."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from flows.environment import home_folder, team_artifacts
from muse_core.artifacts import ArtifactStore
from muse_core.durable import files_below
from muse_core.errors import ArtifactError, ConfigError
from muse_core.inspection import Damage
from muse_core.manifests import Manifest
from muse_core.remote import Remote, open_remote
from muse_core.retention import SetAside, set_aside
from muse_core.types import ArtifactRef

CELL = 240  # characters of a cell that `show` prints


def _store(home: Path | None) -> ArtifactStore:
    return ArtifactStore(home_folder(home) / "artifacts")


def _bucket() -> Remote:
    url = team_artifacts()
    if url is None:
        raise ConfigError("--remote looks into the bucket of MUSE_ARTIFACTS_URL, which is not set")
    return open_remote(url)


def ls(home: Path | None, as_json: bool, is_remote: bool = False) -> None:
    """Every artifact below the home, or in the bucket, oldest first."""
    store, bucket = _store(home), _bucket() if is_remote else None
    manifests = bucket.manifests() if bucket else [store.manifest(ref) for ref in store.list()]
    entries = [_entry(manifest) for manifest in manifests]
    if as_json:
        print(json.dumps({"artifacts": entries}, ensure_ascii=False))
        return
    out = Console()
    if not entries:
        place = f"at {bucket.url}" if bucket else f"below {store.root}"
        out.print(f"no artifacts {place}; `muse run` makes some", markup=False, highlight=False)
        return
    table = Table(box=None, pad_edge=False)
    for column in ("artifact", "stage", "rows", "size", "made"):
        table.add_column(column, justify="right" if column in ("rows", "size") else "left", no_wrap=True)
    for entry in entries:
        size = f"{entry['nbytes'] / 1e6:,.1f} MB"
        rows = f"{entry['rows']:,}" if entry["rows"] else ""
        table.add_row(entry["id"], entry["stage"] or "", rows, size, entry["created"][:19].replace("T", " "))
    out.print(table)


def _entry(manifest: Manifest) -> dict[str, Any]:
    return {
        "id": manifest["ref"]["path"].rpartition("/")[0],
        "stage": manifest["about"].get("stage"),
        "created": manifest["created"],
        "validated_by": manifest["validated_by"],
        **manifest["ref"],
    }


def show(name: str, rows: int, home: Path | None, as_json: bool) -> None:
    """One artifact: its manifest, and its first rows or its files."""
    store = _store(home)
    ref = store.resolve(name)
    manifest = store.manifest(ref)
    content = _first_rows(store, ref, rows) if ref.path.endswith(".parquet") else _files(store, ref)
    if as_json:
        print(json.dumps({"manifest": manifest, **content}, ensure_ascii=False, default=str))
        return
    out = Console()
    for key in ("created", "seconds", "validated_by", "platform", "fingerprint"):
        out.print(f"{key:13} {manifest.get(key)}", markup=False, highlight=False)
    out.print(f"{'rows':13} {ref.rows:,}", markup=False, highlight=False)
    for key, value in manifest.get("metrics", {}).items():
        out.print(f"metric        {key} = {value}", markup=False, highlight=False)
    for row in content.get("rows", []):
        out.rule()
        for column, value in row.items():
            text = json.dumps(value, ensure_ascii=False, default=str)
            out.print(f"{column:20} {_short(text)}", markup=False, highlight=False, soft_wrap=True)
    for file in content.get("files", []):
        out.print(f"{file['nbytes']:>14,}  {file['name']}", markup=False, highlight=False)


def _short(text: str) -> str:
    return text if len(text) <= CELL else f"{text[:CELL]} … ({len(text):,} characters)"


def _first_rows(store: ArtifactStore, ref: ArtifactRef, rows: int) -> dict[str, Any]:
    found = store.read_table(ref).slice(0, rows).to_pylist()
    return {"rows": [{key: _shown(value) for key, value in row.items()} for row in found]}


def _shown(value: Any) -> Any:
    return f"{len(value):,} bytes" if isinstance(value, bytes) else value


def _files(store: ArtifactStore, ref: ArtifactRef) -> dict[str, Any]:
    folder = store.folder(ref)
    names = [(path.relative_to(folder).as_posix(), path.stat().st_size) for path in files_below(folder)]
    return {"files": [{"name": name, "nbytes": size} for name, size in names]}


def verify(home: Path | None, as_json: bool, is_repair: bool = False, is_remote: bool = False) -> None:
    """Reads every byte. Ends with exit code 1 when something is damaged and was not set aside."""
    if is_repair and is_remote:
        raise ConfigError(
            "--repair sets aside what lies below the home; what is damaged in the bucket counts as missing, "
            "and the run that makes it again replaces it"
        )
    store, bucket = _store(home), _bucket() if is_remote else None
    moved = list(set_aside(store.root)) if is_repair and store.root.is_dir() else []
    damage = list(bucket.verify()) if bucket else store.verify()
    count = len(bucket.manifests() if bucket else store.list())
    if as_json:
        found = {"artifacts": count, "damaged": [asdict(one) for one in damage]}
        print(json.dumps(found | ({"set_aside": [asdict(one) for one in moved]} if is_repair else {})))
    else:
        _say(moved, damage, f"{count} artifacts {f'at {bucket.url}' if bucket else f'below {store.root}'}")
    if damage:
        lines = "".join(f"\n  - {one.path}: {one.problem}" for one in damage)
        raise ArtifactError(f"{len(damage)} artifacts cannot be used; the next run makes them again:{lines}")


def _say(moved: Sequence[SetAside], damage: Sequence[Damage], whole: str) -> None:
    out = Console(soft_wrap=True, markup=False, highlight=False)
    for one in moved:
        done = f"moved to {one.now}" if one.now else "left: a running stage holds its lock"
        out.print(f"{one.path}: {one.problem}; {done}")
    if any(one.now for one in moved):
        out.print("the next run makes them again; `muse artifacts gc --yes` deletes what was moved")
    if not damage:
        out.print(f"{whole}, all intact")
