"""The environment of a run: folders, addresses, and what Prefect, MLflow and GX read from variables.

`prepare()` is called by the command line before prefect is imported. Every variable it sets is only a
default: what the user has set stays. Servers that `muse up` runs for the home are used where none is
configured. A flow that a worker started finds `MUSE_HOME` in the worker's environment (or uses `.muse` of the
worker's clone) and calls `prepare()` too; Prefect's own settings are the worker's then.
"""

from __future__ import annotations

import logging
import os
import tomllib
import urllib.error
import urllib.request
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from flows.services import MLFLOW, PREFECT, running_services
from muse_core.config.run_config import RunConfig
from muse_core.durable import explained
from muse_core.errors import ConfigError
from muse_core.models.cpu import thread_count
from tasks.addresses import hide_in_logs, keep_secret, without_passwords, without_user
from tasks.chat_endpoint import EndpointAddress

HOME = "MUSE_HOME"
TEAM = "MUSE_ARTIFACTS_URL"
LLM_BASE_URL, LLM_MODEL, LLM_API_KEY = "MUSE_LLM_BASE_URL", "MUSE_LLM_MODEL", "MUSE_LLM_API_KEY"
SERVE_KEY = "MUSE_SERVE_KEY"
SECRET_ENDINGS = ("KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "AUTH_STRING", "CREDENTIALS", "SAS")
HEALTH_TIMEOUT_S = 5.0
ANOTHER_HOME = "choose another folder with --home DIR"
_last_home: list[Path] = []
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
# How often a thread of libgomp looks before it sleeps; its own 300,000 keep a core from the thread that is
# waited for when two jobs share the machine (tests/benchmarks/RESULTS.md, "Beside another job").
SPINS = "3000"
OUR_LOGGERS = ("muse_core", "tasks", "flows", "data_contracts")
# They set a level of their own when imported, so only a filter holds.
LOUD_LOGGERS = ("great_expectations.data_context.types.base", "alembic.runtime.migration", "bm25s")

EMBEDDED = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    "PREFECT_SERVER_LOGGING_LEVEL": "ERROR",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
    "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "muse_core,tasks,flows,data_contracts",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "GX_ANALYTICS_ENABLED": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # it shows the password that an address may hold
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",  # seconds, not minutes, until tasks/tracking.py lets figures wait
    "MLFLOW_ENABLE_ASYNC_TRACE_LOGGING": "false",  # `muse serve` sends them in a thread of its own
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "TOKENIZERS_PARALLELISM": "false",
}


@dataclass(frozen=True)
class Environment:
    """Where a run writes and whom it talks to."""

    home: Path
    mlflow_uri: str
    prefect_api: str | None  # None: an embedded server

    @property
    def artifacts(self) -> Path:
        return self.home / "artifacts"

    @property
    def reports(self) -> Path:
        return self.home / "reports"

    @property
    def mlflow_artifacts(self) -> str | None:
        """The artifact root of a local MLflow store; a tracking server has its own."""
        return (self.home / "mlruns").as_uri() if self.mlflow_uri.startswith("sqlite:") else None


def home_folder(home: str | Path | None = None) -> Path:
    """Where everything is written: the flag, else `MUSE_HOME`, else `.muse` here. Creates nothing.
    ConfigError for a name that no folder can have."""
    asked = Path(home or os.environ.get(HOME) or ".muse")
    try:
        folder = asked.expanduser().resolve()
        os.stat(folder)
    except FileNotFoundError:
        pass
    except RuntimeError as problem:  # an unknown user's home, or links in a circle
        why = "its links lead in a circle" if "loop" in str(problem) else "there is no user of that name"
        raise ConfigError(f"--home {_short(asked)}: {why}; {ANOTHER_HOME}") from None
    except OSError as problem:
        raise ConfigError(f"--home {_short(asked)}: {problem.strerror}; {ANOTHER_HOME}") from None
    except ValueError:  # a NUL, or half a character
        raise ConfigError(f"--home {_short(asked)!a}: no folder can have this name; {ANOTHER_HOME}") from None
    if home is not None:
        _last_home[:] = [folder]
    return folder


