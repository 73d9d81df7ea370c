from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any, cast

import pytest
from prefect.states import Failed

from muse_core.errors import ArtifactError, TransientError
from muse_core.stage_table import HOUR_S, STAGES, Stage, stage_named
from tasks.policy import fingerprint_key, is_transient
from tasks.stages import TASKS


@dataclass(frozen=True)
class Asked:
    stage: str
    fingerprint: str


def test_the_cache_key_is_the_fingerprint() -> None:
    key = fingerprint_key(None, {"job": Asked("sft", "0a1b")})
    assert key == "muse-sft-0a1b"
    assert key != fingerprint_key(None, {"job": Asked("sft", "0a1c")})


@pytest.mark.parametrize(("error", "again"), [(TransientError("busy"), True), (ArtifactError("gone"), False)])
def test_only_transient_errors_are_retried(error: Exception, again: bool) -> None:
    assert is_transient(cast(Any, None), cast(Any, None), Failed(data=error)) is again


def test_there_is_one_task_for_every_line() -> None:
    assert list(TASKS) == [stage.name for stage in STAGES]
    assert len({task.task_key for task in TASKS.values()}) == len(STAGES)


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_every_stage_task_has_the_policy(stage: Stage) -> None:
    task = TASKS[stage.name]
    assert (task.name, task.task_run_name, task.description) == (stage.name, stage.name, stage.does)
    assert task.persist_result and task.result_serializer == "json"
    assert task.retry_condition_fn is is_transient
    assert task.timeout_seconds == stage.timeout_s
    assert list(inspect.signature(task.fn).parameters) == ["job", *stage.inputs]


def test_what_asks_a_model_waits_for_a_gpu() -> None:
    """`augment` too: its loss filter may score with the language model."""
    tagged = {name for name, task in TASKS.items() if "gpu" in task.tags}
    assert {"base", "augment", "sft", "pairs", "dpo", "evaluate", "export"} <= tagged
    assert not tagged & {"catalog", "profiles", "conversations"}


def test_training_may_take_days() -> None:
    hours = {name: stage_named(name).timeout_s / HOUR_S for name in ("catalog", "pairs", "sft")}
    assert hours == {"catalog": 12, "pairs": 24, "sft": 72}
