"""What the sources were found to mean, kept for the next process beside Python's own compiled files.

To read the meaning of every file takes a second, to see that all bytes are the same hundredths of one. Kept
is what was found of one state of all files of the package by one version of these readers and of Python;
another state replaces it. As with compiled files, PYTHONDONTWRITEBYTECODE and a folder that cannot be
written keep nothing, and PYTHONPYCACHEPREFIX says where else.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path

from muse_core.durable import file_digest, write_text

Digests = dict[str, str]  # relative path -> digest
_READERS = ("closure.py", "package_data.py", "source_digests.py")
_HERE = Path(__file__).resolve().parent


class KeptDigests:
    """Module -> digests of its code and data, of the files of `package` as they are now."""

    def __init__(self, package: Path) -> None:
        self._package = package
        self._place = Path(cache_from_source(str(package / "digests.py"))).with_suffix(".json")
        self._looks = _looks(package)
        self._state = _state_of(package)
        self._known = _read(self._place, self._state)

    def get(self, module: str) -> Digests | None:
        """What is known of a module; None where nothing is."""
        known = self._known.get(module)
        return None if known is None else dict(known)

    def keep(self, module: str, digests: Digests) -> None:
        """Remembers what was just found, unless a file has changed meanwhile."""
        if _looks(self._package) != self._looks:
            return
        self._known[module] = dict(digests)
        if not sys.dont_write_bytecode:
            with suppress(OSError):
                self._place.parent.mkdir(parents=True, exist_ok=True)
                write_text(self._place, json.dumps({"state": self._state, "modules": self._known}))


def _read(place: Path, state: str) -> dict[str, Digests]:
    """What is kept of this state; nothing of another one, or where the file is not what `keep` wrote."""
    with suppress(OSError, ValueError, RecursionError):
        kept = json.loads(place.read_text("utf-8"))
        if isinstance(kept, dict) and kept.get("state") == state and _is_whole(kept.get("modules")):
            return dict(kept["modules"])
    return {}


def _is_whole(modules: object) -> bool:
    return isinstance(modules, dict) and all(
        isinstance(digests, dict) and all(isinstance(one, str) for one in digests.values())
        for digests in modules.values()
    )


def _state_of(package: Path) -> str:
    """Of names and bytes of all files of a package that are not hidden, of these readers, of Python."""
    whole = hashlib.sha256(f"{sys.implementation.cache_tag}\0{sys.version}".encode())
    for path in (*sorted(_files(package)), *(_HERE / name for name in _READERS)):
        whole.update(f"{os.path.relpath(path, package)}\0{file_digest(path)}\n".encode())
    return whole.hexdigest()


def _looks(package: Path) -> dict[Path, tuple[int, int]]:
    """Time and size of each file: what tells that one was changed meanwhile, in thousandths of a second."""
    return {path: (stat.st_mtime_ns, stat.st_size) for path in _files(package) for stat in (path.stat(),)}


def _files(package: Path) -> list[Path]:
    found: list[Path] = []
    for folder, inner, names in os.walk(package):
        inner[:] = [name for name in inner if not name.startswith((".", "__pycache__"))]
        shown = (name for name in names if not name.startswith(".") and not name.endswith(".pyc"))
        found += [Path(folder, name) for name in shown]
    return found
