from __future__ import annotations

import math
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE

from muse_core.errors import ConfigError, TransientError
from tasks.tracking import (
    PROCESS_TAG,
    RunRecord,
    TrackingPlace,
    flat,
    metric_name,
    open_client,
    patiently,
    tracked_run,
    transient,
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrackingPlace]:
    home = tmp_path_factory.mktemp("tracking")
    yield TrackingPlace(f"sqlite:///{home / 'mlflow.db'}", (home / "mlruns").as_uri(), home)


def runs(place: TrackingPlace) -> list:
    client, experiment = open_client(place)
    return list(client.search_runs([experiment]))


def test_a_run_with_a_nested_stage(place: TrackingPlace, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    report.write_text("<p>ok</p>")
    with tracked_run(place, "quickstart-all", {"preset": "quickstart"}, ("mlflow",)) as tracker:
        with tracker.stage(
            "sft", flat({"batch_size": 8, "nested": {"a": 1}}), {"cached_from": "x"}
        ) as record:
            record.log({"loss@1": 2.0, "nan": math.nan}, step=1)
            record.log({"loss@1": 1.0}, step=2)
        tracker.parent.log({"dpo.tool_accuracy": 0.9})
        tracker.parent.attach(report)
    client, _ = open_client(place)
    child = next(run for run in runs(place) if run.info.run_name == "sft")
    parent = client.get_run(child.data.tags["mlflow.parentRunId"])
    assert child.data.params == {"batch_size": "8", "nested.a": "1"}
    assert child.data.tags["cached_from"] == "x"
    assert [point.value for point in client.get_metric_history(child.info.run_id, "loss_1")] == [2.0, 1.0]
    assert "nan" not in child.data.metrics
    assert parent.data.metrics == {"dpo.tool_accuracy": 0.9}
    assert parent.data.params["preset"] == "quickstart"
    assert parent.info.status == child.info.status == "FINISHED"
    assert [file.path for file in client.list_artifacts(parent.info.run_id)] == ["report.html"]


@pytest.mark.parametrize(("error", "status"), [(ValueError, "FAILED"), (KeyboardInterrupt, "KILLED")])
def test_an_unfinished_run_says_so(place: TrackingPlace, error: type[BaseException], status: str) -> None:
    with (
        pytest.raises(error),
        tracked_run(place, f"ends-{status}", {}, ()) as tracker,
        tracker.stage("dpo", {}, {}),
    ):
        raise error
    found = [run for run in runs(place) if run.info.status == status]
    assert {run.info.run_name for run in found} >= {f"ends-{status}", "dpo"}


def test_runs_of_a_killed_process_are_ended(place: TrackingPlace) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    client, experiment = open_client(place)
    left = client.create_run(
        experiment, tags={PROCESS_TAG: f"{socket.gethostname()}:{gone.pid}"}, run_name="left"
    )
    elsewhere = client.create_run(
        experiment, tags={PROCESS_TAG: f"another-host:{gone.pid}"}, run_name="elsewhere"
    )
    with tracked_run(place, "next", {}, ()):
        assert client.get_run(left.info.run_id).info.status == "KILLED"
        assert client.get_run(elsewhere.info.run_id).info.status == "RUNNING"


def test_many_metrics_go_in_batches(place: TrackingPlace) -> None:
    with tracked_run(place, "many", {f"p{n}": "x" for n in range(250)}, ()) as tracker:
        tracker.parent.log({f"m{n}": float(n) for n in range(450)})
    run = next(run for run in runs(place) if run.info.run_name == "many")
    assert len(run.data.metrics) == 450 and len(run.data.params) == 250


def test_wandb_that_is_not_installed_is_the_users_mistake(place: TrackingPlace) -> None:
    if "wandb" in sys.modules:
        pytest.skip("wandb is installed")
    told = r"wandb is not installed; pip install -e '\.\[wandb\]'.*--set 'report_to=\[\"mlflow\"\]'"
    with pytest.raises(ConfigError, match=told), tracked_run(place, "w", {}, ("wandb",)):
        pass


def test_a_wandb_that_lacks_something_is_not_called_missing(
    place: TrackingPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wandb.py").write_text("import a_library_that_nobody_has")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "wandb", raising=False)
    told = "wandb is installed, but cannot be imported .*a_library_that_nobody_has"
    with pytest.raises(ConfigError, match=told), tracked_run(place, "w", {}, ("wandb",)):
        pass


def test_metric_names_are_cleaned() -> None:
    assert metric_name("dpo-sft.tool_accuracy") == "dpo-sft.tool_accuracy"
    assert metric_name("a[b]@c") == "a_b__c"


def test_parallel_first_use_does_not_break_the_store(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from tasks.tracking import *; home = Path(sys.argv[1])\n"
        "open_client(TrackingPlace(f'sqlite:///{home}/mlflow.db', home.as_uri(), home))"
    )
    root = Path(__file__).resolve().parents[3]
    both = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], cwd=root, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    for process in both:
        _, problem = process.communicate(timeout=120)
        assert process.returncode == 0, problem.decode()
    known = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db").get_experiment_by_name("muse")
    assert known is not None


class Away:
    """A server that does not answer `failures` times."""

    def __init__(self, failures: int) -> None:
        self.failures, self.sent = failures, []

    def log_batch(self, run_id: str, metrics: list, params: list = (), tags: list = ()) -> None:
        if self.failures:
            self.failures -= 1
            raise MlflowException("API request to http://me:secret@127.0.0.1:5000 failed")
        self.sent += [metric.key for metric in metrics]


def test_figures_wait_for_a_server_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.tracking.FLUSH_EVERY_S", -1.0)  # it would send at once
    away = Away(failures=2)
    record = RunRecord(away, "run")
    record.log({"loss": 2.0})  # training goes on
    record.log({"accuracy": 0.5})  # within the pause: not asked again
    assert away.failures == 1 and away.sent == []
    with pytest.raises(TransientError, match=r"MLflow does not take") as caught:
        record.flush()
    assert "secret" not in str(caught.value)
    record.flush()
    assert away.sent == ["loss", "accuracy"]


def test_what_is_wrong_with_a_request_does_not_pass() -> None:
    with pytest.raises(MlflowException, match="bad name"), transient():
        raise MlflowException("bad name", error_code=INVALID_PARAMETER_VALUE)


def test_calls_around_a_stage_are_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    paused: list[float] = []
    monkeypatch.setattr("tasks.tracking.time.sleep", paused.append)
    away = Away(failures=2)
    patiently(lambda: away.log_batch("run", []))
    assert paused == [5.0, 30.0]
    with pytest.raises(TransientError):
        patiently(lambda: Away(failures=9).log_batch("run", []))