def team_artifacts() -> str | None:
    """The bucket that a team's artifacts are shared in; None where each machine keeps its own."""
    return os.environ.get(TEAM, "").strip() or None


def last_home() -> Path:
    """The home that this process was last told to use; where it writes what went wrong."""
    return _last_home[0] if _last_home else home_folder()


def _short(path: Path) -> str:
    text = str(path)
    return text if len(text) <= 80 else f"{text[:60]}… ({len(text)} characters)"


def prepare(home: str | Path | None = None) -> Environment:
    """Sets the defaults above, creates the home folder and checks configured servers."""
    folder = home_folder(home)
    try:
        with explained(folder):
            folder.mkdir(parents=True, exist_ok=True)
    except FileNotFoundError as problem:  # below /proc, say
        raise ConfigError(
            f"--home {_short(folder)} cannot be made: {problem.strerror}; {ANOTHER_HOME}"
        ) from None
    up = running_services(folder)
    api = configured_prefect_api() or (f"{up[PREFECT].address}/api" if PREFECT in up else None)
    if api:
        os.environ.setdefault("PREFECT_API_URL", api)
        _require_answer("PREFECT_API_URL", api, "/health", "`muse up`, or unset it to use an embedded server")
        if "@" in api:  # Prefect's log says where a run's page is, and takes it from there
            os.environ.setdefault("PREFECT_UI_URL", without_user(api).rstrip("/").removesuffix("/api"))
    os.environ.setdefault("PREFECT_HOME", str(folder / "prefect"))
    for name, value in {**EMBEDDED, **thread_variables(os.environ)}.items():
        os.environ[name] = value if name in THREADS else os.environ.get(name, value)
    os.environ[HOME] = str(folder)
    mlflow_uri = os.environ.setdefault("MLFLOW_TRACKING_URI", mlflow_uri_of(folder))
    if mlflow_uri.startswith("http"):
        _require_answer(
            "MLFLOW_TRACKING_URI", mlflow_uri, "/health", "`muse up`, or unset it to use a local file"
        )
    set_up_logging()
    return Environment(folder, mlflow_uri, api)


