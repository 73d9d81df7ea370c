"""Locks, drafts of killed processes, and what a full or closed disk says."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from muse_core import durable
from muse_core.artifacts import ArtifactStore
from muse_core.errors import ArtifactError, HardwareError

KEY = "ab" * 32
NOBODY = 65534


def start(code: str, *arguments: object, **options: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        **options,  # type: ignore[call-overload]
    )


HOLD = """
    import sys, time
    from pathlib import Path
    from muse_core.durable import draft_folder, file_lock
    root = Path(sys.argv[1])
    with file_lock(root / "locks" / "k.lock"), draft_folder(root / "tmp", "k") as draft:
        (draft / "half").write_text("x")
        print("held", flush=True)
        time.sleep(60)
"""


def test_a_lock_keeps_others_out_and_dies_with_its_process(tmp_path: Path) -> None:
    holder = start(HOLD, tmp_path)
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    said: list[str] = []
    began = time.monotonic()

    def killed_once_waited_for(text: str) -> None:
        said.append(text)
        holder.send_signal(signal.SIGKILL)

    with durable.file_lock(tmp_path / "locks" / "k.lock", killed_once_waited_for):
        waited = time.monotonic() - began
    holder.wait()
    assert len(said) == 1 and "waiting" in said[0] and waited < 30
    assert len(list((tmp_path / "tmp").iterdir())) == 1  # what the kill left
    with durable.draft_folder(tmp_path / "tmp", "other"):
        assert [p.name.split(".")[0] for p in (tmp_path / "tmp").iterdir()] == ["other"]


def test_locks_of_different_fingerprints_do_not_wait(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    with store.lock("a" * 64), store.lock("b" * 64):
        pass


def test_a_small_file_is_old_or_new(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    durable.write_text(path, "old")
    with pytest.raises(UnicodeEncodeError):
        durable.write_text(path, "new \ud800")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600)])
def test_published_files_are_as_readable_as_others(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        with durable.draft_folder(tmp_path / "tmp", "m") as draft:
            (draft / "folder").mkdir()
            save_file({"w": np.zeros(2)}, draft / "folder" / "model.safetensors")
            (draft / "manifest.json").write_text("{}")
            durable.move_into_place(draft, tmp_path / "m")
    finally:
        os.umask(before)
    modes = {path.stat().st_mode & 0o777 for path in durable.files_below(tmp_path / "m")}
    assert modes == {mode}


def test_moving_into_place_replaces_what_is_there(tmp_path: Path) -> None:
    final = tmp_path / "kind" / "k"
    final.mkdir(parents=True)
    (final / "old").touch()
    with durable.draft_folder(tmp_path / "tmp", "k") as draft:
        (draft / "new").touch()
        durable.move_into_place(draft, final)
    assert [p.name for p in final.iterdir()] == ["new"] and not list((tmp_path / "tmp").iterdir())


def _small_files_only() -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may write everywhere; containers run tests as root."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


WRITE = """
    import sys
    from pathlib import Path
    from muse_core.artifacts import ArtifactStore
    from muse_core.errors import MuseError
    store = ArtifactStore(Path(sys.argv[1]))
    try:
        store.write_folder("model", lambda f: (f / "a").write_bytes(b"1" * 100_000) and None, "ab" * 32)
    except MuseError as problem:
        print(type(problem).__name__, problem.exit_code, problem)
"""


def test_a_full_disk_publishes_nothing_and_says_what_to_do(tmp_path: Path) -> None:
    text, _ = start(WRITE, tmp_path, preexec_fn=_small_files_only).communicate(timeout=60)
    assert text.startswith("HardwareError 1 no space left") and "--home" in text
    assert ArtifactStore(tmp_path).list() == [] and not list((tmp_path / "tmp").iterdir())


def test_a_folder_without_permission_says_what_to_do(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    with as_nobody(), pytest.raises(ArtifactError, match=r"cannot write to .*--home"):
        ArtifactStore(closed / "artifacts").write_folder("model", lambda f: None, KEY)
    assert not list(closed.iterdir())


def test_a_file_in_the_way_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("I am a file")
    with pytest.raises(ArtifactError, match="in the way"):
        ArtifactStore(tmp_path / "home").write_folder("model", lambda f: None, KEY)


def test_other_errors_pass_through(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), durable.explained(tmp_path):
        (tmp_path / "nothing").read_text()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_no_space_is_a_hardware_error(tmp_path: Path) -> None:
    with pytest.raises(HardwareError), durable.explained(tmp_path), Path("/dev/full").open("w") as file:
        file.write("x" * 100)
        file.flush()


def test_a_short_write_of_numpy_is_a_full_disk_and_other_errors_are_not(tmp_path: Path) -> None:
    with pytest.raises(HardwareError, match="no space left"), durable.room(tmp_path):
        raise OSError("38800 requested and 96 written")  # as `ndarray.tofile` says it
    with pytest.raises(PermissionError), durable.room(tmp_path):
        raise PermissionError(13, "Permission denied")
