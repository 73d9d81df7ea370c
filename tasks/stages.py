"""One Prefect task per stage, named after it. The body is one call: everything else is in the stage."""

from __future__ import annotations

from pathlib import Path

from prefect import task

from muse_core.types import ArtifactRef
from tasks.execution import Job, run_stage
from tasks.policy import stage_task
from tasks.registered_model import ModelParts, RegisteredVersion
from tasks.registered_model import register as register_model
from tasks.tracking import RunRecord


@stage_task
def catalog(job: Job) -> ArtifactRef:
    return run_stage(job)


@stage_task
def profiles(job: Job, catalog: ArtifactRef) -> ArtifactRef:
    return run_stage(job, catalog=catalog)


@stage_task
def conversations(job: Job, catalog: ArtifactRef, profiles: ArtifactRef) -> ArtifactRef:
    return run_stage(job, catalog=catalog, profiles=profiles)


@stage_task
def base(job: Job, conversations: ArtifactRef) -> ArtifactRef:
    return run_stage(job, conversations=conversations)


@stage_task
def augment(
    job: Job, catalog: ArtifactRef, profiles: ArtifactRef, conversations: ArtifactRef, base: ArtifactRef
) -> ArtifactRef:
    return run_stage(job, catalog=catalog, profiles=profiles, conversations=conversations, base=base)


@stage_task
def sft(job: Job, conversations: ArtifactRef, augment: ArtifactRef, base: ArtifactRef) -> ArtifactRef:
    return run_stage(job, conversations=conversations, augment=augment, base=base)


@stage_task
def pairs(
    job: Job, catalog: ArtifactRef, profiles: ArtifactRef, conversations: ArtifactRef, sft: ArtifactRef
) -> ArtifactRef:
    return run_stage(job, catalog=catalog, profiles=profiles, conversations=conversations, sft=sft)


@stage_task
def dpo(
    job: Job,
    catalog: ArtifactRef,
    profiles: ArtifactRef,
    conversations: ArtifactRef,
    sft: ArtifactRef,
    pairs: ArtifactRef,
) -> ArtifactRef:
    return run_stage(
        job, catalog=catalog, profiles=profiles, conversations=conversations, sft=sft, pairs=pairs
    )


@stage_task
def evaluate(
    job: Job,
    catalog: ArtifactRef,
    profiles: ArtifactRef,
    conversations: ArtifactRef,
    augment: ArtifactRef,
    base: ArtifactRef,
    sft: ArtifactRef,
    dpo: ArtifactRef,
) -> ArtifactRef:
    return run_stage(
        job,
        catalog=catalog,
        profiles=profiles,
        conversations=conversations,
        augment=augment,
        base=base,
        sft=sft,
        dpo=dpo,
    )


@stage_task
def export(job: Job, conversations: ArtifactRef, dpo: ArtifactRef) -> ArtifactRef:
    return run_stage(job, conversations=conversations, dpo=dpo)


@task(name="register", task_run_name="register", persist_result=False)
def register(record: RunRecord, parts: ModelParts, lock: Path) -> RegisteredVersion:
    return register_model(record.client, record.run_id, parts, lock)
