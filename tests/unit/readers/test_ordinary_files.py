"""Every reader of a path: folders, pipes, devices and impossible names are one message, at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fuzz.readers import READERS

BY_PATH = ("cases", "chats", "log", "feedback", "turns", "set", "config", "ratings", "tool", "catalogue")


def _pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.toml")
    return folder / "pipe.toml"


def _folder(folder: Path) -> Path:
    (folder / "folder.toml").mkdir()
    return folder / "folder.toml"


def _loop(folder: Path) -> Path:
    (folder / "loop.toml").symlink_to(folder / "loop.toml")
    return folder / "loop.toml"


PLACES: dict[str, Callable[[Path], Path]] = {
    "missing": lambda folder: folder / "none.toml",
    "a pipe that nobody writes": _pipe,
    "a folder": _folder,
    "a device without an end": lambda _: Path("/dev/zero"),
    "links in a circle": _loop,
    "a NUL in its name": lambda folder: folder / "a\0b.toml",
    "half a character in its name": lambda folder: folder / "\ud800.toml",
    "5,000 characters": lambda folder: folder / ("x" * 5000),
    "below a file": lambda _: Path("/etc/passwd/x.toml"),
}


@pytest.mark.parametrize("name", BY_PATH)
@pytest.mark.parametrize("place", PLACES)
def test_a_path_that_is_no_file(name: str, place: str, tmp_path: Path) -> None:
    path, reader = PLACES[place](tmp_path), READERS[name]
    if name == "tool":
        from muse_core.tools.extra import tools_of as read
    else:
        read = reader.read  # type: ignore[assignment]

    def stop(*_: object) -> None:
        raise AssertionError("the reader hangs")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(60)
    try:
        with pytest.raises(reader.errors) as told:
            read(path)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    assert len(str(told.value)) < 12_000
