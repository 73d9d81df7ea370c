"""One run of the pipeline: what the flow calls, stage by stage, and what it did.

The artifact store is asked first: the manifest is the truth, Prefect's record of the same fingerprint
is the display, refreshed when the manifest is missing or its file damaged. A stage that the requested
part of the DAG does not need is skipped and gives None.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from prefect.utilities.annotations import quote

from muse_core.artifacts import ArtifactStore
from muse_core.closure import Glance
from muse_core.config.run_config import RunConfig
from muse_core.dialogue.llm.service import TextService
from muse_core.errors import ConfigError, TransientError
from muse_core.evaluation.report.model_card import model_card
from muse_core.evaluation.score.promotion import judge
from muse_core.evaluation.score.table import check_names
from muse_core.fingerprint import Fingerprint, config_digest, key_of_stage, plan
from muse_core.models.device import resolve_device, resolve_precision
from muse_core.stage_table import POST, STAGES, Stage, maker
from muse_core.types import ArtifactRef
from tasks.chat_endpoint import EndpointAddress, chat_endpoint
from tasks.engine import check_engine
from tasks.estimate import Estimate, estimate, needs_probe
from tasks.execution import Job
from tasks.extra_tools import use_tools
from tasks.forecast import Forecast
from tasks.gate import open_store
from tasks.pace import pace
from tasks.parts import REGISTER, wanted_stages
from tasks.references import ARTIFACT_TAG
from tasks.registered_model import ModelParts, RegisteredVersion
from tasks.stages import TASKS
from tasks.tracking import CACHED_FROM, RunRecord, Tracker, TrackingPlace, flat, tracked_run

log = logging.getLogger(__name__)

CONFIG_PARAM = "config_digest"


@dataclass(frozen=True)
class StageOutcome:
    """What one stage of a run did."""

    name: str
    status: Literal["cached", "ran"]
    seconds: float


@dataclass
class PipelineRun:
    """Calls the stage tasks in the flow's order and remembers what they did."""

    config: RunConfig
    store: ArtifactStore
    tracker: Tracker
    wanted: frozenset[str]
    device: Literal["cpu", "cuda"]
    place: TrackingPlace
    text_service: TextService | None = None
    estimate: Estimate | None = None
    started: float = field(default_factory=time.time)
    outcomes: list[StageOutcome] = field(default_factory=list)
    made: dict[str, ArtifactRef] = field(default_factory=dict)
    extra_seconds: dict[str, float] = field(default_factory=dict)
    crew: ExitStack = field(default_factory=ExitStack)
    crew_of: str = ""
    glances: dict[Path, Glance] = field(default_factory=dict)  # of the sources, until a stage takes its time

    @cached_property
    def forecast(self) -> Forecast | None:
        """What the run's progress is measured against."""
        return Forecast(self.estimate.seconds) if self.estimate is not None else None

    def __call__(self, stage: Stage) -> None:
        """Runs a stage's task on what the stages before it have made, unless this run does not want it."""
        if stage.name not in self.wanted:
            return
        given = {name: self.made[maker(name, self.config.post.method)] for name in stage.inputs}
        glance = self.glances.setdefault(stage.root, Glance(stage.root))
        key = key_of_stage(stage, self.config, given, glance=glance)
        found = self._known(stage, key)
        if found is None:  # what is published asks no process, and what starts them loads torch
            self.glances.clear()
            self._keep_processes(stage)
        began = time.monotonic()
        with self._tracked(stage, found) as record:
            call: Any = TASKS[stage.name].with_options(refresh_cache=found is None)
            made: ArtifactRef = call(quote(self._job(stage, key, record)), **given)
            ref = made if found in (None, made) else found
            record.log(self.store.manifest(ref)["metrics"])
            record.describe({}, {ARTIFACT_TAG: ref.path})
        self._remember(stage.name, found is not None, time.monotonic() - began, ref)
        if stage.name == "evaluate":
            self.tracker.parent.log(self.headline())

    def _known(self, stage: Stage, key: Fingerprint) -> ArtifactRef | None:
        try:
            return self.store.obtain(stage.kind, key.value)
        except TransientError as problem:  # the stage's task asks again, and that Prefect retries
            log.warning("%s", problem)
            return None

    def _keep_processes(self, stage: Stage) -> None:
        """The parts of a stage answer by the same processes, which take seconds to start; others end them."""
        if stage.whole == self.crew_of:
            return
        self.crew.close()
        self.crew_of = stage.whole
        if stage.part_of:
            from muse_core.generation.crew import standing_processes

            self.crew.enter_context(standing_processes())

    def _job(self, stage: Stage, key: Fingerprint, record: RunRecord) -> Job:
        expected = self.estimate.stages.get(stage.name) if self.estimate is not None else None
        place = (self.config, self.store, self.device, record, self.text_service)
        return Job(stage.name, key, *place, expected, self.forecast)

    def register(self, task: Any) -> RegisteredVersion | None:
        """Puts the exported model into the registry: asked every time, a version is added once."""
        if task.name not in self.wanted:
            return None
        catalog, export, model = self.made["catalog"], self.made["export"], self.post_trained
        assert model is not None, "an export has its model upstream"
        whole = [stage.name for stage in STAGES if not stage.part_of and stage.name in self.made]
        began = time.monotonic()
        folder = self.store.folder(export)
        parts = ModelParts(
            model=folder / "model",
            tools=folder / "tools.json",
            catalog=(self.store.root / catalog.path).parent,
            model_digest=model.digest,
            digests={f"{name}_digest": self.made[name].digest for name in whole},
            metrics=self.headline(),
            card=self._card((folder / "MODEL_CARD.md").read_text("utf-8")),
        )
        version: RegisteredVersion = task(
            quote(self.tracker.parent), quote(parts), self.place.home / "registry.lock"
        )
        self.extra_seconds[task.name] = round(time.monotonic() - began, 2)
        known = "new" if version.created else "known"
        log.info("register: %s version %s (%s)", version.name, version.version, known)
        return version

    @property
    def post_trained(self) -> ArtifactRef | None:
        """The model of the method that this run takes, when it took part."""
        return self.made.get(maker(POST, self.config.post.method))

    def _card(self, of_export: str) -> str:
        """What people are told of the registered model."""
        metrics = self.made.get("evaluate")
        rows = self.store.read_table(metrics).to_pylist() if metrics else []
        verdict = judge(rows, self.config.promotion) if rows else None
        sizes = {name: ref.rows for name, ref in self.made.items()}
        stages = (maker(POST, self.config.post.method), "export", "evaluate")
        source = {"run": self.tracker.parent.run_id, "configuration": config_digest(self.config)}
        source |= {name: self.made[name].digest for name in stages if name in self.made}
        return model_card(of_export, self.config, sizes, rows, verdict, source)

    def headline(self) -> dict[str, float]:
        """The final metrics of `evaluate`, when it took part; also logged on the parent run."""
        metrics = self.made.get("evaluate")
        return dict(self.store.manifest(metrics)["metrics"]) if metrics else {}

    @contextmanager
    def _tracked(self, stage: Stage, found: ArtifactRef | None) -> Iterator[RunRecord]:
        tags: Mapping[str, str] = {}
        if found is not None:
            self.store.revalidate(found)
            tags = {CACHED_FROM: found.path}
        section = getattr(self.config, stage.config_section, None)
        shown = flat(section.model_dump(mode="json")) if section is not None else {}
        with self.tracker.stage(stage.name, shown, tags) as record:
            yield record

    def _remember(self, stage: str, cached: bool, seconds: float, ref: ArtifactRef) -> None:
        outcome = StageOutcome(stage, "cached" if cached else "ran", seconds)
        self.outcomes.append(outcome)
        self.made[stage] = ref
        log.info("%s: %s, %.1f s", stage, outcome.status, seconds)


