"""Files that are either whole or absent: fsync, atomic rename, locks that die with their process.

Below the artifact store and free of pyarrow. It turns what an operating system says about a folder
(no space, no permission, read-only) into errors that say what to do.
"""

from __future__ import annotations

import errno
import hashlib
import itertools
import logging
import os
import re
import shutil
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from muse_core.errors import ArtifactError, HardwareError, TransientError

log = logging.getLogger(__name__)

POLL_S = 0.2
REMIND_S = 30.0
# What a network file system says while its server is away.
MAY_PASS = (
    errno.ETIMEDOUT, errno.ESTALE, errno.ENOLCK, errno.EBUSY, errno.EIO, errno.ENOTCONN, errno.ECONNRESET,
    errno.ECONNREFUSED, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ENETDOWN, errno.ENETUNREACH,
)  # fmt: skip


NETWORKED = (
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "lustre", "gpfs", "beegfs", "glusterfs", "afs", "9p",
    "fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.juicefs", "fuse.gcsfuse", "fuse.s3fs",
)  # fmt: skip


def file_digest(path: Path) -> str:
    """sha256 of a file's bytes, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_below(folder: Path) -> list[Path]:
    """Every regular file below `folder`, in the order of its relative POSIX path."""
    return sorted(
        (p for p in folder.rglob("*") if p.is_file()), key=lambda p: p.relative_to(folder).as_posix()
    )


def folder_digest(folder: Path) -> str:
    """sha256 over the names and digests of all files: equal folders give equal digests."""
    whole = hashlib.sha256()
    for path in files_below(folder):
        whole.update(f"{path.relative_to(folder).as_posix()}\0{file_digest(path)}\n".encode())
    return whole.hexdigest()


def path_digest(path: Path) -> str:
    return folder_digest(path) if path.is_dir() else file_digest(path)


def path_bytes(path: Path) -> int:
    return sum(p.stat().st_size for p in files_below(path)) if path.is_dir() else path.stat().st_size


def fsync_path(path: Path) -> None:
    """Flushes a file or a folder's entries to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def fsync_tree(folder: Path) -> None:
    for path in files_below(folder):
        fsync_path(path)
    for path in [p for p in folder.rglob("*") if p.is_dir()] + [folder]:
        fsync_path(path)


def write_text(path: Path, text: str) -> None:
    """Writes a small file so that a reader sees the old text or the new one, never a part."""
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        draft.write_text(text, encoding="utf-8")
        fsync_path(draft)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def explained(place: Path) -> Iterator[None]:
    """Turns an OSError about `place` into a MuseError that says what to do."""
    try:
        yield
    except OSError as problem:
        raise _explain(problem, place) from problem


@contextmanager
def room(place: Path) -> Iterator[None]:
    """Turns a full disk, wherever the computation within meets it, into a MuseError."""
    try:
        yield
    except OSError as problem:
        if not _is_full(problem):
            raise
        raise _no_space(place) from problem


def _is_full(problem: OSError) -> bool:
    """numpy says a short write without an error number: "38800 requested and 96 written"."""
    short = problem.errno is None and bool(re.fullmatch(r"\d+ requested and \d+ written", str(problem)))
    return short or problem.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def _no_space(place: Path) -> HardwareError:
    full = HardwareError(
        f"no space left while writing below {place}; nothing was published. "
        "Free some space (`muse artifacts ls` shows sizes) or choose another folder with --home DIR"
    )
    full.exit_code = 1
    return full


def _explain(problem: OSError, place: Path) -> Exception:
    where = problem.filename or place
    if _is_full(problem):
        return _no_space(place)
    if problem.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return ArtifactError(
            f"cannot write to {where}: {os.strerror(problem.errno)}; a writable folder is needed. "
            "Change its permissions or choose another folder with --home DIR"
        )
    if problem.errno in (errno.ENOTDIR, errno.EEXIST, errno.EISDIR):
        return ArtifactError(
            f"cannot write to {where}: {os.strerror(problem.errno)}; a folder is needed there. "
            "Move what is in the way or choose another folder with --home DIR"
        )
    if problem.errno in MAY_PASS:
        return TransientError(
            f"{where}: {os.strerror(problem.errno or 0)}; the file system below {place} does not answer"
        )
    if problem.errno == errno.ENAMETOOLONG:
        return ArtifactError(f"the name of {str(place)[:60]}… is too long; choose another with --home DIR")
    return problem


