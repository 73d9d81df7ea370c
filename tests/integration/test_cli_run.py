"""`muse run` as a user starts it: its own server, one JSON object, Ctrl-C, a killed process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-c", "from flows.cli import app; app(prog_name='muse')"]
RUN = [
    "run",
    "--preset",
    "quickstart",
    "--set",
    "catalog.synthetic_products=120",
    "--set",
    "execution.workers=1",
]

SECRETS = {  # a run may need none of them, and keeps none
    name: f"c4n4ry-{name.lower()}"
    for name in ("MUSE_LLM_API_KEY", "MUSE_SERVE_KEY", "HF_TOKEN", "OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY")
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def start(home: Path, *arguments: str) -> subprocess.Popen[str]:
    ours = ("PREFECT_", "MLFLOW_", "MUSE_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    env |= SECRETS
    env["PREFECT_PROFILES_PATH"] = str(home / "no-profiles.toml")
    return subprocess.Popen(
        [*COMMAND, *RUN, "--home", str(home), *arguments],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=_hears_interrupts,
    )


def _hears_interrupts() -> None:
    """As in a terminal: a test run in the background of a shell hands down an ignored SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def servers(home: Path) -> list[str]:
    """Prefect servers that were started for this home and are alive."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (
                b"uvicorn" in (folder / "cmdline").read_bytes()
                and str(home).encode() in (folder / "environ").read_bytes()
            ):
                found.append(folder.name)
        except OSError:
            continue
    return found


def wait_until_no_server(home: Path) -> bool:
    deadline = time.monotonic() + 15
    while servers(home) and time.monotonic() < deadline:
        time.sleep(0.2)
    return not servers(home)


def test_json_is_one_object_and_the_second_run_is_cached(home: Path) -> None:
    for status, more in (("ran", ()), ("cached", ("--quiet",))):
        out, err = start(home, "--stage", "catalog", "--json", *more).communicate(timeout=240)
        found = json.loads(out)
        assert [(stage["name"], stage["status"]) for stage in found["stages"]] == [("catalog", status)]
        assert found["seconds"]["start-up"] > 0 and found["estimate"] is None  # nothing asks a model
        if more:
            assert err == ""
            continue
        assert f"catalog: {status}" in err and "usable CPU" in err
        assert "Traceback" not in err and "Warning" not in err
        assert "c4n4ry" not in out + err
    assert wait_until_no_server(home)
    written = [path for path in home.rglob("*") if path.is_file()]
    assert {"prefect.db", "mlflow.db", "manifest.json"} <= {path.name for path in written}
    assert [path for path in written if b"c4n4ry" in path.read_bytes()] == []


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_an_ended_run_leaves_no_server_behind(home: Path, number: signal.Signals, code: int) -> None:
    process = start(home, "--stage", "conversations", "--set", "conversations.count=30000")
    assert process.stderr is not None
    for line in process.stderr:
        if "conversations: started" in line:
            break
    assert servers(home)
    os.killpg(process.pid, number)  # as a terminal does
    _, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert wait_until_no_server(home)
    assert ("interrupted" in err) == (number == signal.SIGINT)
    assert not list((home / "artifacts").glob("conversations/*"))
