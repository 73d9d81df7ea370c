"""A team's artifacts in a bucket: what one machine has made, every other finds.

Layout below the address (`s3://bucket/prefix`, `gs://…`, `abfs://…`)::

    model/91b0…/<digest>/folder/…   data, below what it holds: two machines never write over each other
    model/91b0…/manifest.json       put last, and only where there is none: the first one counts
    claims/91b0…/00000001           which machine makes it now (lease.py)

A killed upload has published nothing, and the next one sends what is missing. Credentials come from where
fsspec's libraries look for them (environment, profile, the machine's role); no file of ours holds any.
"""

from __future__ import annotations

import errno
import importlib
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from muse_core import durable
from muse_core.errors import ArtifactError, ConfigError, MuseError, TransientError, cannot_import
from muse_core.inspection import Damage
from muse_core.lease import Claims, lease
from muse_core.manifests import NAME, Manifest, ManifestError, manifest_text, parse_manifest

log = logging.getLogger(__name__)

# scheme -> the package that speaks it, the extra that brings it
PACKAGES = {
    "s3": ("s3fs", "s3"), "gs": ("gcsfs", "gcs"), "gcs": ("gcsfs", "gcs"),
    "abfs": ("adlfs", "azure"), "abfss": ("adlfs", "azure"), "az": ("adlfs", "azure"),
    "memory": ("fsspec", ""),
}  # fmt: skip
PATIENCE = {
    "s3": {"config_kwargs": {"connect_timeout": 10, "read_timeout": 60, "retries": {"max_attempts": 2}}}
}
# Errors of libraries that are imported only when they are used, by the names of their classes.
AWAY = {
    "EndpointConnectionError", "HTTPClientError", "ClientConnectionError", "ServiceRequestError",
    "ServiceResponseError", "TransportError", "FSTimeoutError",
}  # fmt: skip
NO_ACCESS = {
    "NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "TokenRetrievalError",
    "ProfileNotFound", "GoogleAuthError", "ClientAuthenticationError",
}  # fmt: skip
FULL = (errno.ENOSPC, errno.EDQUOT)
CREDENTIALS = (
    "give credentials as fsspec's libraries read them: AWS_ACCESS_KEY_ID, GOOGLE_APPLICATION_CREDENTIALS, "
    "AZURE_STORAGE_CONNECTION_STRING or AZURE_STORAGE_ACCOUNT_NAME, …"
)
AZURE = ("abfs", "abfss", "az")
MISSING, REFUSED, BUSY = 404, (401, 403), (408, 429, 500, 502, 503, 504)  # of HTTP
WAYS = "the address is that of MUSE_ARTIFACTS_URL; unset it to use this machine's artifacts alone"


@lru_cache(maxsize=4)
def open_files(scheme: str) -> Any:
    """fsspec's file system of a scheme, without a memory of listings. ConfigError without its package."""
    package, extra = PACKAGES[scheme]
    try:
        importlib.import_module(package)
    except ImportError as problem:
        raise ConfigError(f"{scheme}:// cannot be used: {cannot_import(package, extra, problem)}") from None
    import fsspec

    try:
        return fsspec.filesystem(scheme, use_listings_cache=False, **PATIENCE.get(scheme, {}))
    except ValueError as problem:  # adlfs, without an account
        raise ConfigError(f"{scheme}:// cannot be used: {problem}. {CREDENTIALS}. {WAYS}") from None


def open_remote(url: str) -> Remote:
    """The bucket at an address. ConfigError for an address that cannot be one, or that holds a secret."""
    try:
        parts = urlsplit(url)
        is_known = parts.scheme in PACKAGES and bool(parts.netloc)
        is_azure = parts.scheme in AZURE  # container@account is its way to name a place
        has_secret = bool(parts.query or parts.password or (parts.username and not is_azure))
    except ValueError:
        is_known, has_secret = False, False
    if has_secret:
        raise ConfigError(f"MUSE_ARTIFACTS_URL holds a user, a password or a query; {CREDENTIALS}")
    if not is_known:
        raise ConfigError("MUSE_ARTIFACTS_URL: expected s3://bucket/prefix, gs://… or abfs://…")
    open_files(parts.scheme)
    return Remote(url.rstrip("/"))


