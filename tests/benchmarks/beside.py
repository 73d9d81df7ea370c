"""How much slower training is beside another job: the house's own step, alone and with a second one running.

    python -m tests.benchmarks.beside [--json] [--seconds 12 --repeats 3] [--spin 0 1000 10000]

Both jobs are the same: the probe of `muse run` (the quickstart's model: forward, backward and optimizer) with
as many threads as the machine has cores, in a process of its own under the variables that `muse run` sets.
Alone and beside are measured in turn; medians. `ratio` 0.5 would be a fair half. `--spin` tries values of
GOMP_SPINCOUNT, how often a waiting thread of libgomp looks before it sleeps.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from statistics import median
from typing import Any

from flows.environment import thread_variables


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=float, default=12.0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--spin", nargs="*", default=[])
    parser.add_argument("--work", type=float, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.work:
        print(tokens_per_second(asked.work))
        return
    settings: list[Mapping[str, str]] = [{"GOMP_SPINCOUNT": count} for count in asked.spin] or [{}]
    found = [measure(asked.seconds, asked.repeats, setting) for setting in settings]
    for result in found:
        print(json.dumps(result) if asked.json else "  ".join(f"{k} {v}" for k, v in result.items()))


def measure(seconds: float, repeats: int, setting: Mapping[str, str]) -> dict[str, Any]:
    """{"alone", "beside": tokens/s, "ratio", "conditions"}."""
    variables = {**thread_variables(os.environ), **setting}
    alone, beside = [], []
    for _ in range(repeats):
        alone += rates(1, seconds, variables)
        beside += rates(2, seconds, variables)
    figures = {"alone": round(median(alone)), "beside": round(median(beside))}
    conditions = {"seconds": seconds, "repeats": repeats, "variables": variables}
    return figures | {"ratio": round(figures["beside"] / figures["alone"], 3), "conditions": conditions}


def rates(jobs: int, seconds: float, variables: Mapping[str, str]) -> list[float]:
    """Tokens/s of so many jobs that run at the same time."""
    command = [sys.executable, "-m", "tests.benchmarks.beside", "--work", str(seconds)]
    started = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **variables})
        for _ in range(jobs)
    ]
    return [float(process.communicate()[0].split()[-1]) for process in started]


def tokens_per_second(seconds: float) -> float:
    """Of the probe that `muse run` makes, over `seconds`."""
    from muse_core.config.load import load_config
    from muse_core.training.probe import probe

    return probe(load_config("quickstart")[0], seconds=seconds).tokens_per_second


if __name__ == "__main__":
    main()