@contextmanager
def draft_folder(parent: Path, name: str) -> Iterator[Path]:
    """An empty folder on the final place's filesystem; removed unless it was renamed away.

    Its name carries host and process id, so that drafts of killed processes can be swept."""
    parent.mkdir(parents=True, exist_ok=True)
    _sweep(parent)
    draft = parent / f"{name}.{_host()}.{os.getpid()}.{uuid.uuid4().hex[:8]}"
    draft.mkdir()
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _host() -> str:
    return socket.gethostname().replace(".", "-")


def _sweep(parent: Path) -> None:
    for left in parent.iterdir():
        parts = left.name.rsplit(".", 3)
        ours = len(parts) == 4 and parts[1] == _host() and parts[2].isdigit()
        if ours and not is_alive(int(parts[2])):
            shutil.rmtree(left, ignore_errors=True)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def move_into_place(draft: Path, final: Path) -> None:
    """Renames `draft` to `final`; what stood there is moved aside first and deleted last. Its files become as
    readable as the draft's folder is: libraries that write weights keep them from everybody else."""
    final.parent.mkdir(parents=True, exist_ok=True)
    for path in files_below(draft):
        path.chmod(draft.stat().st_mode & 0o666)
    old = draft.with_name(f"{draft.name.rsplit('.', 1)[0]}.{uuid.uuid4().hex[:8]}")
    if final.exists():
        final.rename(old)
    draft.rename(final)
    fsync_path(final.parent)
    shutil.rmtree(old, ignore_errors=True)


def network_file_system(path: Path, mounts: Path = Path("/proc/self/mounts")) -> str | None:
    """The type of the network file system that a folder lies on; None for a local one, and where the system
    does not tell."""
    try:
        lines = [line.split() for line in mounts.read_text("utf-8", "replace").splitlines()]
    except OSError:
        return None
    places = {place.replace("\\040", " "): kind for _, place, kind, *_ in lines}  # the last mount is on top
    whole = path.resolve()
    found = [places[str(one)] for one in (whole, *whole.parents) if str(one) in places]
    return found[0] if found and found[0] in NETWORKED else None


def discard(folder: Path, drafts: Path) -> None:
    """Takes a folder away whole: it becomes a draft of this process, that is deleted or, after a kill, swept.
    One that is gone already is no failure."""
    drafts.mkdir(parents=True, exist_ok=True)
    gone = drafts / f"{folder.name}.{_host()}.{os.getpid()}.{uuid.uuid4().hex[:8]}"
    try:
        folder.rename(gone)
    except FileNotFoundError:
        return
    fsync_path(folder.parent)
    shutil.rmtree(gone, ignore_errors=True)


def free_name(path: Path) -> Path:
    """The path itself, or with the first number behind it that nothing has."""
    names = (path.with_name(f"{path.name}-{number}") if number else path for number in itertools.count())
    return next(name for name in names if not name.exists())


@contextmanager
def lock_if_free(path: Path) -> Iterator[bool]:
    """Holds the lock when nobody else does; says whether it is held."""
    import fcntl  # POSIX only; imported here so that the module loads anywhere

    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:  # closing the file frees the lock
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


@contextmanager
def file_lock(path: Path, announce: Callable[[str], None] = log.info) -> Iterator[None]:
    """One holder at a time across processes and threads of this host.

    `flock` belongs to the open file, so a lock left by `kill -9` is free at once."""
    waited = 0.0
    while True:
        with lock_if_free(path) as is_held:
            if is_held:
                yield
                return
        if waited % REMIND_S < POLL_S:
            announce(f"another run is making the same artifact ({path.stem}); waiting, {waited:.0f} s")
        time.sleep(POLL_S)
        waited += POLL_S
