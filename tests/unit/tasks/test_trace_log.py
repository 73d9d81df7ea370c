"""Served turns in MLflow: a trace each, its feedback, and an MLflow that is away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from muse_core.errors import TransientError
from tasks.tracking import TraceLog, TrackingPlace, open_client

TURN: dict[str, Any] = {
    "id": "chatcmpl-1", "time": "2026-11-30T05:00:00+00:00", "model": "model/8cfab8700184",
    "format": "1f0c", "language": "hi", "decision": "search", "calls": 1, "errors": 0,
    "empty": False, "declined": False,
    "repaired": None, "seconds": 2.5, "prompt_tokens": 300, "completion_tokens": 40, "created": 1,
    "messages": [{"role": "user", "content": "लाल कुर्ता"}], "profile": "women",
    "answer": {"text": "यह देखिए", "calls": [
        {"name": "search", "arguments": {"query": "kurta"}, "result": {"items": [{"id": "p1"}]}}]},
}  # fmt: skip


def test_a_turn_is_a_trace_and_its_feedback_stands_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_ENABLE_ASYNC_TRACE_LOGGING", "false")
    place = TrackingPlace(f"sqlite:///{tmp_path / 'mlflow.db'}", (tmp_path / "mlruns").as_uri(), tmp_path)
    log = TraceLog(place)
    log("turn", TURN)
    wish = {"kind": "values", "values": "under 1500"}
    log("feedback", {"completion": "chatcmpl-1", "thumb": "down", "wanted": wish})
    log("feedback", {"completion": "chatcmpl-unknown", "thumb": "up", "wanted": None})
    client, experiment = open_client(place)
    [trace] = client.search_traces([experiment])
    root, step = sorted(trace.data.spans, key=lambda span: span.parent_id is not None)
    assert root.name == "turn" and root.inputs["messages"] == TURN["messages"]
    assert root.outputs == "यह देखिए" and root.end_time_ns - root.start_time_ns == int(2.5e9)
    assert root.attributes["mlflow.chat.tokenUsage"]["total_tokens"] == 340
    assert (step.name, step.inputs, step.outputs) == ("search", {"query": "kurta"}, {"items": [{"id": "p1"}]})
    assert trace.info.tags["muse.model"] == TURN["model"] and trace.info.tags["muse.format"] == "1f0c"
    [thumb] = trace.info.assessments
    assert thumb.name == "thumb" and thumb.value is False and thumb.source.source_type == "HUMAN"
    assert thumb.rationale == "values: under 1500"


def test_an_mlflow_that_is_away_is_an_error_for_the_caller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(TransientError, match="MLflow does not take"):
        TraceLog(TrackingPlace("http://127.0.0.1:9", None, tmp_path))("turn", TURN)
