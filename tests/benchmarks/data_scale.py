"""How long the data stages take, and how much memory: catalogue, profiles, conversations with replay.

    python -m tests.benchmarks.data_scale --json --conversations 50000
    python -m tests.benchmarks.data_scale --conversations 2000 --catalog my_products.csv
    python -m tests.benchmarks.data_scale --conversations 2000 --other-shops 0

The stages run as in a pipeline, with the Great Expectations contracts and a real store in a temporary
folder, but without Prefect and MLflow. `cpu_s` counts this process and all workers, so that a busy
machine shows as `wall_s` above `cpu_s / workers`. `peak_mb` is the largest sum of the resident memory of
all of them, looked at ten times a second (shared pages count once per process, so it is an upper
bound). `at_50000` extrapolates: what does not grow with the number of conversations (the start of the
workers, their index) is measured on a run of one shard per worker. Needs Linux (/proc).
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from muse_core.config.load import load_config
from muse_core.config.run_config import RunConfig
from muse_core.context import StageContext
from muse_core.stages import catalog, conversations, profiles
from muse_core.types import ArtifactRef
from tasks.gate import open_store

GOALS = {"profiles_s": 10.0, "conversations_s": 60.0, "peak_mb": 2048.0}
FULL = 50_000
LOOK_EVERY_S = 0.1


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Every stage's figures, and what they mean for the goals."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), arguments)
        shop = bench.stage("catalog", lambda ctx, c: catalog.run(c, ctx=ctx))
        people = bench.stage("profiles", lambda ctx, c: profiles.run(c, catalog=shop, ctx=ctx))
        few = conversations.SHARD * bench.workers
        bench.stage("start_up", _talk(shop, people), bench.config(count=few))
        talk = bench.stage("conversations", _talk(shop, people))
        bench.figures["conversations"]["digest"] = talk.digest
        return {
            "products": shop.rows,
            "profiles": people.rows,
            "conversations": talk.rows,
            "file_mb": round(talk.nbytes / 1e6, 1),
            "replay_rate": bench.store.manifest(talk)["metrics"]["replay_rate"],
            "stages": bench.figures,
            f"at_{FULL}": _extrapolated(bench.figures, few, talk.rows),
            "goals": GOALS,
            "conditions": conditions(bench.workers),
        }


def _talk(shop: ArtifactRef, people: ArtifactRef) -> Callable[[StageContext, RunConfig], ArtifactRef]:
    return lambda ctx, config: conversations.run(config, catalog=shop, profiles=people, ctx=ctx)


class Bench:
    """A store, and the figures of the stages that have run in it."""

    def __init__(self, folder: Path, arguments: argparse.Namespace) -> None:
        self.store = open_store(folder)
        self.arguments = arguments
        self.workers = arguments.workers or len(os.sched_getaffinity(0))
        self.figures: dict[str, dict[str, Any]] = {}

    def config(self, count: int | None = None) -> RunConfig:
        asked = [
            f"profiles.count={self.arguments.profiles}",
            f"conversations.count={count or self.arguments.conversations}",
            f"catalog.synthetic_products={self.arguments.products}",
            f"seed={self.arguments.seed}",
        ]
        if self.arguments.other_shops is not None:
            asked.append(f"conversations.other_shops={self.arguments.other_shops}")
        file = [f"catalog.file={json.dumps(self.arguments.catalog)}"] if self.arguments.catalog else []
        return load_config("quickstart", overrides=[*asked, *file])[0]

    def stage(
        self,
        name: str,
        work: Callable[[StageContext, RunConfig], ArtifactRef],
        config: RunConfig | None = None,
    ) -> ArtifactRef:
        """Runs one stage and remembers what it took."""
        key = f"{len(self.figures):064x}"
        ctx = StageContext(
            self.store, key, self.store.work(key), seed=self.arguments.seed, workers=self.workers
        )
        cpu, wall = cpu_s(), time.monotonic()
        with peak_memory() as peak:
            made = work(ctx, config or self.config())
        self.figures[name] = {
            "wall_s": round(time.monotonic() - wall, 2),
            "cpu_s": round(cpu_s() - cpu, 2),
            "peak_mb": round(peak[0] / 2**20),
        }
        self.store.clear_work(key)
        return made


def cpu_s() -> float:
    """CPU seconds of this process and of all children that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


@contextmanager
def peak_memory() -> Iterator[list[int]]:
    """The largest resident memory, in bytes, of this process and those below it."""
    peak, done = [0], threading.Event()

    def watch() -> None:
        while not done.wait(LOOK_EVERY_S):
            peak[0] = max(peak[0], sum(map(_resident, _family(os.getpid()))))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        done.set()
        watcher.join()


def _family(process: int) -> Iterator[int]:
    yield process
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:  # the thread has ended
            continue
        for child in children:
            yield from _family(int(child))


def _resident(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:  # the process has ended
        return 0


def _extrapolated(figures: dict[str, dict[str, Any]], few: int, many: int) -> dict[str, float]:
    """Seconds of the conversations stage for `FULL` of them: a fixed part and one per conversation."""
    start, whole = figures["start_up"], figures["conversations"]
    if many <= few:
        return {}
    per_row = {name: (whole[name] - start[name]) / (many - few) for name in ("wall_s", "cpu_s")}
    return {name: round(whole[name] + each * (FULL - many), 1) for name, each in per_row.items()}


def conditions(workers: int) -> dict[str, Any]:
    """What the figures depend on besides the code."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "workers": workers,
        "load_average": os.getloadavg()[0],
        "nice": os.nice(0),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--conversations", type=int, default=2000)
    parser.add_argument("--profiles", type=int, default=10_000)
    parser.add_argument("--products", type=int, default=2000, help="of the synthetic shop")
    parser.add_argument("--catalog", help="a file instead of the synthetic shop")
    parser.add_argument(
        "--other-shops", type=float, help="share of the conversations; the preset's without it"
    )
    parser.add_argument("--workers", type=int, default=0, help="0: all cores")
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    arguments = parser.parse_args()
    found = measure(arguments)
    if arguments.json:
        print(json.dumps(found))
        return
    for name, figures in found["stages"].items():
        print(
            f"{name:14} {figures['wall_s']:8.2f} s wall {figures['cpu_s']:8.2f} s CPU {figures['peak_mb']} MB"
        )
    print(f"at {FULL:,}: {found[f'at_{FULL}']}   conditions: {found['conditions']}")


if __name__ == "__main__":
    main()
