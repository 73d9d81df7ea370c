"""A process is killed in the middle of a deployment's run; the run ends as if nothing had happened.

    python -m tests.faults.lost_process --kill both      # worker and flow together (kill -9)
    python -m tests.faults.lost_process --kill flow      # the flow alone
    python -m tests.faults.lost_process --kill server    # Prefect's server
    python -m tests.faults.lost_process --kill down      # nothing is killed: `muse down`, then `muse up`
    python -m tests.faults.lost_process --kill flow server down      # one after the other
    python -m tests.faults.lost_process --kill both --stage base     # a training, which leaves checkpoints
    python -m tests.faults.lost_process --kill both --database postgresql+asyncpg://…

On a real server, pool and worker of a fresh home (`muse up`), with data and a model small enough for seconds.
The kill comes in the middle of the stage; in that of a training when there is a checkpoint. Prints one line
of the table in `docs/reliability.md` for each and ends with exit code 1 unless every run completed, with the
digests of an uninterrupted run, and the stages that had finished before the kill were not run again. Takes
three minutes on two idle cores, and two more for each further kill.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil

from flows.services import PREFECT, WORKER, read_services
from muse_core.artifacts import ArtifactStore, key_of
from muse_core.config.load import load_config
from muse_core.context import NoMetrics
from muse_core.fingerprint import fingerprint
from muse_core.stage_table import stage_named

ROOT = Path(__file__).resolve().parents[2]
MUSE = [sys.executable, "-c", "from flows.cli import app; app(prog_name='muse')"]
STAGES = ("catalog", "profiles", "conversations", "base")
COUNT = {"conversations": 1000, "base": 60}  # conversations: enough to be caught at it
SETTINGS = [
    "catalog.synthetic_products=120", "profiles.count=30", "base.vocab_size=1200",
    "base.hidden_size=48", "base.num_layers=2", "base.intermediate_size=96", "base.num_epochs=100",
    "base.batch_size=2", "base.max_tokens=60000", "execution.workers=1",
]  # fmt: skip
PATIENCE_S = 1800.0


class Server:
    """What the script asks of Prefect's API."""

    def __init__(self, address: str) -> None:
        self.api = f"{address}/api"

    def ask(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.api + path, data, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())

    def run(self, deployment: str, parameters: dict[str, Any], key: str) -> str:
        found = self.ask(f"/deployments/name/muse/{deployment}")["id"]
        body = {"parameters": parameters, "idempotency_key": key}
        return str(self.ask(f"/deployments/{found}/create_flow_run", body)["id"])

    def states(self, run: str) -> list[dict[str, Any]]:
        found = self.ask(f"/flow_run_states/?flow_run_id={run}")
        return sorted(found, key=lambda state: str(state["timestamp"]))

    def stages(self, run: str) -> dict[str, str]:
        """Stage -> ran or cached, as the finished run has shown it."""
        body = {"artifacts": {"flow_run_id": {"any_": [run]}, "key": {"any_": ["muse-stages"]}}}
        (table,) = self.ask("/artifacts/filter", body)
        return {row["name"]: row["status"] for row in json.loads(table["data"])}


def settings_of(stage: str) -> list[str]:
    return [*SETTINGS, f"conversations.count={COUNT[stage]}"]


def undisturbed(home: Path, stage: str) -> tuple[dict[str, str], str]:
    """The digests of a run that nobody interrupts, and the fingerprint of its last stage."""
    from tasks import progress
    from tasks.execution import Job, run_stage

    progress.ARTIFACT_EVERY_S = float("inf")  # there is no server yet that could show it
    config, _ = load_config("quickstart", None, settings_of(stage))
    store, made, key = ArtifactStore(home / "artifacts"), {}, None
    for name in STAGES[: STAGES.index(stage) + 1]:
        given = {one: made[one] for one in stage_named(name).inputs}
        key = fingerprint(name, config, given)
        job = Job(name, key, config, store, "cpu", NoMetrics())  # type: ignore[arg-type]
        made[name] = run_stage(job, **given)
    return {name: ref.digest for name, ref in made.items()}, key_of(key.value) if key else ""


def found_digests(home: Path) -> dict[str, str]:
    store = ArtifactStore(home / "artifacts")
    return {store.manifest(ref)["about"]["stage"]: ref.digest for ref in store.list()}


