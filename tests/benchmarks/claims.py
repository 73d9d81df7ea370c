"""Which figures of README and docs/ a run measures otherwise: docs/claims.toml beside a home folder.

    python -m tests.benchmarks.claims HOME [--source quickstart] [--all]

Prints the run, its configuration and digests as the ledger has them, then every figure that the run's metrics
write in another way (`--all`: every figure), and exits with 1 where one differs. `numbers` are measured by
other commands and not looked at. The run is the newest finished one in HOME/mlflow.db that has evaluated;
nothing is written.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tests.unit.documents.claims import NUMBER, figures, ledger

CASES, SECONDS = " n", " seconds"
RUNS = """
    select run.run_uuid, (select value from params where run_uuid = run.run_uuid and key = 'config_digest')
    from runs as run join tags as parent on parent.key = 'mlflow.parentRunId' and parent.value = run.run_uuid
    join runs as stage on stage.run_uuid = parent.run_uuid and stage.name = 'evaluate'
    join tags as artifact on artifact.run_uuid = stage.run_uuid and artifact.key = 'artifact'
    where run.status = 'FINISHED' order by run.start_time desc limit 1
"""
STAGES = """
    select stage.name, artifact.value from runs as stage
    join tags as parent on parent.run_uuid = stage.run_uuid and parent.key = 'mlflow.parentRunId'
    join tags as artifact on artifact.run_uuid = stage.run_uuid and artifact.key = 'artifact'
    where parent.value = ?
"""


@dataclass(frozen=True)
class Run:
    """`manifests`: stage -> manifest; `rows`: `model.metric` -> its row over all cases."""

    name: str
    config: str | None
    manifests: Mapping[str, Any]
    rows: Mapping[str, Any]


def newest_run(home: Path) -> Run | None:
    """None where no run has evaluated and finished."""
    with closing(sqlite3.connect(f"file:{home / 'mlflow.db'}?mode=ro", uri=True)) as store:
        found = store.execute(RUNS).fetchone()
        if found is None:
            return None
        paths = {stage: home / "artifacts" / path for stage, path in store.execute(STAGES, found[:1])}
    manifests = {
        stage: json.loads((path.parent / "manifest.json").read_text("utf-8")) for stage, path in paths.items()
    }
    rows = {
        f"{row['model']}.{row['metric']}": row
        for row in pq.read_table(paths["evaluate"]).to_pylist()
        if row["slice"] == "all"
    }
    name, config = found
    return Run(name, config, manifests, rows)


def measured(name: str, text: str, run: Run) -> str | None:
    """The text as this run would have it, in the same decimals. None for what it has not measured."""
    if name.endswith(SECONDS):
        manifest = run.manifests.get(name.removesuffix(SECONDS))
        return manifest and "{} min {} s".format(*divmod(round(manifest["seconds"]), 60))
    row = run.rows.get(name.removesuffix(CASES))
    if row is None:
        return None
    values = [row[key] for key in (("n",) if name.endswith(CASES) else ("value", "low", "high"))]
    # People read shares in per cent, but for F1.
    scale = 100 if row["unit"].startswith("share") and "_f1" not in name and not name.endswith(CASES) else 1
    rest = iter(values)
    return NUMBER.sub(lambda found: _like(found[0], scale * next(rest)), text)


def _like(written: str, value: float) -> str:
    """`value` with the decimals and, where it may have one, the plus of what is written."""
    decimals = len(written.partition(".")[2])
    rounded = f"{value:+,.{decimals}f}"
    is_zero = not float(rounded.replace(",", ""))
    keeps_plus = written[0] in "+−" and not is_zero
    return (rounded if keeps_plus or (value < 0 and not is_zero) else rounded[1:]).replace("-", "−")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("home", type=Path)
    parser.add_argument("--source", default="quickstart")
    parser.add_argument("--all", action="store_true")
    asked = parser.parse_args(arguments)
    if not (asked.home / "mlflow.db").is_file():
        print(f"{asked.home} has no mlflow.db; give the home folder of a run (.muse)", file=sys.stderr)
        return 2
    run = newest_run(asked.home)
    if run is None:
        print(f"no run in {asked.home} has evaluated and finished: muse run", file=sys.stderr)
        return 2
    return _differing(run, ledger()[asked.source], asked.all)


def _differing(run: Run, source: Mapping[str, Any], is_all_told: bool) -> int:
    """1 where a figure differs."""
    print(f"run = {run.name!r}\nconfig = {run.config or 'not recorded: a run of an earlier version'!r}")
    for stage in source["digests"]:
        print(
            f"digests.{stage} = {run.manifests[stage]['ref']['digest'] if stage in run.manifests else '-'!r}"
        )
    told = [(name, text, measured(name, text, run) or "not measured") for name, text in figures(source)]
    for name, text, now in told:
        if is_all_told or now != text:
            print(f"{name}: {text}" + ("" if now == text else f" → {now}"))
    differing = sum(now != text for _, text, now in told)
    print(f"{differing} of {len(told)} figures differ")
    return int(differing > 0)


if __name__ == "__main__":
    sys.exit(main())
