"""Experiment tracking: one MLflow parent run per `muse run`, one nested run per stage, W&B on request.

The parent carries the headline metrics (`sft.tool_accuracy`, `dpo.tool_accuracy`, …), so that MLflow's
run list compares whole experiments; a stage's run carries its section of the configuration and its
curves. A cached stage logs its final metrics again, tagged `cached_from`. Metrics are sent in batches. A
server that does not answer ends no training: what could not be sent waits, and a stage that still has some at
its end raises TransientError, whereupon Prefect calls it again and it finds itself published.
This module and `registered_model.py` are the only ones that import mlflow.
"""

from __future__ import annotations

import logging
import math
import os
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import mlflow
from mlflow import MlflowClient
from mlflow.entities import AssessmentSource, Metric, Param, RunTag
from mlflow.exceptions import MlflowException

from muse_core.durable import file_lock, is_alive
from muse_core.errors import TransientError
from tasks.addresses import without_passwords
from tasks.wandb_mirror import open_wandb

log = logging.getLogger(__name__)

T = TypeVar("T")
EXPERIMENT = "muse"
FLUSH_EVERY_S = 5.0
PAUSES_S = (5.0, 30.0, 120.0)  # between the calls around a stage, as between Prefect's tries of a task
PAUSE_S = 60.0  # before a server that did not answer is asked again
TOO_MANY, SERVER_ERROR = 429, 500  # HTTP
BATCH = 200
MOST_PARAMS = 100  # MLflow takes in one request
PARAM_CHARS = 500
TRACES = 4000  # turns whose feedback finds its trace, as many as `muse serve` remembers
PROCESS_TAG = "muse.process"
CACHED_FROM = "cached_from"  # tag of a stage that was found: the path of its artifact
FORBIDDEN = re.compile(r"[^\w\-. :/]")


@dataclass(frozen=True)
class TrackingPlace:
    """Where runs are recorded: an MLflow URI, the artifact root of a local store, a folder for the lock."""

    uri: str
    artifact_root: str | None
    home: Path


def open_client(place: TrackingPlace) -> tuple[MlflowClient, str]:
    """A client and the id of the experiment, created under a lock: two processes that initialise a new
    SQLite store at once break it for good."""
    for name in ("alembic", "mlflow"):
        logging.getLogger(name).setLevel(logging.WARNING)
    with file_lock(place.home / "mlflow.lock"):
        client = MlflowClient(tracking_uri=place.uri, registry_uri=place.uri)
        known = client.get_experiment_by_name(EXPERIMENT)
        if known is not None:
            return client, known.experiment_id
        return client, client.create_experiment(EXPERIMENT, artifact_location=place.artifact_root)


def metric_name(name: str) -> str:
    """A name that MLflow accepts; other characters become `_`."""
    return FORBIDDEN.sub("_", name)


