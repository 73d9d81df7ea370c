"""How every stage task behaves in Prefect: cache key, retries, timeout, tags.

The cache key is the stage's own fingerprint, computed before the task is called and passed as an
argument, so that a failure to compute it is an error and not a silent uncached run. Results are
receipts (JSON of an ArtifactRef); the data stays in the artifact store.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prefect import Task, task
from prefect.cache_policies import CacheKeyFnPolicy
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import TaskRunContext

from muse_core.errors import TransientError
from muse_core.stage_table import Stage

RETRIES = 3
RETRY_DELAYS_S = [5.0, 30.0, 120.0]


def fingerprint_key(context: TaskRunContext | None, parameters: dict[str, Any]) -> str:
    """The cache key of a stage task: `muse-<stage>-<fingerprint>`."""
    job = parameters["job"]
    return f"muse-{job.stage}-{job.fingerprint}"


def is_transient(task: Task[Any, Any], run: TaskRun, state: State[Any]) -> bool:
    """Only a TransientError is worth another try; everything else would fail the same way."""
    return isinstance(state.result(raise_on_failure=False), TransientError)


# What is transient: an endpoint, MLflow, a network file system that does not answer, a lock of one.
AGAIN: dict[str, Any] = {
    "retries": RETRIES,
    "retry_delay_seconds": RETRY_DELAYS_S,
    "retry_condition_fn": is_transient,
}


def stage_task(stage: Stage, body: Callable[..., Any]) -> Task[Any, Any]:
    """Makes the Prefect task of a stage."""
    policy = task(
        name=stage.name,
        description=stage.does,
        task_run_name=stage.name,
        cache_policy=CacheKeyFnPolicy(cache_key_fn=fingerprint_key),
        persist_result=True,
        result_serializer="json",
        **AGAIN,
        timeout_seconds=stage.timeout_s,
        tags={"gpu"} if stage.gpu else set(),
    )
    return policy(body)
