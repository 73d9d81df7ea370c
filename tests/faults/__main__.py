"""The fault matrix of `docs/reliability.md`: what befalls a stage, and that nothing is lost or done twice.

    python -m tests.faults --short           # one case of each kind, stages to `sft`
    python -m tests.faults                   # every stage at every moment
    python -m tests.faults --only "kill dpo"

Prints one line of the table for each case as it ends, and ends with exit code 1 where one did not hold; what
that one left lies in --keep. Lost workers, servers and machines: `tests.faults.lost_process`.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--only", default="", help="cases whose name begins so")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="the first case of every N")
    parser.add_argument("--keep", type=Path, help="where everything is written (default: a folder that goes)")
    asked = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"  # before torch: a forked child has none of its parent's threads
    with tempfile.TemporaryDirectory(prefix="muse-faults-") as folder:
        return run(asked.keep or Path(folder), asked.short, asked.only, asked.every)


def run(folder: Path, is_short: bool, only: str, every: int) -> int:
    from tests.faults import matrix

    through = "sft" if is_short else "all"
    whole = folder / "undisturbed"
    expected = matrix.undisturbed(whole, through)
    cases = matrix.short_cases() if is_short else matrix.all_cases(through)
    chosen = [case for case in cases if case.name.startswith(only)][::every]
    print(matrix.HEAD, flush=True)
    failed = 0
    for number, case in enumerate(chosen):
        found = matrix.play(case, whole, expected, through, folder / f"case-{number}")
        failed += bool(found.problems)
        print(found.line(), flush=True)
    print(f"{len(chosen) - failed} of {len(chosen)} held", flush=True)
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
