"""One Prefect task per line of the table of stages, named after it. The body is one call, and what it has
measured is sent: everything else is in the stage."""

from __future__ import annotations

from inspect import Parameter, Signature
from pathlib import Path
from typing import Any

from prefect import Task, task

from muse_core.stage_table import STAGES, Stage
from muse_core.types import ArtifactRef
from tasks.execution import Job, run_stage
from tasks.policy import AGAIN, stage_task
from tasks.registered_model import ModelParts, RegisteredVersion
from tasks.registered_model import register as register_model
from tasks.tracking import RunRecord, transient


def task_of(stage: Stage) -> Task[Any, Any]:
    """The task of a stage: `(job, *, <inputs>) -> receipt`, so that the UI shows what came from where."""

    def body(job: Job, **inputs: ArtifactRef) -> ArtifactRef:
        made = run_stage(job, **inputs)
        job.metrics.flush()  # with MLflow away, Prefect calls this again and the stage finds itself published
        return made

    given = [Parameter(name, Parameter.KEYWORD_ONLY, annotation=ArtifactRef) for name in stage.inputs]
    job = Parameter("job", Parameter.POSITIONAL_OR_KEYWORD, annotation=Job)
    body.__signature__ = Signature([job, *given], return_annotation=ArtifactRef)  # type: ignore[attr-defined]
    body.__name__ = body.__qualname__ = stage.name
    return stage_task(stage, body)


TASKS: dict[str, Task[Any, Any]] = {stage.name: task_of(stage) for stage in STAGES}


@task(name="register", task_run_name="register", persist_result=False, **AGAIN)
def register(record: RunRecord, parts: ModelParts, lock: Path) -> RegisteredVersion:
    with transient():
        return register_model(record.client, record.run_id, parts, lock)
