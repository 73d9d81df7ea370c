"""What may be deleted from a store, what never is, and what a kill in the middle leaves."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from muse_core.artifacts import ArtifactStore, key_of
from muse_core.retention import Leftover, leftovers, set_aside, take_away
from muse_core.types import ArtifactRef

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    now = BEGAN

    def __call__(self) -> datetime:
        Clock.now += timedelta(minutes=1)
        return Clock.now


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "artifacts", clock=Clock())


def made(store: ArtifactStore, stage: str | None, key: str, *sources: ArtifactRef) -> ArtifactRef:
    """An artifact of a stage, from others; of no stage when None."""
    inputs = {f"input{number}": source.digest for number, source in enumerate(sources)}
    place = store.for_stage(stage, {}, inputs) if stage else store
    return place.write_folder("model", lambda folder: (folder / "w").write_text(key) and None, key)


def home(ref: ArtifactRef) -> str:
    return ref.path.rpartition("/")[0]


def going(store: ArtifactStore, *named: str) -> set[str]:
    return {one.path for one in leftovers(store.root, named)}


def test_the_newest_of_each_stage_stays_with_all_it_was_made_from(store: ArtifactStore) -> None:
    old_base = made(store, "base", "base of the newest sft")
    newest_base = made(store, "base", "base that nothing uses yet")
    old_sft = made(store, "sft", "old", newest_base)
    sft = made(store, "sft", "new", old_base)
    assert going(store) == {home(old_sft)}
    assert all(store.find("model", text) for text in ("new", "base of the newest sft"))
    assert sft.path


def test_what_a_run_or_a_version_names_stays(store: ArtifactStore) -> None:
    first, second, third = (made(store, "sft", text) for text in ("one", "two", "three"))
    last = made(store, "sft", "four")
    assert going(store) == {home(first), home(second), home(third)}
    assert going(store, home(first), third.digest) == {home(second)}
    assert home(last) not in going(store)


def test_what_no_stage_made_stays(store: ArtifactStore) -> None:
    """People's feedback and ratings: nothing makes them again."""
    made(store, None, "rated in May")
    made(store, None, "rated in June")
    assert going(store) == set()


def test_the_same_bytes_under_two_keys(store: ArtifactStore) -> None:
    """A digest that is referred to keeps every artifact that has it."""

    def same(folder: Path) -> None:
        (folder / "w").write_text("same")

    place = store.for_stage("base", {})
    first, second = place.write_folder("model", same, "a"), place.write_folder("model", same, "b")
    made(store, "base", "newer")
    assert going(store) == {home(first), home(second)}
    assert going(store, first.digest) == set()


def test_scratch_goes_when_its_stage_has_ended_or_was_given_up(store: ArtifactStore) -> None:
    made(store, "sft", "done")
    for key in ("done", "killed today", "killed in May"):
        (store.work(key) / "checkpoint").write_bytes(b"12345")
    long_ago = time.time() - 30 * 86400
    given_up = store.root / "work" / key_of("killed in May")
    for path in (given_up / "checkpoint", given_up):
        os.utime(path, (long_ago, long_ago))
    assert going(store) == {f"work/{key_of('done')}", f"work/{key_of('killed in May')}"}
    assert {one.nbytes for one in leftovers(store.root, ())} == {5}


def test_a_running_stage_keeps_what_it_holds_the_lock_of(store: ArtifactStore) -> None:
    old = made(store, "sft", "old")
    (store.work("old") / "checkpoint").write_bytes(b"1")
    made(store, "sft", "new")
    found = leftovers(store.root, ())
    assert len(found) == 2
    with store.lock("old"):
        told = list(take_away(store.root, found))
        assert [one.is_in_use for one in told] == [True, True]
    assert store.folder(old) and (store.work("old") / "checkpoint").exists()
    assert [one.is_in_use for one in take_away(store.root, found)] == [False, False]
    assert store.find("model", "old") is None and store.find("model", "new") is not None
    assert store.verify() == [] and not any((store.root / "tmp").iterdir())


def test_a_kill_in_the_middle_leaves_every_artifact_whole_or_gone(store: ArtifactStore) -> None:
    for number in range(30):
        place = store.for_stage("sft", {})
        place.write_folder(
            "model", lambda f: [(f / f"{n}").write_bytes(b"x") for n in range(40)], str(number)
        )
    code = """
        import sys
        from pathlib import Path
        from muse_core.retention import leftovers, take_away
        root = Path(sys.argv[1])
        for one in take_away(root, leftovers(root, ())):
            print(one.path, flush=True)
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), str(store.root)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for _ in range(7):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    left = len(store.list())
    assert 1 <= left <= 23
    assert store.verify() == []
    assert len(list(take_away(store.root, leftovers(store.root, ())))) >= left - 1
    made(store, "base", "anything")  # publication sweeps what the killed process left
    assert [one.kind for one in store.list()] == ["model", "model"] and not any(
        (store.root / "tmp").iterdir()
    )


def test_what_is_gone_already_is_no_failure(store: ArtifactStore) -> None:
    """Two `gc` at once."""
    made(store, "sft", "old")
    made(store, "sft", "new")
    found = leftovers(store.root, ())
    assert len(list(take_away(store.root, found))) == len(list(take_away(store.root, found))) == 1


def test_repair_moves_the_damaged_and_nothing_else(store: ArtifactStore) -> None:
    bad, torn, good = (made(store, stage, stage) for stage in ("base", "sft", "dpo"))
    (store.root / bad.path / "w").write_text("bAse")
    (store.root / home(torn) / "manifest.json").write_text("{")
    foreign = made(store, "export", "of an older contract")
    path = store.root / home(foreign) / "manifest.json"
    shutil.copy(path, store.root / "kept")
    path.write_text(path.read_text().replace(foreign.contract, "model@0"))  # no seal fits: changed by hand
    before = (store.root / home(good) / "manifest.json").read_bytes()
    with store.lock("sft"):
        moved = {one.path: one.now for one in set_aside(store.root)}
    assert moved[home(bad)] == f"damaged/{home(bad).replace('/', '-')}" and moved[home(torn)] is None
    assert (store.root / str(moved[home(bad)]) / "folder" / "w").read_text() == "bAse"
    assert (store.root / home(good) / "manifest.json").read_bytes() == before
    assert store.find("model", "dpo") == good and store.find("model", "base") is None
    again = made(store, "base", "base")
    assert store.find("model", "base") == again == bad
    (store.root / bad.path / "w").write_text("BASE")
    names = {one.now for one in set_aside(store.root)}
    assert f"damaged/{home(bad).replace('/', '-')}-1" in names
    assert store.verify() == []
    assert {one.why for one in leftovers(store.root, ())} == {"damaged, set aside"}


def test_an_intact_artifact_of_another_version_is_not_set_aside(
    store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = made(store, "sft", "older")
    monkeypatch.setattr("muse_core.manifests.contract_name", lambda kind: f"{kind}@99")
    assert [one.path for one in store.verify()] == [home(ref)]
    assert list(set_aside(store.root)) == []
    assert (store.root / ref.path).is_dir()


def test_sizes_add_up(store: ArtifactStore) -> None:
    made(store, "sft", "four")
    made(store, "sft", "other")
    assert leftovers(store.root, ()) == [
        Leftover(f"model/{key_of('four')}", 4, "no run, registered model or newer artifact needs it")
    ]
