from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from flows.environment import EMBEDDED, configured_prefect_api, home_folder, prepare
from flows.failures import write_traceback
from muse_core.errors import ConfigError, MuseError

OURS = (
    *EMBEDDED,
    "MUSE_HOME",
    "PREFECT_HOME",
    "PREFECT_API_URL",
    "PREFECT_UI_URL",
    "PREFECT_PROFILES_PATH",
    "MLFLOW_TRACKING_URI",
)


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = dict(os.environ)
    for name in OURS:
        monkeypatch.delenv(name, raising=False)
    os.environ["PREFECT_PROFILES_PATH"] = "/nowhere/profiles.toml"
    yield
    os.environ.clear()
    os.environ.update(before)


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(503)
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def server() -> Iterator[str]:
    http = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}/api"
    http.shutdown()
    thread.join()
    http.server_close()


def test_everything_is_below_the_home(tmp_path: Path) -> None:
    found = prepare(tmp_path / "here")
    assert found.home == tmp_path / "here" and found.home.is_dir()
    assert found.artifacts == found.home / "artifacts"
    assert found.prefect_api is None
    assert found.mlflow_uri == f"sqlite:///{found.home}/mlflow.db"
    assert os.environ["PREFECT_HOME"] == str(found.home / "prefect")
    assert os.environ["PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS"] == "180"


def test_what_the_user_has_set_stays(tmp_path: Path) -> None:
    os.environ["MLFLOW_TRACKING_URI"] = "sqlite:////elsewhere/mlflow.db"
    os.environ["PREFECT_LOGGING_LEVEL"] = "DEBUG"
    assert prepare(tmp_path).mlflow_uri == "sqlite:////elsewhere/mlflow.db"
    assert os.environ["PREFECT_LOGGING_LEVEL"] == "DEBUG"


def test_the_home_comes_from_option_variable_or_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert home_folder() == tmp_path / ".muse"
    os.environ["MUSE_HOME"] = str(tmp_path / "variable")
    assert home_folder() == tmp_path / "variable"
    assert home_folder(tmp_path / "option") == tmp_path / "option"


def test_a_configured_server_is_used(tmp_path: Path, server: str) -> None:
    os.environ["PREFECT_API_URL"] = server
    assert prepare(tmp_path).prefect_api == server


def test_a_password_in_an_address_is_neither_in_the_way_nor_shown(tmp_path: Path, server: str) -> None:
    """Prefect and MLflow would print a run's page with it."""
    os.environ["PREFECT_API_URL"] = server.replace("://", "://muse:s3cret@")
    os.environ["MLFLOW_TRACKING_URI"] = server.replace("://", "://muse:s3cret@")
    assert prepare(tmp_path).prefect_api == os.environ["PREFECT_API_URL"]
    assert os.environ["PREFECT_UI_URL"] == server.removesuffix("/api")
    from mlflow.environment_variables import MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT

    assert MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT.get() is True


def test_a_server_of_the_active_profile_is_used(tmp_path: Path, server: str) -> None:
    profiles = tmp_path / "profiles.toml"
    profiles.write_text(f'active = "team"\n[profiles.team]\nPREFECT_API_URL = "{server}"\n[profiles.other]\n')
    os.environ["PREFECT_PROFILES_PATH"] = str(profiles)
    assert configured_prefect_api() == server
    os.environ["PREFECT_PROFILE"] = "other"
    assert configured_prefect_api() is None
    del os.environ["PREFECT_PROFILE"]


@pytest.mark.parametrize("variable", ["PREFECT_API_URL", "MLFLOW_TRACKING_URI"])
def test_a_dead_server_is_the_users_mistake(tmp_path: Path, variable: str) -> None:
    os.environ[variable] = "http://127.0.0.1:9/api"
    with pytest.raises(
        ConfigError, match=rf"{variable} is http://127.0.0.1:9/api, but no server answers.*`muse up`"
    ):
        prepare(tmp_path)


@pytest.mark.parametrize(
    ("home", "said"),
    [
        ("~nosuchuser/x", "there is no user of that name"),
        ("x" * 5000, r"x{60}… \(5000 characters\): File name too long"),
        ("/proc/nowhere/x", "cannot be made"),
        ("a\0b", "no folder can have this name"),
        ("a\ud800b", "no folder can have this name"),
        ("/etc/passwd/x", "Not a directory"),
        ("/dev/null", "a folder is needed there"),
        ("{circle}", "its links lead in a circle"),
    ],
)
def test_a_home_that_cannot_be_is_one_message(home: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    with pytest.raises(MuseError, match=rf"{said}.*choose another folder with --home DIR") as told:
        prepare(home.format(circle=tmp_path / "circle"))
    str(told.value).encode("utf-8")  # it can be printed


def test_what_went_wrong_is_kept_in_the_home_that_was_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    home_folder(tmp_path / "named")
    assert write_traceback().parent == tmp_path / "named"
    with pytest.raises(ConfigError):
        home_folder("~nosuchuser/x")
    assert write_traceback().parent == tmp_path / "named"


def test_a_home_that_is_a_file_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(MuseError, match="--home DIR"):
        prepare(tmp_path / "taken")
