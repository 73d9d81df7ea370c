"""The manifest of an artifact as a file: what shape it has, written with a seal, read only when all is right.

A manifest says where data lies and what is known about it, so a torn, edited or foreign one must not be
believed in part: it counts as missing, with the reason. The seal is the sha256 of everything else in the
file; manifests of versions before it have none and are believed by their shape.
"""

from __future__ import annotations

import hashlib
import json
import math
import platform
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from data_contracts.schemas import contract_name
from muse_core.fingerprint import library_versions
from muse_core.json_text import JsonTextError, read_json
from muse_core.types import ArtifactRef

Manifest = dict[str, Any]
NAME = "manifest.json"
MAX_BYTES = 64 * 2**20
DATA = ("data.parquet", "folder")

_Text = Annotated[str, Field(min_length=1)]
_Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Count = Annotated[int, Field(ge=0)]


class ManifestError(ValueError):
    """Why a manifest is not believed."""


class Receipt(BaseModel):
    """The fields of an `ArtifactRef` in a file."""

    model_config = ConfigDict(extra="forbid", strict=True)
    kind: _Text
    contract: _Text
    path: _Text
    digest: _Digest
    rows: _Count
    nbytes: _Count


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True)
    ref: Receipt
    fingerprint: _Text
    validated_by: _Text
    metrics: dict[str, float | None]
    about: dict[str, Any]
    libraries: dict[str, Any]
    platform: str
    created: _Text
    seconds: float | None = None
    seal: _Digest | None = None


def read_manifest(home: Path, of_any_version: bool = False) -> Manifest:
    """The manifest of an artifact's folder (`<kind>/<key>`). ManifestError when there is none, or none that
    `parse_manifest` believes."""
    path = home / NAME
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ManifestError("its manifest is too large to be one")
        raw = path.read_bytes()
    except FileNotFoundError:
        raise ManifestError("it has no manifest") from None
    except OSError as problem:
        raise ManifestError(f"its manifest cannot be read ({problem.strerror})") from None
    return parse_manifest(raw, f"{home.parent.name}/{home.name}", of_any_version)


def parse_manifest(raw: bytes, home: str, of_any_version: bool = False) -> Manifest:
    """The manifest of `kind/key`. ManifestError when it is torn, of another shape, of data elsewhere, changed
    after it was written, or of another contract version (unless `of_any_version`)."""
    manifest = _shaped(raw, home)
    ref = manifest["ref"]
    if not of_any_version and ref["contract"] != (known := contract_name(ref["kind"])):
        raise ManifestError(f"it was written under {ref['contract']}, this version reads {known}")
    if manifest.get("seal") not in (None, _seal(manifest)):
        raise ManifestError("its manifest was changed after it was written")
    return manifest


def _shaped(raw: bytes, home: str) -> Manifest:
    try:
        body = read_json(raw.decode("utf-8"))
        _Shape.model_validate(body)
    except UnicodeDecodeError:
        raise ManifestError("its manifest is not UTF-8") from None
    except JsonTextError as problem:
        raise ManifestError(f"its manifest is damaged ({problem})") from None
    except ValidationError as problem:
        raise ManifestError(f"its manifest is not one of ours ({_first(problem)})") from None
    if (
        body["ref"]["path"] not in [f"{home}/{name}" for name in DATA]
        or body["ref"]["kind"] != home.split("/")[0]
    ):
        raise ManifestError(f"its manifest speaks of {body['ref']['path'][:80]!r}, which is not its own data")
    return dict(body)


def new_manifest(
    ref: ArtifactRef,
    fingerprint: str,
    approval: str,
    metrics: Mapping[str, float],
    about: Mapping[str, Any],
    created: datetime,
    seconds: float | None,
) -> Manifest:
    """What is written beside new data. `approval`: who validated it; `seconds`: how long its stage took."""
    return {
        "ref": asdict(ref),
        "fingerprint": fingerprint,
        "validated_by": approval,
        "metrics": {name: float(value) for name, value in metrics.items()},
        "about": dict(about),
        "libraries": library_versions(),
        "platform": platform.platform(),
        "created": created.isoformat(),
        "seconds": seconds,
    }


def manifest_text(manifest: Manifest) -> str:
    """The file's text, with its seal."""
    plain = json.loads(json.dumps(_finite(manifest), default=_plain))
    return json.dumps(plain | {"seal": _seal(plain)}, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _seal(manifest: Manifest) -> str:
    rest = {name: value for name, value in manifest.items() if name != "seal"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def _first(problem: ValidationError) -> str:
    error = problem.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, error['loc'])) or 'all of it'}: {error['msg']}"


def _finite(value: Any) -> Any:
    """JSON has no NaN: a metric that could not be computed becomes null."""
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _plain(value: Any) -> Any:
    """Numpy scalars and paths as JSON knows them."""
    return value.item() if hasattr(value, "item") else str(value)
