"""Gives every reader of outside files broken input: what crashed, hung, died or took too much memory?

python -m tests.fuzz --inputs 100000                 all readers, by their shares
python -m tests.fuzz --reader chats --only 1234      one input again, with its traceback
python -m tests.fuzz --inputs 100000 --keep DIR      what was found, as files
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.fuzz.apart import run_apart
from tests.fuzz.campaign import Finding, Outcome, made
from tests.fuzz.readers import READERS


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument(
        "--inputs", type=int, default=20_000, help="in all, or of the one reader that is named"
    )
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--reader", choices=sorted(READERS))
    asked.add_argument("--only", type=int, metavar="NUMBER", help="one input of the reader")
    asked.add_argument("--keep", type=Path, metavar="DIR", help="where inputs that were found are written")
    given = asked.parse_args()
    if given.only is not None:
        return again(given.reader, given.only, given.seed)
    whole = sum(one.share for one in READERS.values())
    names = [given.reader] if given.reader else list(READERS)
    findings: dict[str, list[Finding]] = {}
    inputs, peak_mb = 0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            count = given.inputs if given.reader else round(given.inputs * READERS[name].share / whole)
            outcome = run_apart(name, count, given.seed, Path(folder) / "fuzz")
            inputs, peak_mb = inputs + outcome.inputs, max(peak_mb, outcome.peak_mb)
            say(outcome)
            for one in outcome.findings:
                findings.setdefault(one.place, []).append(one)
    print(f"{inputs:,} inputs, {len(findings)} different findings, peak {peak_mb:.0f} MB")
    for place, found in findings.items():
        print(f"  {place} ({len(found)} times; --reader {found[0].reader} --only {found[0].number})")
        if given.keep:
            given.keep.mkdir(parents=True, exist_ok=True)
            (given.keep / f"{found[0].reader}-{found[0].number}{found[0].ending}").write_bytes(found[0].raw)
    return bool(findings)


def say(one: Outcome) -> None:
    print(
        f"{one.reader:10} {one.inputs:8,} inputs, {one.refused:8,} refused, {len(one.findings):5,} found, "
        f"slowest {one.slowest_s:5.2f} s ({one.slowest}), {one.seconds:7.1f} CPU-s, "
        f"peak {one.peak_mb:.0f} MB",
        flush=True,
    )


def again(reader: str, number: int, seed: int) -> int:
    """One input, printed, and read without a net."""
    ending, raw = made(reader, number, seed)
    print(f"{len(raw)} bytes ({ending}): {raw[:400]!r}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / (READERS[reader].name or f"input{ending}")
        path.write_bytes(raw)
        READERS[reader].read(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
