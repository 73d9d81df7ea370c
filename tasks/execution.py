"""How one stage runs: found in the store or computed under its lock; and where its shards are computed.

`execution.engine` chooses: a process pool here, or Prefect tasks on a Dask or Ray cluster. There the
shards of a stage are cut into at most `TASKS` contiguous blocks, one task each (a task costs about 0.2
CPU seconds, so a block should take longer), and the results come back in order: bytes are the same on
every engine. `execution.cluster_address` names a running cluster, whose workers need this project and
the same artifact folder; without it a local cluster is started for the stage. Not covered: training,
which stays where the flow runs.
"""

from __future__ import annotations

import importlib
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal

from prefect import task

from muse_core.artifacts import ArtifactStore
from muse_core.config.run_config import ExecutionConfig, RunConfig
from muse_core.context import ShardMap, StageContext, map_in_processes
from muse_core.dialogue.llm.service import TextService
from muse_core.durable import room
from muse_core.fingerprint import Fingerprint
from muse_core.models.cpu import thread_count
from muse_core.models.device import release_memory, use_threads
from muse_core.stage_table import stage_named
from muse_core.tools.in_use import WithTools, in_use
from muse_core.types import ArtifactRef
from tasks.estimate import StageEstimate
from tasks.extra_tools import use_tools
from tasks.forecast import Forecast
from tasks.progress import StageProgress
from tasks.tracking import RunRecord

TASKS = 32
_one_block = threading.Lock()  # a cluster's worker may run threads; a searchable shop is for one at a time


@dataclass(frozen=True)
class Job:
    """What a stage task is given besides the receipts of its inputs."""

    stage: str
    key: Fingerprint
    config: RunConfig
    store: ArtifactStore
    device: Literal["cpu", "cuda"]
    metrics: RunRecord
    text_service: TextService | None = None
    estimate: StageEstimate | None = None
    forecast: Forecast | None = None

    @property
    def fingerprint(self) -> str:
        return self.key.value


def run_stage(job: Job, **inputs: ArtifactRef) -> ArtifactRef:
    """Computes the stage, unless another run, here or in the team, has published it before or meanwhile."""
    stage = stage_named(job.stage)
    use_tools(job.config)
    if (known := job.store.obtain(stage.kind, job.fingerprint)) is not None:
        return known
    with job.store.lock(job.fingerprint):
        found = job.store.obtain(stage.kind, job.fingerprint)
        if found is not None:
            return found
        if stage.gpu:
            use_threads(job.config.execution.threads)
        module, given = importlib.import_module(stage.module), stage.arguments(inputs)
        with StageProgress(job.stage, job.forecast, stage.label) as progress, room(job.store.root):
            try:
                ref: ArtifactRef = module.run(job.config, **given, ctx=_context(job, inputs, progress))
            finally:
                if stage.gpu:
                    release_memory()
        job.store.clear_work(job.fingerprint)
        return job.store.share(ref)


def _context(job: Job, inputs: Mapping[str, ArtifactRef], progress: StageProgress) -> StageContext:
    digests = {name: ref.digest for name, ref in inputs.items()}
    expected = asdict(job.estimate) if job.estimate is not None else None
    return StageContext(
        store=job.store.for_stage(job.stage, job.key.parts, digests, expected),
        fingerprint=job.fingerprint,
        work=job.store.work(job.fingerprint),
        seed=job.config.seed,
        device=job.device,
        workers=job.config.execution.workers or thread_count(),
        metrics=job.metrics,
        progress=progress,
        map_shards=shard_map(job.config.execution),
        text_service=job.text_service,
        precision=job.config.execution.precision,
        processes=job.config.execution.num_processes,
    )


# ---- engines --------------------------------------------------------------------------------------


def shard_map(settings: ExecutionConfig) -> ShardMap:
    """How `StageContext.map` and `.stream` run shards under these settings, with this process's tools."""
    tools = in_use()
    spread = map_in_processes if settings.engine == "local" else _on_cluster(settings)
    if not tools.files:
        return spread
    return lambda work, shards, workers: spread(WithTools(work, tools), shards, workers)


def _on_cluster(settings: ExecutionConfig) -> ShardMap:
    return lambda work, shards, workers: map_in_tasks(work, shards, task_runner(settings, workers))


def map_in_tasks(work: Callable[[Any], Any], shards: Iterable[Any], runner: Any) -> Iterator[Any]:
    """`work(s)` of every shard, in order, from Prefect tasks of `runner`."""
    shard_task = task(name="shards", persist_result=False)(run_block)
    with runner:
        futures = [
            runner.submit(shard_task, {"work": work, "shards": block}) for block in blocks(list(shards))
        ]
        for future in futures:
            yield from future.result()


def run_block(work: Callable[[Any], Any], shards: Sequence[Any]) -> list[Any]:
    """Runs on the cluster: the results of one block."""
    with _one_block:
        return [work(shard) for shard in shards]


def blocks(shards: Sequence[Any], most: int = TASKS) -> list[Sequence[Any]]:
    """At most `most` contiguous parts of nearly equal length."""
    count = min(most, len(shards))
    edges = [len(shards) * k // count for k in range(count + 1)] if count else []
    return [shards[start:end] for start, end in pairwise(edges)]


def task_runner(settings: ExecutionConfig, workers: int) -> Any:
    """Prefect's runner for the engine: on the cluster at the address, or on one started here."""
    if settings.engine == "dask":
        from prefect_dask import DaskTaskRunner

        local = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": None}
        return DaskTaskRunner(**_where(settings, cluster_kwargs=local))
    from prefect_ray import RayTaskRunner

    quiet = {"log_to_driver": False, "logging_level": logging.WARNING}
    local = {} if settings.cluster_address else {"num_cpus": workers, "include_dashboard": False}
    return RayTaskRunner(address=settings.cluster_address, init_kwargs=quiet | local)


def _where(settings: ExecutionConfig, **local: Any) -> dict[str, Any]:
    return {"address": settings.cluster_address} if settings.cluster_address else local
