from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import pytest
from prefect.states import Failed

from muse_core.errors import ArtifactError, TransientError
from tasks import stages
from tasks.policy import GPU_STAGES, fingerprint_key, is_transient


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


def test_every_stage_task_has_the_policy() -> None:
    for name in (
        "catalog",
        "profiles",
        "conversations",
        "base",
        "augment",
        "sft",
        "pairs",
        "dpo",
        "evaluate",
        "export",
    ):
        task = getattr(stages, name)
        assert task.name == name
        assert task.persist_result and task.result_serializer == "json"
        assert task.retry_condition_fn is is_transient
        assert task.tags == ({"gpu"} if name in GPU_STAGES else set())
        assert task.timeout_seconds > 3600
