"""What the sources mean is kept between processes, and never longer than the files are the same."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from muse_core import closure
from muse_core.closure import Glance, code_digests
from muse_core.kept_digests import KeptDigests

MODULE = "muse_core.part.one"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    part = tmp_path / "muse_core" / "part"
    part.mkdir(parents=True)
    (part / "__init__.py").touch()
    (part / "one.py").write_text('from muse_core.part.two import x\nWORDS = "words.toml"\n')
    (part / "two.py").write_text("x = 1\n")
    (part / "words.toml").write_text("a = 1\n")
    return tmp_path


def kept(root: Path) -> Path:
    return next((root / "muse_core" / "__pycache__").glob("*.json"))


def forbid_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    def read_source(path: Path) -> None:
        raise AssertionError(f"{path} was read again")

    monkeypatch.setattr(closure, "read_source", read_source)


def test_another_look_at_the_same_files_reads_none_of_them(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = code_digests(MODULE, root)
    assert {f"muse_core/part/{name}" for name in ("one.py", "two.py", "words.toml")} <= set(found)
    forbid_reading(monkeypatch)
    assert code_digests(MODULE, root) == found


@pytest.mark.parametrize("name", ["one.py", "two.py", "words.toml", "__init__.py"])
def test_a_change_that_keeps_size_and_time_counts(root: Path, name: str) -> None:
    code_digests(MODULE, root)
    path = root / "muse_core" / "part" / name
    before, text = path.stat(), path.read_text()
    path.write_text(text.replace("1", "2").replace("WORDS", "WORDZ") or "\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert KeptDigests(root / "muse_core").get(MODULE) is None


def test_a_new_file_and_a_removed_one_count(root: Path) -> None:
    code_digests(MODULE, root)
    (root / "muse_core" / "part" / "three.py").touch()
    assert KeptDigests(root / "muse_core").get(MODULE) is None
    (root / "muse_core" / "part" / "three.py").unlink()
    assert KeptDigests(root / "muse_core").get(MODULE) is not None
    (root / "muse_core" / "part" / "words.toml").unlink()
    assert KeptDigests(root / "muse_core").get(MODULE) is None


def test_files_that_change_while_they_are_read_are_not_kept(root: Path) -> None:
    look = KeptDigests(root / "muse_core")
    (root / "muse_core" / "part" / "two.py").write_text("x = 2\n")
    look.keep(MODULE, {"muse_core/one.py": "0"})
    assert look.get(MODULE) is None
    assert not list((root / "muse_core").glob("__pycache__/*.json"))


@pytest.mark.parametrize(
    "damaged", [b"", b"{", b"[]", b'{"state": 1}', b"\xff\xfe", b"[" * 200_000, "state", "numbers", "folder"]
)
def test_a_damaged_file_is_as_good_as_none(root: Path, damaged: bytes | str) -> None:
    found = code_digests(MODULE, root)
    state = json.loads(kept(root).read_text())["state"]
    place = kept(root)
    if damaged == "folder":
        place.unlink()
        place.mkdir()
    elif isinstance(damaged, str):
        modules = {"state": [], "numbers": {MODULE: {"muse_core/one.py": 1}}}[damaged]
        place.write_text(json.dumps({"state": state, "modules": modules}))
    else:
        place.write_bytes(damaged)
    assert code_digests(MODULE, root) == found


def test_who_changes_what_was_given_changes_nothing_kept(root: Path) -> None:
    found = code_digests(MODULE, root)
    look = Glance(root)
    code_digests(MODULE, root, look).clear()
    assert code_digests(MODULE, root, look) == found


def test_without_bytecode_nothing_is_written(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    code_digests(MODULE, root)
    assert not (root / "muse_core" / "__pycache__").exists()