def thread_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """What the OpenMP of torch and the BLAS of numpy read when they are loaded: as many threads as the user
    wants and the machine has, and a wait that ends before it takes the core from whoever is waited for."""
    asked = environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    count = str(thread_count(int(asked) if asked.isdigit() else 0))
    waits = {} if {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"} & set(environ) else {"GOMP_SPINCOUNT": SPINS}
    return dict.fromkeys(THREADS, count) | waits


def configured_prefect_api() -> str | None:
    """The Prefect server the user has configured: by variable, or in the active Prefect profile."""
    if "PREFECT_API_URL" in os.environ:
        return os.environ["PREFECT_API_URL"] or None
    prefect_home = Path(os.environ.get("PREFECT_HOME", "~/.prefect")).expanduser()
    path = Path(os.environ.get("PREFECT_PROFILES_PATH", prefect_home / "profiles.toml"))
    try:
        profiles = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    name = os.environ.get("PREFECT_PROFILE", profiles.get("active", ""))
    return profiles.get("profiles", {}).get(name, {}).get("PREFECT_API_URL")


def with_language_model(config: RunConfig) -> tuple[RunConfig, EndpointAddress | None]:
    """The configuration with the model's name in it (it enters the stage's key), and where the model
    answers. No address while `llm.share` is 0. ConfigError when a variable is missing or wrong; no message
    repeats a value, for an address may hold a password."""
    if config.llm.share == 0:
        return config, None
    why = f"llm.share is {config.llm.share:g}, so a language model is asked; set llm.share=0, or correct"
    address = endpoint_address(config.llm.model, why)
    return config.model_copy(update={"llm": config.llm.model_copy(update={"model": address.model})}), address


def endpoint_address(model: str | None, why: str) -> EndpointAddress:
    """Where a language model answers; `model` before what the variable names. ConfigError opens with
    `why`."""
    values = {name: os.environ.get(name, "").strip() for name in (LLM_BASE_URL, LLM_MODEL, LLM_API_KEY)}
    model = model or values[LLM_MODEL]
    problems = [text for wrong, text in _language_model_problems(values, model) if wrong]
    if problems:
        raise ConfigError(why, problems)
    return EndpointAddress(values[LLM_BASE_URL].rstrip("/"), model, values[LLM_API_KEY])


def serve_key() -> str:
    """What requests to `muse serve` must carry, "" = nothing. ConfigError where no header can hold it."""
    key = os.environ.get(SERVE_KEY, "").strip()
    if not key.isascii() or not key.isprintable():
        raise ConfigError(f"{SERVE_KEY} holds characters that no header may hold")
    return key


def _language_model_problems(values: Mapping[str, str], model: str) -> list[tuple[bool, str]]:
    try:
        parts = urlsplit(values[LLM_BASE_URL])
        is_plain = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        has_secret = "@" in parts.netloc or bool(parts.query)
    except ValueError:
        is_plain, has_secret = False, False
    key = values[LLM_API_KEY]
    return [
        (not is_plain, f"{LLM_BASE_URL}: expected an address such as http://localhost:8000/v1"),
        (has_secret, f"{LLM_BASE_URL} holds a user, a password or a query; put the key into {LLM_API_KEY}"),
        (not model, f"{LLM_MODEL}: expected the name of a model that the endpoint serves (or set llm.model)"),
        (
            not key.isascii() or not key.isprintable(),
            f"{LLM_API_KEY} holds characters that no header may hold",
        ),
    ]


def secret_values() -> list[str]:
    """Values of variables that are secret by their name, of whichever library."""
    return [value for name, value in os.environ.items() if value and name.upper().endswith(SECRET_ENDINGS)]


def use_prefect_server(api: str) -> None:
    """Points this process at a server; Prefect reads it when it is imported."""
    os.environ["PREFECT_API_URL"] = api


def mlflow_uri_of(home: Path) -> str:
    """Where runs of a home are recorded: as configured, else the server that is up for it, else a file."""
    up = running_services(home)
    local = up[MLFLOW].address if MLFLOW in up else f"sqlite:///{home / 'mlflow.db'}"
    return os.environ.get("MLFLOW_TRACKING_URI", local)


def tracing(home: Path) -> tuple[str, str | None]:
    """Where the traces of a served model go, and the artifact root of a local store."""
    for name, value in EMBEDDED.items():
        os.environ.setdefault(name, value)
    environment = Environment(home, mlflow_uri_of(home), None)
    return environment.mlflow_uri, environment.mlflow_artifacts


def use_mlflow_server(uri: str) -> None:
    os.environ["MLFLOW_TRACKING_URI"] = uri


def mlflow_database(environment: Environment) -> str:
    """What a server of MLflow is started over: `MLFLOW_BACKEND_STORE_URI`, else what runs without one use."""
    return os.environ.get("MLFLOW_BACKEND_STORE_URI") or environment.mlflow_uri


def variables_with(more: Mapping[str, str], without: Sequence[str] = ()) -> dict[str, str]:
    """The environment of a child process."""
    return {name: value for name, value in os.environ.items() if name not in without} | dict(more)


def _require_answer(variable: str, address: str, path: str, remedy: str) -> None:
    """Refuses a configured server that does not answer; any HTTP status is an answer."""
    try:
        page = without_user(address).rstrip("/") + path
        urllib.request.urlopen(page, timeout=HEALTH_TIMEOUT_S).close()
    except urllib.error.HTTPError:
        return
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "reason", problem)
        raise ConfigError(
            without_passwords(f"{variable} is {address}, but no server answers there ({reason}).")
            + f" Start one with {remedy}."
        ) from None


def set_up_logging() -> None:
    """Our packages tell what they do, and no secret; libraries only what went wrong."""
    keep_secret(secret_values())
    hide_in_logs(OUR_LOGGERS)
    for name in OUR_LOGGERS:
        logging.getLogger(name).setLevel(logging.INFO)
    for name in LOUD_LOGGERS:
        logging.getLogger(name).addFilter(_is_warning)
    for module in ("prefect", "mlflow", "great_expectations", "pydantic", "fastapi", "starlette"):
        warnings.filterwarnings("ignore", module=rf"{module}(\..*)?$")


def _is_warning(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING
