"""What `muse doctor` says about servers (Prefect's, with what deployments need on it; MLflow's) and locks."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from flows.environment import configured_prefect_api, mlflow_uri_of, use_prefect_server
from flows.services import PREFECT, WORKER, answers, read_services, running_services
from muse_core.errors import MuseError
from tasks.addresses import without_passwords

UP = "muse up"


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `wrong` stops runs; `mend` is the command or the act that mends it."""

    name: str
    state: Literal["ok", "note", "wrong"]
    text: str
    mend: str = ""


def servers(home: Path) -> Iterator[Finding]:
    """Nothing about pool, worker and deployments where no server is configured or up: runs need none."""
    found = running_services(home)
    lost = sorted(read_services(home).keys() - found.keys())
    if lost:
        yield Finding(
            "services", "wrong", f"`muse up` started {', '.join(lost)}; gone without `muse down`", UP
        )
    api = configured_prefect_api() or (f"{found[PREFECT].address}/api" if PREFECT in found else "")
    if not api:
        yield Finding("server", "ok", "no server configured or up; runs start an embedded one")
    elif not answers(f"{api.rstrip('/')}/health"):
        text = without_passwords(f"PREFECT_API_URL is {api}, no server answers")
        yield Finding("server", "wrong", text, f"start it with {UP}, or unset the variable")
    else:
        yield Finding("server", "ok", without_passwords(f"a server answers at {api}"))
        use_prefect_server(api)
        yield from _prefect(WORKER in found)
    yield from lost_events(home)
    yield mlflow(home)


def lost_events(home: Path) -> Iterator[Finding]:
    """Events that Prefect's server gave up, its SQLite being locked each time: what they should have started,
    such as a crashed run's second life, was not."""
    folder = home / "prefect" / "dlq"
    count = sum(1 for _ in folder.glob("*")) if folder.is_dir() else 0
    if count:
        text = f"{count} events of runs were lost in {folder}; a crashed run may not have been started again"
        yield Finding(
            "events", "note", text, f"prefect flow-run retry ID for such a run, then rm -r {folder}"
        )


def _prefect(has_worker: bool) -> Iterator[Finding]:
    """A pool without a worker is a note: the worker may be meant for another time."""
    from flows.server_setup import POOL, lacking, worker_is_online

    for name, lacks in lacking():
        yield Finding(
            name, "wrong" if lacks else "ok", lacks or "as the deployments need it", UP if lacks else ""
        )
    online = worker_is_online("")
    text = f"the pool {POOL} hears from {'one' if online else 'none'}"
    state: Literal["ok", "note", "wrong"] = "ok" if online else "wrong" if has_worker else "note"
    yield Finding("worker", state, text, "" if online else UP)


def mlflow(home: Path) -> Finding:
    """Whether the tables are those that the installed MLflow reads."""
    uri = mlflow_uri_of(home)
    shown = without_passwords(uri)
    if uri.startswith("sqlite:///") and not Path(uri.removeprefix("sqlite:///")).exists():
        return Finding("mlflow", "ok", f"{shown} will be created")
    from tasks.tracking import schema_problem

    try:
        problem = schema_problem(uri)
    except MuseError as unknown:
        return Finding("mlflow", "wrong", str(unknown), f"start it with {UP}, or unset MLFLOW_TRACKING_URI")
    if problem:
        return Finding("mlflow", "wrong", f"{shown}: {problem}", f"mlflow db upgrade {shown} (copy it first)")
    return Finding("mlflow", "ok", f"{shown} is readable by this version")


def locks(home: Path) -> Finding:
    """Which locks of the home are held now, and whether its file system knows locks at all."""
    held = sorted(path.stem for path in (home / "artifacts" / "locks").glob("*.lock") if _is_held(path))
    if held:
        return Finding("locks", "note", f"{len(held)} stages are being made now: {', '.join(held[:4])}")
    if home.is_dir() and os.access(home, os.W_OK) and not _locks_exclude(home):
        text = f"the file system of {home} knows no locks; two runs could make one artifact at a time"
        return Finding("locks", "wrong", text, "choose a local folder or NFS 4 with --home DIR")
    return Finding("locks", "ok", "none is held")


def _is_held(path: Path) -> bool:
    try:
        with path.open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _locks_exclude(home: Path) -> bool:
    probe = home / f".lock-{os.getpid()}"
    try:
        with probe.open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return _is_held(probe)
    except OSError:
        return False
    finally:
        probe.unlink(missing_ok=True)
