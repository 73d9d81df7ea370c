"""What may pass is tried again by Prefect, and its API says so: MLflow, an endpoint, a file system."""

from __future__ import annotations

import errno
import fcntl
import math
import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from muse_core.artifacts import ArtifactStore
from tests.unit.dialogue_llm.builders_llm import KEY, local_model, teaching, well

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("prefect_server")]

SMALL = [
    "catalog.synthetic_products=120",
    "profiles.count=30",
    "conversations.count=60",
    "execution.workers=1",
]
Patch = pytest.MonkeyPatch


def states_of(stage: str) -> list[str]:
    """Names of the states that the newest task run of a stage went through, as the API has them."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        found = [run for run in client.read_task_runs(limit=200) if run.name == stage]
        newest: UUID = max(found, key=lambda run: str(run.created)).id
        answer = client.request("GET", "/task_run_states/", params={"task_run_id": str(newest)}).json()
    return [state["name"] for state in sorted(answer, key=lambda state: str(state["timestamp"]))]


def wait_for_states(stage: str) -> list[str]:
    """Prefect records what tasks do a moment later."""
    deadline = time.monotonic() + 30
    while (found := states_of(stage))[-1:] != ["Completed"] and time.monotonic() < deadline:
        time.sleep(0.5)
    return found


def run(stage: str, *more: str) -> dict[str, str]:
    from flows.pipeline import muse

    summary = muse("quickstart", [*SMALL, *more], stage)
    return {one["name"]: one["status"] for one in summary["stages"]}


def once(real: Callable[..., Any], fails: Callable[..., bool], error: Exception, count: list[int]) -> Any:
    """`real`, which raises the first time that `fails` says so."""

    def called(*given: Any, **named: Any) -> Any:
        if not count and fails(*given, **named):
            count.append(1)
            raise error
        return real(*given, **named)

    return called


def mlflow_is_away(patch: Patch, count: list[int]) -> None:
    away = MlflowException("API request to http://127.0.0.1:5000 failed: connection refused")
    patch.setattr("tasks.tracking.FLUSH_EVERY_S", math.inf)  # sent at the end of the stage alone
    real = MlflowClient.log_batch
    patch.setattr(
        MlflowClient, "log_batch", once(real, lambda *_, **named: bool(named.get("metrics")), away, count)
    )


def the_file_system_is_away(patch: Patch, count: list[int]) -> None:
    def is_of_a_stage(file: Any, _: int) -> bool:
        return Path(file.name).parent.name == "locks"

    away = OSError(errno.ESTALE, os.strerror(errno.ESTALE))
    patch.setattr(fcntl, "flock", once(fcntl.flock, is_of_a_stage, away, count))


@pytest.mark.parametrize("fault", [mlflow_is_away, the_file_system_is_away])
def test_a_stage_is_tried_again(fault: Callable[[Patch, list[int]], None], home: Path) -> None:
    """And computed once: one that was published when MLflow went away finds itself."""
    from muse_core.stages import catalog

    count: list[int] = []
    computed: list[int] = []
    real = catalog.run
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalog, "run", lambda *given, **named: computed.append(1) or real(*given, **named))
        fault(patch, count)
        assert run("catalog", f"catalog.synthetic_products={100 + len(fault.__name__)}") == {"catalog": "ran"}
    assert (count, computed) == ([1], [1])
    states = wait_for_states("catalog")
    assert "AwaitingRetry" in states and states[-1] == "Completed", states


def test_an_endpoint_that_comes_late_is_waited_for(home: Path, monkeypatch: Patch) -> None:
    answer = teaching(well)
    busy = (503, {}, b"loading the model")
    with ExitStack() as stack:
        model = stack.enter_context(
            local_model(lambda body, before: answer(body, before) if before else busy)
        )
        monkeypatch.setenv("MUSE_LLM_BASE_URL", model.url)
        monkeypatch.setenv("MUSE_LLM_MODEL", "tiny")
        monkeypatch.setenv("MUSE_LLM_API_KEY", KEY)
        found = run("conversations", "llm.share=0.5", "llm.retries=0", "llm.concurrency=1")
    assert found["conversations"] == "ran"
    assert "AwaitingRetry" in wait_for_states("conversations")
    metrics = ArtifactStore(home / "artifacts").latest("conversations")["metrics"]  # type: ignore[index]
    assert metrics["llm/accepted"] > 0 and metrics["llm/stopped"] == 0
