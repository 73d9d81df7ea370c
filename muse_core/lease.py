"""Who of several machines makes an artifact now: a numbered claim that is renewed while its holder lives.

A folder or a prefix of a bucket holds the claims `00000001`, `00000002`, …; the highest counts. A claim is
made by a write that fails where the name is taken, so that one machine alone gets a number, and taken over by
claiming the next number when the last is free, or was not renewed for `LOST_S` of the waiting machine's own
clock: no two clocks are compared. A machine that sleeps longer than that loses its claim and says so; what it
publishes afterwards is settled by the store (`remote.py`).
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from muse_core import durable

log = logging.getLogger(__name__)

BEAT_S, LOST_S, LOOK_S = 15.0, 90.0, 2.0
BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Claims:
    """The claims below `folder`. `files` has fsspec's `ls`, `cat_file`, `pipe_file` and `rm_file`; `guard`
    turns their errors into ours."""

    files: Any
    folder: str
    guard: Callable[[], AbstractContextManager[None]] = nullcontext

    def numbers(self) -> list[int]:
        with self.guard():
            try:
                names = self.files.ls(self.folder, detail=False)
            except FileNotFoundError:
                return []
        return sorted(int(end) for name in names if (end := name.rpartition("/")[2]).isdigit())

    def read(self, number: int) -> str:
        """A claim's text, "" when it is gone meanwhile."""
        with self.guard():
            try:
                return str(self.files.cat_file(self._path(number)), "utf-8", "replace")
            except FileNotFoundError:
                return ""

    def write(self, number: int, text: str, is_new: bool = False) -> None:
        """FileExistsError when `is_new` and the number is taken."""
        with self.guard():
            self.files.pipe_file(self._path(number), text.encode(), mode="create" if is_new else "overwrite")

    def drop(self, number: int) -> None:
        with self.guard(), contextlib.suppress(FileNotFoundError):
            self.files.rm_file(self._path(number))

    def _path(self, number: int) -> str:
        return f"{self.folder}/{number:08d}"


@contextmanager
def lease(claims: Claims, what: str, beat_s: float = BEAT_S, lost_s: float = LOST_S) -> Iterator[None]:
    """Waits until no other machine makes `what`, and holds the claim on it."""
    number = _claim(claims, what, beat_s, lost_s)
    ended = threading.Event()
    renewing = threading.Thread(target=_renew, args=(claims, number, ended, beat_s, what), daemon=True)
    renewing.start()
    try:
        yield
    finally:
        ended.set()
        renewing.join()
        with _said(what):
            claims.write(number, _text(is_free=True))


def _claim(claims: Claims, what: str, beat_s: float, lost_s: float) -> int:
    seen, since, began, reminded = (0, ""), time.monotonic(), time.monotonic(), -durable.REMIND_S
    while True:
        known = claims.numbers()
        last = known[-1] if known else 0
        now = (last, claims.read(last) if last else "")
        if now != seen:
            seen, since = now, time.monotonic()
        is_lost = time.monotonic() - since > lost_s
        if (not last or is_lost or _is_over(now[1])) and _took(claims, last):
            return last + 1
        waited = time.monotonic() - began
        if waited - reminded > durable.REMIND_S:
            reminded = waited
            log.info(
                "%s is made by %s; waiting, %.0f s", what, _told(now[1]).get("holder", "another"), waited
            )
        time.sleep(min(LOOK_S, beat_s))


def _took(claims: Claims, last: int) -> bool:
    """Claims the next number, unless somebody else has it, or a higher one since."""
    try:
        claims.write(last + 1, _text(), is_new=True)
    except FileExistsError:
        return False
    if claims.numbers()[-1] != last + 1:
        claims.drop(last + 1)
        return False
    if last:
        claims.drop(last)
    return True


def this_machine() -> str:
    """Its name, and what no other machine of that name has."""
    boot = BOOT.read_text("utf-8")[:8] if BOOT.exists() else ""
    return f"{socket.gethostname()}/{boot}"


def _text(is_free: bool = False) -> str:
    """A claim renewed now: each is another text."""
    holder = f"{this_machine()}:{os.getpid()}"
    return json.dumps({"holder": holder, "is_free": is_free, "beat": uuid.uuid4().hex})


def _told(text: str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _is_over(text: str) -> bool:
    """Given back, or of a process of this machine that has died."""
    told = _told(text)
    host, _, pid = str(told.get("holder", "")).rpartition(":")
    is_dead = host == this_machine() and pid.isdigit() and not durable.is_alive(int(pid))
    return bool(told.get("is_free")) or is_dead


def _renew(claims: Claims, number: int, ended: threading.Event, beat_s: float, what: str) -> None:
    while not ended.wait(beat_s):
        with _said(what):
            if max(claims.numbers(), default=number) > number:
                log.warning("%s: another machine has taken it over; this one was silent for too long", what)
                return
            claims.write(number, _text())


@contextmanager
def _said(what: str) -> Iterator[None]:
    """A claim that cannot be renewed ends no training: the next try may succeed, and others only wait."""
    try:
        yield
    except Exception as problem:
        log.warning("the claim on %s could not be written (%s)", what, problem)


class Folder:
    """A folder of a shared file system, with the few calls of fsspec that claims need."""

    def ls(self, path: str, detail: bool) -> list[str]:
        return [str(name) for name in Path(path).iterdir()]

    def cat_file(self, path: str) -> bytes:
        return Path(path).read_bytes()

    def rm_file(self, path: str) -> None:
        Path(path).unlink()

    def pipe_file(self, path: str, value: bytes, mode: str) -> None:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with open(path, "xb" if mode == "create" else "wb") as file:
            file.write(value)


@contextmanager
def key_lock(root: Path, key: str) -> Iterator[None]:
    """One maker of a key at a time: on this host by its lock file, and below a network file system, whose
    locks may be of one host, by a claim as well."""
    with contextlib.ExitStack() as held:
        with durable.explained(root):
            held.enter_context(durable.file_lock(root / "locks" / f"{key}.lock"))
            if durable.network_file_system(root):
                claims = Claims(
                    Folder(), str(root / "locks" / f"{key}.claims"), lambda: durable.explained(root)
                )
                held.enter_context(lease(claims, key))
        yield
