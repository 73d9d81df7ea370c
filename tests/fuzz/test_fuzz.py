"""The corpus is read, and no broken form of it crashes, hangs or swells a reader."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.campaign import made, run
from tests.fuzz.readers import CORPUS, READERS

INPUTS = 2500  # of all readers together
WHOLE = sum(reader.share for reader in READERS.values())
DEADLY = """
import os, sys
from dataclasses import replace
from pathlib import Path
from tests.fuzz import readers
from tests.fuzz.apart import run_apart
from tests.fuzz.campaign import made

deadly = made("call", 7, 1)[1]

def read(path):
    if path.read_bytes() == deadly:
        os.abort()

readers.READERS["call"] = replace(readers.READERS["call"], read=read)
outcome = run_apart("call", 30, 1, Path(sys.argv[1]) / "fuzz")
print(outcome.inputs, [(one.kind, one.number) for one in outcome.findings])
"""
FILES = [(name, path) for name in READERS for path in sorted((CORPUS / name).iterdir())]


@pytest.mark.parametrize(("name", "path"), FILES, ids=lambda one: getattr(one, "name", one))
def test_the_corpus_is_read(name: str, path: Path, tmp_path: Path) -> None:
    """What no reader accepts would be refused at the door, and nothing behind it be tried."""
    place = tmp_path / "profiles" / "0123456789abcdef"
    place.mkdir(parents=True)
    READERS[name].read(Path(shutil.copy(path, place / (READERS[name].name or path.name))))


@pytest.mark.parametrize("name", READERS)
def test_broken_input_ends_in_the_readers_own_errors(name: str, tmp_path: Path) -> None:
    count = max(20, INPUTS * READERS[name].share // WHOLE)
    outcome = run(name, range(count), 0, tmp_path / "fuzz")
    assert [one.place for one in outcome.findings] == []
    assert outcome.inputs == count


def test_an_input_can_be_made_again() -> None:
    assert made("chats", 7, 3) == made("chats", 7, 3)
    assert len({made("chats", number, 3)[1] for number in range(50)}) > 40


def test_an_input_that_ends_the_process_is_found_and_the_others_are_read(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", DEADLY, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[-2] == "30 [('death', 7)]"
