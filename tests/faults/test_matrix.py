"""Every third case of the fault matrix's short form, on the stages to `sft`: a suite has no time for all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults import matrix

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="forks, and Linux's limits"),
]

EVERY = 3
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def told() -> list[str]:
    """What the command prints; in a process of its own, which has computed nothing before it forks."""
    command = [sys.executable, "-m", "tests.faults", "--short", "--every", str(EVERY)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=1800)
    assert done.returncode in (0, 1) and "of" in done.stdout, done.stderr[-2000:]
    return done.stdout.splitlines()


@pytest.mark.parametrize("case", list(matrix.short_cases())[::EVERY], ids=lambda case: case.name)
def test_a_run_that_is_struck_goes_on_as_if_nothing_had_been(case: matrix.Case, told: list[str]) -> None:
    """The same digests, and nothing that was finished computed again."""
    begins = f"| {case.fault} | {case.stage} | {case.when} |"
    (line,) = [line for line in told if line.startswith(begins)]
    assert line.endswith("| 0 | the same |") and "no such moment" not in line, line
