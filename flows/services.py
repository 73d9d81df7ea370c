"""The processes that `muse up` leaves running for a home, and how `muse down` finds exactly these.

    <home>/services.json    what was started: process id, address, log, and a token
    <home>/logs/<name>.log  what it says

Every process carries its token in its environment. A process id that the system has given to another program
since is told by that, and never touched.
"""

from __future__ import annotations

import json
import secrets
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from muse_core.durable import write_text
from muse_core.errors import ConfigError, MuseError
from tasks.addresses import without_user

FILE = "services.json"
TOKEN = "MUSE_SERVICE"
PREFECT, MLFLOW, WORKER = "prefect", "mlflow", "worker"
START_TIMEOUT_S = 180.0
STOP_TIMEOUT_S = 30.0
ANSWER_TIMEOUT_S = 2.0
POLL_S = 0.2
TAIL_CHARS = 800


@dataclass(frozen=True)
class Service:
    """One started process. `address`: where it answers, `health`: the page that says so ("" for a worker)."""

    name: str
    pid: int
    token: str
    address: str
    health: str
    log: str

    def is_running(self) -> bool:
        """Whether this process, and not another of the same number, is alive."""
        try:
            told = psutil.Process(self.pid).as_dict(["status", "environ"])
            variables = told["environ"] or {}  # None where it may not be read: not ours then
            return told["status"] != psutil.STATUS_ZOMBIE and variables.get(TOKEN) == self.token
        except psutil.Error:
            return False

    def answers(self) -> bool:
        return answers(self.health)

    def tail(self) -> str:
        """The end of its log."""
        try:
            return Path(self.log).read_text(encoding="utf-8", errors="replace")[-TAIL_CHARS:].strip()
        except OSError:
            return ""


def answers(address: str) -> bool:
    """Whether a page is answered with HTTP 200."""
    try:
        with urllib.request.urlopen(without_user(address), timeout=ANSWER_TIMEOUT_S) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError):
        return False


def read_services(home: Path) -> dict[str, Service]:
    """What `muse up` has written down; nothing for a file that is not there or not whole."""
    try:
        found = json.loads((home / FILE).read_text(encoding="utf-8"))
        return {name: Service(**entry) for name, entry in found.items()}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}


def running_services(home: Path) -> dict[str, Service]:
    return {name: service for name, service in read_services(home).items() if service.is_running()}


def write_services(home: Path, services: Mapping[str, Service]) -> None:
    """Keeps the file as long as something is in it."""
    if services:
        write_text(home / FILE, json.dumps({name: asdict(one) for name, one in services.items()}, indent=1))
    else:
        (home / FILE).unlink(missing_ok=True)


def start(
    home: Path,
    name: str,
    command: Sequence[str],
    variables: Mapping[str, str],
    address: str = "",
    health: str = "",
    folder: Path | None = None,
) -> Service:
    """Starts a process in a session of its own and writes it down before anything is asked of it."""
    token = secrets.token_hex(8)
    log = home / "logs" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            env={**variables, TOKEN: token},
            cwd=folder or home,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    service = Service(name, process.pid, token, address, health, str(log))
    write_services(home, running_services(home) | {name: service})
    return service


def wait_until_it_answers(service: Service) -> None:
    """MuseError with the end of its log when it ends, or says nothing for `START_TIMEOUT_S`."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while not service.answers():
        if not service.is_running():
            raise MuseError(f"{service.name} did not start; its log is {service.log}\n{service.tail()}")
        if time.monotonic() > deadline:
            raise MuseError(
                f"{service.name} (process {service.pid}) runs, but has not answered at {service.health} for "
                f"{START_TIMEOUT_S:.0f} s; `muse down` ends it; its log is {service.log}\n{service.tail()}"
            )
        time.sleep(POLL_S)


def stop(service: Service) -> bool:
    """Ends the process and what it has started: asked first, killed after `STOP_TIMEOUT_S`. False when it was
    not running."""
    if not service.is_running():
        return False
    process = psutil.Process(service.pid)
    family = [process, *process.children(recursive=True)]
    _each(family[:1], psutil.Process.terminate)
    _, left = psutil.wait_procs(family, STOP_TIMEOUT_S)
    _each(left, psutil.Process.terminate)
    _, left = psutil.wait_procs(left, STOP_TIMEOUT_S / 3)
    _each(left, psutil.Process.kill)
    psutil.wait_procs(left, STOP_TIMEOUT_S / 3)
    return True


def _each(processes: Sequence[psutil.Process], act: object) -> None:
    for process in processes:
        try:
            act(process)  # type: ignore[operator]
        except psutil.NoSuchProcess:
            continue


def require_free_port(port: int, option: str, what: str) -> None:
    """ConfigError that says who listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as problem:
            raise ConfigError(
                f"{what} cannot listen at 127.0.0.1:{port} ({_listener(port) or problem.strerror}), "
                f"and `muse up` has not started that; choose another with {option} N"
            ) from None


def _listener(port: int) -> str:
    """Who has the port, where the system tells."""
    try:
        for one in psutil.net_connections(kind="tcp"):
            if one.laddr and one.laddr.port == port and one.status == psutil.CONN_LISTEN and one.pid:
                return f"process {one.pid}, {psutil.Process(one.pid).name()}, listens there"
    except psutil.Error:
        pass
    return ""