@contextmanager
def open_run(
    config: RunConfig,
    part: str,
    artifacts: Path,
    place: TrackingPlace,
    language_model: EndpointAddress | None = None,
    team: str | None = None,
) -> Iterator[PipelineRun]:
    """Everything a run needs, checked before the first stage: stages, engine, device, store, tracking."""
    wanted = wanted_stages(part, config.post.method)
    use_tools(config)
    check_engine(config.execution)
    check_names(config.evaluation.metrics)
    device = resolve_device(config.execution.device)
    resolve_precision(config.execution.precision, device)
    store = open_store(artifacts, team)
    about = {"preset": config.preset, "stage": part, "seed": str(config.seed), "device": device}
    params = flat(config.model_dump(mode="json")) | about | {CONFIG_PARAM: config_digest(config)}
    name = f"{config.preset}-{part}"
    with (
        tracked_run(place, name, params, config.report_to) as tracker,
        chat_endpoint(language_model, config.llm) as text_service,
    ):
        expected = expect(config, store, wanted, device)
        if expected is not None:
            tracker.parent.log(
                {"probe_tokens_per_second": expected.probe.tokens_per_second, "estimate_s": expected.total_s}
            )
        run = PipelineRun(config, store, tracker, wanted, device, place, text_service, expected)
        with run.crew:
            yield run


def expect(
    config: RunConfig, store: ArtifactStore, wanted: frozenset[str], device: Literal["cpu", "cuda"]
) -> Estimate | None:
    """How long the run will take, said and returned; None where there is nothing to measure it by."""
    try:
        plans = plan(config, store, [stage for stage in STAGES if stage.name in wanted])
    except TransientError as problem:  # the stages ask again, and those Prefect retries
        log.warning("no estimate: %s", problem)
        return None
    due = [one.name for one in plans if one.status == "would run"]
    if not needs_probe(due):
        return None
    try:
        probe, parameters = pace(config, device)
    except ConfigError as problem:  # the base was imported before, and is not at hand any more
        log.info("no estimate: %s", problem)
        return None
    found = estimate(config, [*due, *(wanted & {REGISTER})], probe, parameters)
    log.info("%s", found.line())
    return found