def flat(section: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """A nested section as `{"sft.beta": "0.1"}`, values cut at MLflow's length."""
    found: dict[str, str] = {}
    for key, value in section.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            found |= flat(value, f"{name}.")
        else:
            found[name] = str(value)[:PARAM_CHARS]
    return found


@dataclass
class RunRecord:
    """One MLflow run (parent or nested); also the MetricSink that a stage talks to."""

    client: MlflowClient
    run_id: str
    mirror: Any = None  # a wandb run, when `report_to` asks for one
    prefix: str = ""
    _waiting: list[Metric] = field(default_factory=list)
    _params: list[Param] = field(default_factory=list)
    _tags: list[RunTag] = field(default_factory=list)
    _flushed: float = field(default_factory=time.monotonic)
    _pause_s: float = 0.0

    def log(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Takes measurements; sends them in batches. Values that are not finite are left out."""
        now = int(time.time() * 1000)
        finite = {metric_name(name): float(value) for name, value in metrics.items() if _is_finite(value)}
        self._waiting += [Metric(name, value, now, step or 0) for name, value in finite.items()]
        if self.mirror is not None:
            self.mirror.log({f"{self.prefix}{name}": value for name, value in finite.items()})
        since = time.monotonic() - self._flushed
        if since > self._pause_s and (len(self._waiting) >= BATCH or since > FLUSH_EVERY_S):
            self._send_if_possible()

    def _send_if_possible(self) -> None:
        try:
            self.flush()
            self._pause_s = 0.0
        except TransientError as problem:
            self._flushed, self._pause_s = time.monotonic(), PAUSE_S
            log.warning("%s; %d measurements wait for it", problem, len(self._waiting))

    def flush(self) -> None:
        """Sends what waits. TransientError, and it goes on waiting, where the server does not answer."""
        with transient():
            while self._waiting or self._params or self._tags:
                metrics, params = self._waiting[:BATCH], self._params[:MOST_PARAMS]
                self.client.log_batch(self.run_id, metrics=metrics, params=params, tags=self._tags)
                del self._waiting[:BATCH], self._params[:MOST_PARAMS], self._tags[:]
        self._flushed = time.monotonic()

    def describe(self, params: Mapping[str, str], tags: Mapping[str, str] | None = None) -> None:
        """Takes parameters and a few tags, which the next `flush` sends with all that waits."""
        self._params += [Param(metric_name(name), value) for name, value in params.items()]
        self._tags += [RunTag(name, str(value)) for name, value in (tags or {}).items()]

    def attach(self, path: Path) -> None:
        """Uploads one file (the report) to the run's artifacts."""
        self.client.log_artifact(self.run_id, str(path))


@contextmanager
def transient() -> Iterator[None]:
    """What may pass as TransientError: a server that does not answer or is too busy, a locked database."""
    try:
        yield
    except MlflowException as problem:
        status = problem.get_http_status_code()
        if status != TOO_MANY and status < SERVER_ERROR:
            raise
        reason = without_passwords(str(problem).strip().splitlines()[0])
        raise TransientError(f"MLflow does not take what it is given ({reason})") from problem


def schema_problem(uri: str) -> str:
    """How the tables of an MLflow database differ from what the installed MLflow reads, or whether a server
    answers ("" = they do not, it does). Changes nothing."""
    if uri.startswith("http"):
        with transient():
            MlflowClient(tracking_uri=uri).search_experiments(max_results=1)
        return ""
    from mlflow.store.db.utils import (
        _get_latest_schema_revision,
        _get_schema_version,
        create_sqlalchemy_engine,
    )
    from sqlalchemy.exc import SQLAlchemyError

    try:
        found, wanted = _get_schema_version(create_sqlalchemy_engine(uri)), _get_latest_schema_revision()
    except SQLAlchemyError as problem:
        raise TransientError(f"MLflow's database does not answer ({type(problem).__name__})") from problem
    return "" if found == wanted else f"its tables are of revision {found}, this MLflow reads {wanted}"


def patiently(call: Callable[[], T]) -> T:
    """What the call returns, tried again while MLflow is away. TransientError when it stays away."""
    for pause_s in PAUSES_S:
        try:
            with transient():
                return call()
        except TransientError as problem:
            log.warning("%s; tried again in %.0f s", problem, pause_s)
            time.sleep(pause_s)
    with transient():
        return call()


def _is_finite(value: Any) -> bool:
    return value is not None and math.isfinite(float(value))


@dataclass(frozen=True)
class Tracker:
    """The parent run of one `muse run`."""

    client: MlflowClient
    experiment_id: str
    parent: RunRecord

    @contextmanager
    def stage(self, name: str, params: Mapping[str, str], tags: Mapping[str, str]) -> Iterator[RunRecord]:
        """The nested run of a stage. A failure inside marks it FAILED."""
        its = {"mlflow.parentRunId": self.parent.run_id, "stage": name, PROCESS_TAG: this_process(), **tags}
        run = patiently(lambda: self.client.create_run(self.experiment_id, tags=its, run_name=name))
        record = RunRecord(self.client, run.info.run_id, self.parent.mirror, f"{name}/")
        with _closing(record):
            record.describe(params)
            if CACHED_FROM not in tags:  # it takes its time, and can be looked at meanwhile
                patiently(record.flush)
            yield record


@contextmanager
def tracked_run(
    place: TrackingPlace, name: str, params: Mapping[str, str], report_to: Sequence[str]
) -> Iterator[Tracker]:
    """Opens the parent run, and W&B's when `report_to` names it."""
    mirror = open_wandb(EXPERIMENT, name, params, place.home) if "wandb" in report_to else None
    client, experiment_id = patiently(lambda: open_client(place))
    tags = {PROCESS_TAG: this_process()}
    patiently(lambda: end_dead_runs(client, experiment_id))
    run = patiently(lambda: client.create_run(experiment_id, run_name=name, tags=tags))
    parent = RunRecord(client, run.info.run_id, mirror)
    try:
        with _closing(parent):
            parent.describe(params)
            patiently(parent.flush)
            yield Tracker(client, experiment_id, parent)
    finally:
        if mirror is not None:
            mirror.finish()


def this_process() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def end_dead_runs(client: MlflowClient, experiment_id: str) -> None:
    """Marks runs that a killed process of this host left open as KILLED."""
    for run in client.search_runs([experiment_id], "attributes.status = 'RUNNING'"):
        host, _, pid = run.data.tags.get(PROCESS_TAG, "").rpartition(":")
        if host == socket.gethostname() and pid.isdigit() and not is_alive(int(pid)):
            client.set_terminated(run.info.run_id, "KILLED")


@contextmanager
def _closing(record: RunRecord) -> Iterator[None]:
    try:
        yield
    except BaseException as problem:
        with suppress(MlflowException, TransientError):  # what went wrong inside is what counts
            record.client.set_terminated(
                record.run_id, "KILLED" if isinstance(problem, KeyboardInterrupt) else "FAILED"
            )
            record.flush()
        raise
    patiently(record.flush)
    patiently(lambda: record.client.set_terminated(record.run_id, "FINISHED"))


@dataclass
class TraceLog:
    """Served turns as traces, and the feedback on them, from one thread. TransientError where MLflow does not
    answer, of which its own exporter would only write into the log."""

    place: TrackingPlace
    _traces: dict[str, str] = field(default_factory=dict)  # of the last turns, by their completions

    def __call__(self, kind: str, about: Mapping[str, Any]) -> None:
        with transient():
            _, experiment = open_client(self.place)
            mlflow.set_tracking_uri(self.place.uri)
            if kind == "turn":
                self._traces[about["id"]] = _trace(about, experiment)
                self._traces.pop(next(iter(self._traces)) if len(self._traces) > TRACES else "", None)
            elif trace := self._traces.get(about["completion"]):
                source, wish = AssessmentSource("HUMAN", "page"), about["wanted"]
                why, is_up = wish and f"{wish['kind']}: {wish[wish['kind']]}", about["thumb"] == "up"
                mlflow.log_feedback(trace_id=trace, name="thumb", value=is_up, source=source, rationale=why)


def _trace(about: Mapping[str, Any], experiment: str) -> str:
    """The trace of one turn; tokens are named as MLflow's pages look for them."""
    told = {key: about[key] for key in about.keys() - {"messages", "profile", "answer", "created"}}
    read, written, end = about["prompt_tokens"], about["completion_tokens"], time.time_ns()
    tokens = {"input_tokens": read, "output_tokens": written, "total_tokens": read + written}
    root = mlflow.start_span_no_context(
        "turn", "AGENT", inputs={key: about[key] for key in ("messages", "profile")},
        attributes={**told, "mlflow.chat.tokenUsage": tokens}, experiment_id=experiment,
        tags={f"muse.{key}": str(about[key]) for key in ("id", "model", "format", "language")},
        start_time_ns=end - int(1e9 * about["seconds"]),
    )  # fmt: skip
    for call in about["answer"]["calls"]:
        step = mlflow.start_span_no_context(call["name"], "TOOL", root, call["arguments"], start_time_ns=end)
        step.end(outputs=call.get("error") or call["result"], end_time_ns=end)
    root.end(outputs=about["answer"]["text"], end_time_ns=end)
    return str(root.trace_id)
