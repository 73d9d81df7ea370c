"""`muse serve`: what is refused before anything is loaded; and a server started as a user starts it."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from flows.commands import serve
from flows.environment import SERVE_KEY
from muse_core.artifacts import ArtifactStore
from muse_core.errors import ConfigError
from muse_core.models.loading import save_model
from muse_core.records import to_table
from serving.limits import Limits
from tests.unit.generation.builders_answer import ITEMS, roomy_model

ROOT = Path(__file__).resolve().parents[3]
MUSE = [sys.executable, "-c", "from flows.cli import app; app(prog_name='muse')"]


def no_registry(uri: str) -> Path:
    raise AssertionError(f"{uri} was looked up")


def refused(host: str, port: int) -> str:
    with pytest.raises(ConfigError) as problem:
        serve.serve(Path("nowhere"), None, None, host, port, Limits(), 1, no_registry)
    return str(problem.value)


def test_an_address_that_cannot_be_had_is_said_first() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert "name a free port" in refused("127.0.0.1", taken.getsockname()[1])
    assert "--host no.such.host.invalid" in refused("no.such.host.invalid", 8000)


def test_a_key_that_no_header_holds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SERVE_KEY, "चाबी")
    assert SERVE_KEY in refused("127.0.0.1", 0)


def test_without_a_model_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SERVE_KEY, raising=False)
    assert "run `muse run` first" in refused("127.0.0.1", 0)


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("127.3.2.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False),
     ("::", False), ("192.168.1.5", False), ("shop.example", False)],
)  # fmt: skip
def test_what_only_this_machine_reaches(host: str, expected: bool) -> None:
    assert serve.is_loopback(host) is expected


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    store = ArtifactStore(folder / "artifacts")
    products = store.for_stage("catalog", {}).write_table("products", to_table("products", ITEMS), "a" * 64)
    made = store.for_stage("dpo", {}, {"catalog": products.digest})
    made.write_folder("model", lambda path: save_model(roomy_model(), path), "c" * 64)
    return folder


def started(home: Path, *words: str, **variables: str) -> tuple[subprocess.Popen[str], str, list[str]]:
    """A server in a process of its own, its address, and what it has said."""
    process = subprocess.Popen(
        [*MUSE, "serve", "--home", str(home), "--port", "0", *words], cwd=ROOT, text=True,
        stderr=subprocess.PIPE, env={**os.environ, "OMP_NUM_THREADS": "1", **variables},
    )  # fmt: skip
    lines: list[str] = []
    assert process.stderr is not None
    for line in process.stderr:
        lines.append(line)
        if found := re.search(r"http://\S+:(\d+)", line):
            answers_on(int(found[1]))
            return process, found[0], lines
    raise AssertionError("".join(lines))


def answers_on(port: int) -> None:
    """Waits until the server answers: before that it does not catch signals, and where a shell in the
    background has them ignored one would be lost."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with contextlib.suppress(httpx.TransportError):
            httpx.get(f"http://127.0.0.1:{port}/health", timeout=30, trust_env=False)
            return
        time.sleep(0.05)
    raise AssertionError(f"nothing answers on {port}")


def stopped(process: subprocess.Popen[str], how: int) -> tuple[int, str]:
    process.send_signal(how)
    _, said = process.communicate(timeout=60)
    return process.returncode, said


def test_from_the_command_to_an_answer_and_a_quiet_end(home: Path) -> None:
    process, url, lines = started(home)
    try:
        with httpx.Client(base_url=url, timeout=120, trust_env=False) as client:
            assert client.get("/health").json()["products"] == 2
            body: Any = {"messages": [{"role": "user", "content": "red shirts"}]}
            answer = client.post("/v1/chat/completions", json=body)
            assert answer.status_code == 200 and answer.json()["choices"][0]["message"]["content"]
    finally:
        code, said = stopped(process, signal.SIGINT)
    assert lines[0].startswith("muse serve: model model/") and "127.0.0.1" in url
    assert code == 0 and "Traceback" not in said and "interrupted" not in said


def test_an_open_address_without_a_key_is_remarked(home: Path) -> None:
    for key, is_remarked in (("", True), ("s3cret", False)):
        process, _, lines = started(home, "--host", "0.0.0.0", **{SERVE_KEY: key})
        code, said = stopped(process, signal.SIGINT)
        assert code == 0, said
        assert (SERVE_KEY in "".join(lines)) is is_remarked