@dataclass(frozen=True)
class Remote:
    """The artifacts below an address. ArtifactError and TransientError say why it cannot be used."""

    url: str

    @property
    def _files(self) -> Any:
        return open_files(urlsplit(self.url).scheme)

    def manifest(self, home: str) -> Manifest | None:
        """What is published as `kind/key`; None for nothing, or (said in the log) for nothing that can be
        believed."""
        with self._explained("read"):
            try:
                raw = self._files.cat_file(f"{self.url}/{home}/{NAME}")
            except FileNotFoundError as problem:
                if _lacks_bucket(problem):
                    raise
                return None
        try:
            return parse_manifest(raw, home)
        except ManifestError as problem:
            log.warning("%s/%s is ignored: %s", self.url, home, problem)
            return None

    def publish(self, root: Path, manifest: Manifest) -> Manifest:
        """Sends an artifact of the store at `root`. The manifest that counts: this one, or that of whoever
        was first."""
        home = _home(manifest)
        theirs = self.manifest(home)
        if theirs is not None:
            return theirs
        self._send(root, manifest, is_whole=False)
        with self._explained("written"), suppress(FileExistsError):
            self._put(manifest, "create")
            log.info("%s is at %s", home, self.url)
            return manifest
        theirs = self.manifest(home)
        if theirs is None:  # one that cannot be believed stands there
            self.replace(root, manifest)
        return theirs or manifest

    def replace(self, root: Path, manifest: Manifest) -> None:
        """Sends an artifact over one that is damaged."""
        self._send(root, manifest, is_whole=True)
        with self._explained("written"):
            self._put(manifest, "overwrite")
        log.warning("%s at %s was damaged and is replaced", _home(manifest), self.url)

    def _put(self, manifest: Manifest, mode: str) -> None:
        self._files.pipe_file(
            f"{self.url}/{_home(manifest)}/{NAME}", manifest_text(manifest).encode(), mode=mode
        )

    def _send(self, root: Path, manifest: Manifest, is_whole: bool) -> None:
        """Uploads the data; what a killed upload has sent already is left out unless `is_whole`."""
        home, data = root / _home(manifest), root / manifest["ref"]["path"]
        there = {} if is_whole else self._sizes(manifest)
        for path in durable.files_below(data) if data.is_dir() else [data]:
            name = path.relative_to(home).as_posix()
            if there.get(name) != path.stat().st_size:
                with self._explained("written"):
                    self._files.put_file(str(path), f"{self._data(manifest)}/{name}")

    def _data(self, manifest: Manifest) -> str:
        return f"{self.url}/{_home(manifest)}/{manifest['ref']['digest'][:16]}"

    def _sizes(self, manifest: Manifest) -> dict[str, int]:
        """The names below the data's place and their sizes in bytes."""
        with self._explained("read"):
            place = self._files._strip_protocol(self._data(manifest))
            found = self._files.find(place, detail=True)
        return {name.removeprefix(place).lstrip("/"): about["size"] for name, about in found.items()}

    def fetch(self, root: Path, manifest: Manifest) -> bool:
        """Brings an artifact into the store at `root`, whole; False, said in the log, when its bytes are not
        those that its manifest speaks of."""
        home, ref = _home(manifest), manifest["ref"]
        key, name = home.rpartition("/")[2], ref["path"].rpartition("/")[2]
        with durable.explained(root), durable.draft_folder(root / "tmp", key) as draft:
            for part in self._sizes(manifest):
                if ".." in Path(part).parts:
                    continue
                (draft / part).parent.mkdir(parents=True, exist_ok=True)
                with self._explained("read"):
                    self._files.get_file(f"{self._data(manifest)}/{part}", str(draft / part))
            if not (draft / name).exists() or durable.path_digest(draft / name) != ref["digest"]:
                log.warning("%s/%s is ignored: its data is damaged or incomplete", self.url, home)
                return False
            durable.write_text(draft / NAME, manifest_text(manifest))
            durable.fsync_tree(draft)
            durable.move_into_place(draft, root / home)
        log.info("fetched %s from %s (%.1f MB)", home, self.url, ref["nbytes"] / 1e6)
        return True

    def manifests(self) -> list[Manifest]:
        """The manifests of all that is published and can be believed, the oldest first."""
        found = [manifest for home in self._homes() if (manifest := self.manifest(home)) is not None]
        return sorted(found, key=lambda one: (one["created"], one["ref"]["path"]))

    def verify(self) -> Iterator[Damage]:
        """Downloads all that is published; what of it cannot be used."""
        for home in self._homes():
            manifest = self.manifest(home)
            with tempfile.TemporaryDirectory() as scratch:
                if manifest is None:
                    yield Damage(home, "its manifest is damaged")
                elif not self.fetch(Path(scratch), manifest):
                    yield Damage(home, "its data is damaged or incomplete")

    def _homes(self) -> list[str]:
        with self._explained("read"):
            place = self._files._strip_protocol(self.url)
            found = self._files.find(place)  # `glob` would take a missing bucket for an empty one
            if not found and urlsplit(self.url).scheme in AZURE:  # where `find` does so too
                self._files.ls(place.partition("/")[0])
        parts = [name.removeprefix(place).strip("/").split("/") for name in found]
        return sorted("/".join(part[:2]) for part in parts if len(part) == 3 and part[2] == NAME)

    @contextmanager
    def lease(self, key: str) -> Iterator[None]:
        """Held while this machine makes an artifact; another one's end is waited for."""
        claims = Claims(self._files, f"{self.url}/claims/{key}", lambda: self._explained("written"))
        with lease(claims, key):
            yield

    @contextmanager
    def _explained(self, done: str) -> Iterator[None]:
        try:
            yield
        except FileExistsError:
            raise
        except Exception as problem:
            said = explain(problem, self.url, done)
            if said is None:
                raise
            raise said from problem


