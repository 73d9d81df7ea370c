"""How one stage runs: found in the store or computed under its lock; and how wide (`ctx.map`)."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from prefect import task

from muse_core.artifacts import ArtifactStore
from muse_core.config.run_config import RunConfig
from muse_core.context import StageContext, map_in_processes
from muse_core.errors import ConfigError
from muse_core.fingerprint import Fingerprint, stage_named
from muse_core.models.device import use_threads
from muse_core.types import ArtifactRef
from tasks.progress import StageProgress
from tasks.tracking import RunRecord


@dataclass(frozen=True)
class Job:
    """What a stage task is given besides the receipts of its inputs."""

    stage: str
    key: Fingerprint
    config: RunConfig
    store: ArtifactStore
    device: Literal["cpu", "cuda"]
    metrics: RunRecord

    @property
    def fingerprint(self) -> str:
        return self.key.value


def run_stage(job: Job, **inputs: ArtifactRef) -> ArtifactRef:
    """Computes the stage, unless another run has published it while this one waited for the lock."""
    kind = stage_named(job.stage).kind
    with job.store.lock(job.fingerprint):
        found = job.store.find(kind, job.fingerprint)
        if found is not None:
            return found
        use_threads(job.config.execution.threads if stage_named(job.stage).gpu else 0)
        module = importlib.import_module(stage_named(job.stage).module)
        with StageProgress(job.stage) as progress:
            ref: ArtifactRef = module.run(job.config, **inputs, ctx=_context(job, inputs, progress))
        job.store.clear_work(job.fingerprint)
        return ref


def _context(job: Job, inputs: Mapping[str, ArtifactRef], progress: StageProgress) -> StageContext:
    digests = {name: ref.digest for name, ref in inputs.items()}
    return StageContext(
        store=job.store.for_stage(job.stage, job.key.parts, digests),
        fingerprint=job.fingerprint,
        work=job.store.work(job.fingerprint),
        seed=job.config.seed,
        device=job.device,
        workers=job.config.execution.workers or cores(),
        metrics=job.metrics,
        progress=progress,
        map_shards=shard_mapper(job.config.execution.engine),
    )


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


ShardMap = Callable[[Callable[[Any], Any], Iterable[Any], int], list[Any]]


def shard_mapper(engine: Literal["local", "dask", "ray"]) -> ShardMap:
    """A process pool on this machine, or one Prefect task per shard on Dask or Ray."""
    if engine == "local":
        return map_in_processes
    return lambda work, shards, workers: map_in_tasks(work, shards, _task_runner(engine))


def map_in_tasks(work: Callable[[Any], Any], shards: Iterable[Any], runner: Any) -> list[Any]:
    """`[work(s) for s in shards]` as Prefect tasks of `runner`; order kept. A shard should take 30 s."""
    shard_task = task(name="shard", persist_result=False)(work)
    parameter = shard_task.fn.__code__.co_varnames[0]
    with runner:
        futures = [runner.submit(shard_task, {parameter: shard}) for shard in shards]
        return [future.result() for future in futures]


def _task_runner(engine: str) -> Any:
    try:
        if engine == "dask":
            from prefect_dask import DaskTaskRunner

            return DaskTaskRunner()
        from prefect_ray import RayTaskRunner

        return RayTaskRunner()
    except ImportError:
        raise ConfigError(
            f"execution.engine is {engine!r}, which is not installed: pip install 'muse[{engine}]', "
            "or use --set execution.engine=local"
        ) from None
