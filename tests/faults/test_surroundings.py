"""What a shell may lack (a home, a locale, a wide terminal), and a full disk below MLflow."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.pool import Pool

from muse_core.errors import TransientError
from tasks.tracking import TrackingPlace, tracked_run

ROOT = Path(__file__).resolve().parents[2]
MUSE = [sys.executable, "-c", "from flows.cli import app; app(prog_name='muse')"]
SAMPLE = ["wordings", "sample", "--intent", "complete", "--language", "hi"]
BARE = {"PATH": os.environ.get("PATH", ""), "OMP_NUM_THREADS": "1"}
SHELLS = {
    "no HOME, LC_ALL=C": {"LC_ALL": "C"},
    "narrow, ASCII alone": {"PYTHONIOENCODING": "ascii", "COLUMNS": "20"},
}


def hindi(shell: dict[str, str], **options: Any) -> subprocess.CompletedProcess[bytes]:
    """A verb that says Hindi, in nothing but this environment."""
    return subprocess.run(
        [*MUSE, *SAMPLE], env=BARE | shell, cwd=ROOT, capture_output=True, check=False, **options
    )


@pytest.mark.slow
@pytest.mark.parametrize("shell", SHELLS.values(), ids=SHELLS.keys())
def test_hindi_is_said_or_escaped(shell: dict[str, str]) -> None:
    done = hindi(shell)
    assert (done.returncode, done.stderr) == (0, b"")
    said = done.stdout.decode("utf-8")
    assert any("\u0900" <= letter <= "\u097f" for letter in said) or "\\u09" in said


class Disk:
    """Of all SQLite files of this process. A full one lets none grow, and SQLite says so itself."""

    is_full = False

    def limit(self, connection: Any, *_: Any) -> None:
        pages = 1 if self.is_full else 1_073_741_823  # SQLite's default; never fewer than a file has
        connection.execute(f"PRAGMA max_page_count = {pages}")


@pytest.fixture
def disk() -> Iterator[Disk]:
    found = Disk()
    event.listen(Pool, "checkout", found.limit)
    yield found
    event.remove(Pool, "checkout", found.limit)


def test_a_full_disk_below_mlflow_keeps_the_figures_waiting(tmp_path: Path, disk: Disk) -> None:
    """A training goes on without it; what waited is sent when there is room again."""
    place = TrackingPlace(f"sqlite:///{tmp_path / 'mlflow.db'}", (tmp_path / "mlruns").as_uri(), tmp_path)
    figures = {f"figure_{number}": float(number) for number in range(900)}
    with tracked_run(place, "full", {}, ()) as tracker, tracker.stage("sft", {}, {}) as record:
        disk.is_full = True
        record.log(figures)
        with pytest.raises(TransientError, match="MLflow does not take what it is given"):
            record.flush()
        record.log({"after": 1.0})
        disk.is_full = False
        record.flush()
    found = tracker.client.get_run(record.run_id).data.metrics
    assert found == figures | {"after": 1.0}
