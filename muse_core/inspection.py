"""What lies below a store's root, and whether it can be used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from muse_core import durable
from muse_core.manifests import Manifest, ManifestError, read_manifest

DAMAGED = "damaged"  # where damaged artifacts are set aside
RESERVED = ("work", "tmp", "locks", DAMAGED)  # folders below the root that hold no artifacts


@dataclass(frozen=True)
class Damage:
    """Something in the store that cannot be used, and why."""

    path: str
    problem: str


class Digests:
    """Digests of files and folders, remembered in this process while sizes and times stay."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[object, str]] = {}

    def of(self, path: Path) -> str:
        files = durable.files_below(path) if path.is_dir() else [path]
        look = [(str(f), (s := f.stat()).st_size, s.st_mtime_ns, s.st_ino) for f in files]
        known = self._known.get(str(path))
        if known is None or known[0] != look:
            known = self._known[str(path)] = (look, durable.path_digest(path))
        return known[1]


def homes(root: Path) -> Iterator[Path]:
    """The folders `<kind>/<key>` of all artifacts, sound or not."""
    if not root.is_dir():
        return
    for kind in sorted(root.iterdir()):
        if kind.is_dir() and kind.name not in RESERVED:
            yield from sorted(home for home in kind.iterdir() if home.is_dir())


def inspect(
    root: Path,
    home: Path,
    digests: Digests,
    trust_size_above: int | None = None,
    of_any_version: bool = False,
) -> tuple[Manifest | None, str | None]:
    """The manifest of an artifact's folder, and what is wrong with the artifact (None: nothing). Data of more
    than `trust_size_above` bytes is checked by size instead of digest."""
    try:
        manifest = read_manifest(home, of_any_version)
    except ManifestError as problem:
        return None, str(problem)
    ref = manifest["ref"]
    path = root / ref["path"]
    if not path.exists():
        return None, f"{path.name} is missing"
    if durable.path_bytes(path) != ref["nbytes"]:
        return None, f"{path.name} is damaged (its size differs)"
    trusted = trust_size_above is not None and ref["nbytes"] > trust_size_above
    intact = trusted or digests.of(path) == ref["digest"]
    return manifest, None if intact else f"{path.name} is damaged (its digest differs)"


def damages(root: Path, digests: Digests, of_any_version: bool = False) -> list[Damage]:
    """Everything that cannot be used; intact artifacts of other contract versions pass with
    `of_any_version`."""
    looked_at = [(home, inspect(root, home, digests, None, of_any_version)[1]) for home in homes(root)]
    return [Damage(home.relative_to(root).as_posix(), problem) for home, problem in looked_at if problem]


def sound_manifests(root: Path) -> list[Manifest]:
    """Every manifest that can be believed, of any contract version, the oldest first."""
    sound = [manifest for home in homes(root) if (manifest := _manifest_in(home)) is not None]
    return sorted(sound, key=lambda manifest: (manifest["created"], manifest["ref"]["path"]))


def _manifest_in(home: Path) -> Manifest | None:
    try:
        return read_manifest(home, of_any_version=True)
    except ManifestError:
        return None