def _home(manifest: Manifest) -> str:
    return str(manifest["ref"]["path"]).rpartition("/")[0]


def _lacks_bucket(problem: BaseException | None) -> bool:
    text = f"{problem} {problem and problem.__cause__}"
    return any(word in text for word in ("NoSuchBucket", "bucket does not exist", "ContainerNotFound"))


def explain(problem: Exception, url: str, done: str) -> MuseError | None:
    """What an error at an address means. `done`: "read" or "written", what was tried; None: it is not of the
    address."""
    names = {kind.__name__ for kind in type(problem).__mro__}
    first = str(problem).strip().splitlines()[0][:200] if str(problem).strip() else type(problem).__name__
    number = problem.errno if isinstance(problem, OSError) else None
    status = getattr(problem, "status_code", getattr(problem, "code", None))  # of azure; of gcsfs
    if isinstance(problem, MuseError) or number in FULL:
        return None
    is_refused = names & NO_ACCESS or status in REFUSED or first.startswith("Forbidden:")
    if isinstance(problem, PermissionError) or is_refused:
        return ArtifactError(
            f"{url} may not be {done} with these credentials ({first}). Listing, reading and writing must be "
            f"allowed there; reading alone does where everything is published already. {WAYS}"
        )
    if isinstance(problem, FileNotFoundError) or status == MISSING:
        return ArtifactError(f"{url}: there is no such bucket ({first}); make it first. {WAYS}")
    if (
        isinstance(problem, ConnectionError | TimeoutError)
        or names & AWAY
        or number in (*durable.MAY_PASS, errno.EREMOTEIO)
        or status in BUSY
    ):
        return TransientError(f"{url} does not answer ({first}). {WAYS}")
    if isinstance(problem, OSError) or isinstance(status, int):
        return ArtifactError(f"{url} cannot be {done} ({first}). {WAYS}")
    return None
