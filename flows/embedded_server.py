"""Prefect's temporary server, for a run without a configured one.

It is the server that Prefect itself would start, but started by us: in a session of its own, so that
Ctrl-C in a terminal stops the run and not the server under it; bound to our process, so that a killed
run leaves no server behind; and while Prefect is still being imported here, which saves seconds.
"""

from __future__ import annotations

import atexit
import ctypes
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from importlib.util import find_spec
from pathlib import Path

from flows.environment import use_prefect_server, variables_with
from muse_core.durable import file_lock
from muse_core.errors import MuseError

ROOT = Path(__file__).resolve().parent.parent
START_TIMEOUT_S = 180.0
STOP_TIMEOUT_S = 5.0
POLL_S = 0.1
EPHEMERAL = {"PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1"}
PR_SET_PDEATHSIG = 1  # linux/prctl.h


class EmbeddedServer:
    """One server process. Its address is in PREFECT_API_URL as soon as it is created."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.log = home / "prefect" / "server.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._lock = file_lock(home / "prefect.lock")  # two servers must not create the database at once
        self._lock.__enter__()
        self.port = _free_port()
        self.process = self._start()
        atexit.register(self.stop)  # registered before Prefect's own handlers, so it runs after them
        use_prefect_server(self.api)

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    def _start(self) -> subprocess.Popen[bytes]:
        with self.log.open("wb") as log:
            return subprocess.Popen(
                server_command(self.port),
                env=variables_with(EPHEMERAL),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )

    def wait(self) -> None:
        """Returns when the server answers; MuseError with the end of its log when it does not."""
        deadline = time.monotonic() + START_TIMEOUT_S
        try:
            while not self._answers():
                if self.process.poll() is not None or time.monotonic() > deadline:
                    tail = self.log.read_text(encoding="utf-8", errors="replace")[-600:].strip()
                    raise MuseError(
                        f"Prefect's embedded server did not start (exit code {self.process.poll()}); "
                        f"its log is {self.log}\n{tail}"
                    )
                time.sleep(POLL_S)
        finally:
            self._lock.__exit__(None, None, None)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.api}/health", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def server_command(port: int) -> list[str]:
    """Prefect's server on this machine, as one process."""
    if find_spec("prefect") is None:
        raise MuseError("prefect is not installed here: pip install -e .")
    command = [sys.executable, "-m", "uvicorn", "--app-dir", str(ROOT), "--factory"]
    command += ["flows.prefect_server:create_app", "--host", "127.0.0.1", "--port", str(port)]
    return [*command, "--log-level", "error", "--lifespan", "on"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _die_with_parent() -> None:
    """Asks Linux to end this process when the run's process ends, however it ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
