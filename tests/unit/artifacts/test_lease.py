"""One maker at a time across machines: claims that are renewed, given back, taken over, lost."""

from __future__ import annotations

import json
import logging
import multiprocessing
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import fsspec
import pytest

from muse_core import durable, lease
from muse_core.artifacts import ArtifactStore
from muse_core.lease import Claims, Folder


@pytest.fixture(params=["folder", "memory"])
def claims(request: pytest.FixtureRequest, tmp_path: Path) -> Claims:
    if request.param == "folder":
        return Claims(Folder(), str(tmp_path / "k.claims"))
    return Claims(fsspec.filesystem("memory"), f"/bucket{tmp_path.name}/claims/k")


def held(claims: Claims, **options: float) -> lease.contextmanager:  # type: ignore[name-defined]
    return lease.lease(claims, "k", **options)


def somebody(**more: object) -> str:
    """A claim of another machine."""
    return json.dumps({"holder": "elsewhere:17", "is_free": False, "beat": "1", **more})


def test_held_given_back_and_taken_again(claims: Claims) -> None:
    for number in (1, 2, 3):
        with held(claims):
            assert claims.numbers() == [number]
            assert not lease._is_over(claims.read(number))
        assert lease._is_over(claims.read(number))


def test_a_second_machine_waits_for_the_first(claims: Claims, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "muse_core.lease")
    claims.write(1, somebody())
    order: list[str] = []

    def second() -> None:
        with held(claims, beat_s=0.05):
            order.append("second")

    waiting = threading.Thread(target=second)
    waiting.start()
    time.sleep(0.3)
    order.append("first ends")
    claims.write(1, somebody(is_free=True))
    waiting.join(10)
    assert order == ["first ends", "second"] and claims.numbers() == [2]
    assert "made by elsewhere:17; waiting" in caplog.text


def test_a_silent_machine_is_given_up_and_a_renewing_one_is_not(claims: Claims) -> None:
    claims.write(4, somebody())
    renewing = threading.Event()

    def renew() -> None:
        for beat in range(12):
            time.sleep(0.05)
            claims.write(4, somebody(beat=beat))
        renewing.set()

    threading.Thread(target=renew).start()
    with held(claims, beat_s=0.02, lost_s=0.5):
        assert renewing.is_set() and claims.numbers() == [5]


def test_the_claim_of_a_killed_process_of_this_host_is_free_at_once(claims: Claims) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    claims.write(1, somebody(holder=f"{lease.this_machine()}:{dead.pid}"))
    began = time.monotonic()
    with held(claims):
        assert time.monotonic() - began < lease.LOST_S / 2


def test_the_same_number_of_a_process_on_another_machine_says_nothing(claims: Claims) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    assert not lease._is_over(somebody(holder=f"{socket.gethostname()}/another:{dead.pid}"))


def test_a_machine_that_slept_too_long_says_so(claims: Claims, caplog: pytest.LogCaptureFixture) -> None:
    with held(claims, beat_s=0.02):
        claims.write(2, somebody())
        time.sleep(0.3)
    assert "has taken it over" in caplog.text
    assert claims.read(2) == somebody()


def test_an_old_number_is_not_taken_below_a_new_one(claims: Claims) -> None:
    """Who saw claim 1 lost, and was asleep while 2 was taken and dropped for 3, does not get 2."""
    claims.write(3, somebody())
    assert lease._took(claims, 1) is False
    assert claims.numbers() == [3]


def test_an_unreadable_claim_is_somebody_writing(claims: Claims) -> None:
    claims.write(1, '{"holder": "else')
    assert not lease._is_over(claims.read(1)) and not lease._is_over("[1]")
    with held(claims, beat_s=0.02, lost_s=0.1):
        assert claims.numbers() == [2]


def test_claims_that_cannot_be_renewed_end_nothing(
    claims: Claims, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held(claims, beat_s=0.02):
        monkeypatch.setattr(Claims, "write", lambda *_: (_ for _ in ()).throw(OSError("away")))
        time.sleep(0.1)
    assert "could not be written (away)" in caplog.text


def work(folder: str, log_file: str, times: int) -> None:
    for _ in range(times):
        with lease.lease(Claims(Folder(), folder), "k", beat_s=0.01):
            with open(log_file, "a") as file:
                file.write("in\n")
            time.sleep(0.01)
            with open(log_file, "a") as file:
                file.write("out\n")


def test_three_processes_never_hold_it_at_once(tmp_path: Path) -> None:
    log_file = tmp_path / "log"
    context = multiprocessing.get_context("fork")
    crew = [context.Process(target=work, args=(str(tmp_path / "c"), str(log_file), 5)) for _ in range(3)]
    for one in crew:
        one.start()
    for one in crew:
        one.join(60)
    assert log_file.read_text().split() == ["in", "out"] * 15


def test_network_file_systems_are_known_by_the_mount_below(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "/dev/vda / ext4 rw 0 0\nserver:/team /team nfs4 rw 0 0\ntmpfs /team/fast tmpfs rw 0 0\n"
        "host:/x /a\\040b fuse.sshfs rw 0 0\nbroken\n"
    )
    mounts.write_text(mounts.read_text().replace("broken\n", ""))
    told = {
        place: durable.network_file_system(Path(place), mounts)
        for place in ("/team/home/artifacts", "/team/fast/x", "/a b/c", "/teams", "/")
    }
    assert told == {
        "/team/home/artifacts": "nfs4",
        "/team/fast/x": None,
        "/a b/c": "fuse.sshfs",
        "/teams": None,
        "/": None,
    }
    assert durable.network_file_system(Path("/"), tmp_path / "none") is None


def test_a_store_on_a_network_file_system_claims_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ArtifactStore(tmp_path / "artifacts")
    with store.lock("x"):
        assert not list((store.root / "locks").glob("*.claims"))
    monkeypatch.setattr(durable, "network_file_system", lambda root: "nfs4")
    with store.lock("x"):
        (folder,) = (store.root / "locks").glob("*.claims")
        assert [path.name for path in folder.iterdir()] == ["00000001"]
    assert store.verify() == [] and store.list() == []
