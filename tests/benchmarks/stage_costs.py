"""The table of costs in `tasks/estimate.py`, measured again from a run that has finished.

    muse run --preset quickstart --home FOLDER     (on a machine that does nothing else)
    python -m tests.benchmarks.stage_costs --home FOLDER [--json]

A stage's manifest holds the seconds that it took, and the estimate that was made of it: the probe's rate
and the units of work. `tokens` is what the probe would have trained in those seconds, for each unit: the
last column of the table. The newest artifact of each stage counts, so that stages of several runs may be
mixed. `--json` prints `{stage: {"unit", "units", "seconds", "expected_s", "tokens", "now"}}`; `register`
writes no artifact and is not in it.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from muse_core.artifacts import ArtifactStore
from muse_core.stage_table import STAGES
from tasks.estimate import COSTS


def measured(store: ArtifactStore) -> dict[str, dict[str, Any]]:
    """Stage -> its cost now and as measured; stages without an estimate in their manifest are left out."""
    found = {}
    for stage in STAGES:
        manifest = store.latest(stage.kind, stage.name)
        estimate = ((manifest or {}).get("about") or {}).get("estimate")
        if not manifest or not estimate or not estimate["units"]:
            continue
        tokens = manifest["seconds"] * estimate["tokens_per_second"] / estimate["units"]
        found[stage.name] = {
            "unit": COSTS[stage.name].unit,
            "units": estimate["units"],
            "seconds": manifest["seconds"],
            "expected_s": round(estimate["seconds"], 1),
            "tokens": float(f"{tokens:.3g}"),
            "now": COSTS[stage.name].tokens,
        }
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--home", type=Path, default=Path(".muse"))
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    found = measured(ArtifactStore(asked.home / "artifacts"))
    if not found:
        sys.exit(
            f"stage_costs: no stage below {asked.home} has an estimate; run `muse run` from scratch there"
        )
    if asked.json:
        print(json.dumps(found))
        return
    print("stage          unit                units   seconds  expected        now     tokens")
    for name, one in found.items():
        work = f"{name:14} {one['unit']:12} {one['units']:12,.0f}"
        times = f"{one['seconds']:9.1f} {one['expected_s']:9.1f}"
        print(f"{work} {times} {one['now']:10,.4g} {one['tokens']:10,.4g}")


if __name__ == "__main__":
    main()