def muse(home: Path, *arguments: str, database: str = "") -> None:
    ours = ("PREFECT_", "MLFLOW_", "MUSE_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    env |= {"PREFECT_PROFILES_PATH": str(home / "none.toml"), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    if database:
        env["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = database
    subprocess.run(
        [*MUSE, *arguments, "--home", str(home), "--json"], env=env, cwd=home, check=True, stdout=2
    )


def family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def kill(home: Path, what: str) -> None:
    """`kill -9`, or `muse down`."""
    if what == "down":
        muse(home, "down")
        return
    found = read_services(home)
    worker = family(found[WORKER].pid)
    victims = {"both": worker, "flow": worker[1:], "server": family(found[PREFECT].pid)}[what]
    if not victims:
        raise SystemExit(f"nothing to kill: {what}")
    for process in victims:
        process.kill()
    psutil.wait_procs(victims, 10)


def wait(what: str, is_there: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            found = is_there()
        except OSError:
            found = None
        if found:
            return found
        time.sleep(0.5)
    raise SystemExit(f"waited {PATIENCE_S:.0f} s for {what}")


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def is_at_it(home: Path, stage: str, key: str) -> bool:
    """Whether the stage is under way; a training, whether it has left a checkpoint."""
    work = home / "artifacts" / "work" / key
    return any(work.glob("*/*")) if stage == "base" else work.is_dir()


@dataclass(frozen=True)
class Case:
    """A stage under `muse up`, what an undisturbed run makes of it, and the key of its artifact."""

    home: Path
    stage: str
    database: str
    expected: dict[str, str]
    key: str
    ports: tuple[str, ...]

    def up(self) -> None:
        muse(self.home, "up", *self.ports, database=self.database)


def fault(case: Case, what: str) -> dict[str, Any]:
    """One kill, and what became of the run."""
    home, stage = case.home, case.stage
    shutil.rmtree(home / "artifacts", ignore_errors=True)
    server = Server(read_services(home)[PREFECT].address)
    asked = {"preset": "quickstart", "overrides": settings_of(stage), "stage": stage}
    key = uuid4().hex
    run = wait("a run to be made", lambda: server.run(stage, asked, key))
    wait(f"{stage} to be under way", lambda: is_at_it(home, stage, case.key))
    kill(home, what)
    killed = time.time()
    case.up()
    ends = ("COMPLETED", "FAILED", "CANCELLED")
    states = wait(
        "the end", lambda: [*server.states(run)] if server.states(run)[-1]["type"] in ends else None
    )
    crashed = [_at(state) for state in states if state["type"] == "CRASHED"]
    told = wait("the run's stages", lambda: server.stages(run))
    again = [name for name, status in told.items() if status == "ran" and name != stage]
    found = found_digests(home)
    return {
        "killed": what,
        "in": stage,
        "database": case.database.partition(":")[0] or "sqlite",
        "ended": states[-1]["name"],
        "after_s": round(_at(states[-1]) - killed, 1),
        "states": [f"{_at(state) - killed:+.0f} {state['name']}" for state in states],
        "crashed_after_s": round(crashed[0] - killed, 1) if crashed else None,
        "runs": wait("the run", lambda: server.ask(f"/flow_runs/{run}"))["run_count"],
        "finished_stages_run_again": again if crashed else [],
        "same_digests": found == case.expected,
    }


def _at(state: dict[str, Any]) -> float:
    return datetime.fromisoformat(state["timestamp"]).timestamp()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kill", choices=("both", "flow", "server", "down"), nargs="+", default=["both"])
    parser.add_argument("--stage", choices=tuple(COUNT), default="conversations")
    parser.add_argument("--database", default="", help="Prefect's (default: SQLite in the home)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="muse-fault-") as folder:
        home = Path(folder)
        made = undisturbed(home / "alone", asked.stage)
        ports = ("--port", free_port(), "--mlflow-port", free_port())
        case = Case(home, asked.stage, asked.database, *made, ports)
        try:
            case.up()
            return max([told(fault(case, what)) for what in asked.kill])
        finally:
            muse(home, "down")


def told(found: dict[str, Any]) -> int:
    print(json.dumps(found), flush=True)
    is_good = (
        found["ended"] == "Completed" and found["same_digests"] and not found["finished_stages_run_again"]
    )
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
