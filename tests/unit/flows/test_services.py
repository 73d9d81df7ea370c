"""What `muse up` writes down and `muse down` ends, with real processes that answer like a server."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from flows import services
from flows.commands import up
from flows.environment import prepare
from flows.services import PREFECT, WORKER, Service
from muse_core.errors import ConfigError, MuseError

SERVE = """
import subprocess, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
HTTPServer(("127.0.0.1", int(sys.argv[1])), Answers).serve_forever()
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name in [name for name in os.environ if name.startswith(("MUSE_", "MLFLOW_", "PREFECT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PREFECT_PROFILES_PATH", str(tmp_path / "none.toml"))
    monkeypatch.setattr(services, "STOP_TIMEOUT_S", 6.0)
    before = dict(os.environ)
    yield tmp_path
    for service in services.read_services(tmp_path).values():
        services.stop(service)
    os.environ.clear()
    os.environ.update(before)


def serve(home: Path, name: str = PREFECT) -> Service:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-c", SERVE, str(port)]
    service = services.start(home, name, command, os.environ, address, address)
    services.wait_until_it_answers(service)
    return service


def is_there(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_a_started_process_is_found_again_and_ended_with_its_children(home: Path) -> None:
    service = serve(home)
    assert services.read_services(home) == services.running_services(home) == {PREFECT: service}
    children = [
        int(pid) for pid in Path(f"/proc/{service.pid}/task/{service.pid}/children").read_text().split()
    ]
    assert children and all(map(is_there, children))
    up.down(home, as_json=True)
    assert not service.is_running() and not any(map(is_there, children))
    assert services.read_services(home) == {} and not (home / services.FILE).exists()


def test_a_number_that_another_program_has_since_is_not_touched(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    foreign = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        stale = Service(WORKER, foreign.pid, "a token", "", "", str(home / "worker.log"))
        services.write_services(home, {WORKER: stale})
        assert services.running_services(home) == {}
        up.down(home, as_json=True)
        assert json.loads(capsys.readouterr().out) == {"stopped": []}
        assert foreign.poll() is None and services.read_services(home) == {}
    finally:
        foreign.kill()
        foreign.wait()


def test_down_ends_only_what_this_home_has_started(
    home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    theirs, ours = serve(other), serve(home)
    try:
        up.down(home, as_json=True)
        assert theirs.is_running() and theirs.answers() and not ours.is_running()
    finally:
        services.stop(theirs)


def test_nothing_to_end_is_said(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    up.down(home, as_json=False)
    assert "nothing that `muse up` started runs" in capsys.readouterr().out


def test_a_process_that_ends_says_its_log(home: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('the database is of another version')"]
    service = services.start(home, PREFECT, command, os.environ, "", "http://127.0.0.1:9/")
    with pytest.raises(MuseError, match="the database is of another version"):
        services.wait_until_it_answers(service)


def test_a_process_that_never_answers_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "START_TIMEOUT_S", 0.5)
    command = [sys.executable, "-c", "import time; time.sleep(600)"]
    service = services.start(home, PREFECT, command, os.environ, "", f"http://127.0.0.1:{free_port()}/")
    with pytest.raises(MuseError, match=rf"process {service.pid}\).*`muse down` ends it"):
        services.wait_until_it_answers(service)


def test_a_taken_port_is_the_users_to_change(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"127\.0\.0\.1:{port}.*--port N") as caught:
            services.require_free_port(port, "--port", "Prefect's server")
        assert f"process {os.getpid()}" in str(caught.value)
        with pytest.raises(ConfigError, match="--port N"):
            up.up(home, port, free_port(), None, as_json=True)
    assert services.read_services(home) == {}


def test_a_broken_list_is_none(home: Path) -> None:
    for text in ("{", "[]", '{"prefect": {"pid": 1}}', '{"prefect": 3}'):
        (home / services.FILE).write_text(text)
        assert services.read_services(home) == {}


def test_runs_use_the_servers_of_their_home(home: Path) -> None:
    service = serve(home)
    mlflow = serve(home, "mlflow")
    found = prepare(home)
    assert (found.prefect_api, found.mlflow_uri) == (f"{service.address}/api", mlflow.address)
    assert os.environ["PREFECT_API_URL"] == f"{service.address}/api"


def test_what_is_configured_comes_before_the_servers_of_the_home(home: Path) -> None:
    ours, configured = serve(home), serve(home, "configured")
    os.environ["PREFECT_API_URL"] = f"{configured.address}/api"
    assert prepare(home).prefect_api == f"{configured.address}/api" != f"{ours.address}/api"


def test_a_token_is_needed_to_be_ours(home: Path) -> None:
    service = serve(home)
    assert not replace(service, token="another").is_running()
    assert not services.stop(replace(service, token="another")) and service.is_running()
