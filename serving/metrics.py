"""What is counted of the requests, in Prometheus' text format at `/metrics`."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from muse_core.generation.answer import Answered
from muse_core.records import read_tool_message

SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
MEDIA_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """The counts of one server, in a registry of its own."""

    def __init__(self, under_way: Callable[[], int]) -> None:
        registry = self.registry = CollectorRegistry()
        self.requests = Counter(
            "muse_requests", "Requests by path and status.", ("path", "status"), registry=registry
        )
        self.seconds = Histogram(
            "muse_turn_seconds", "From request to answer.", buckets=SECONDS, registry=registry
        )
        self.tokens = Counter("muse_tokens", "Tokens read and written.", ("kind",), registry=registry)
        self.calls = Counter(
            "muse_tool_calls", "Calls by tool and outcome.", ("tool", "outcome"), registry=registry
        )
        self.repairs = Counter(
            "muse_repairs", "Turns that could not be shown.", ("fault", "by"), registry=registry
        )
        self.languages = Counter(
            "muse_turns", "Answered turns by language.", ("language",), registry=registry
        )
        self.feedback = Counter("muse_feedback", "Thumbs.", ("thumb",), registry=registry)
        self._told = Counter(
            "muse_told",
            "Turns and feedback told to the turn log and to traces.",
            ("listener", "outcome"),
            registry=registry,
        )
        gauge = Gauge("muse_turns_under_way", "Turns in decoding slots or waiting.", registry=registry)
        gauge.set_function(under_way)

    def told(self, listener: str) -> Callable[[str], None]:
        """Counts what became of what a listener was told: sent, dropped or failed."""
        for outcome in ("sent", "dropped", "failed"):
            self._told.labels(listener, outcome)
        return lambda outcome: self._told.labels(listener, outcome).inc()

    def answered(self, one: Answered, seconds: float, prompt_tokens: int, completion_tokens: int) -> None:
        """One answered turn."""
        self.seconds.observe(seconds)
        self.tokens.labels("prompt").inc(prompt_tokens)
        self.tokens.labels("completion").inc(completion_tokens)
        self.languages.labels(one.language).inc()
        if one.fault is not None:
            self.repairs.labels(one.fault, one.repair or "none").inc()
        results = {m.answers_call: read_tool_message(m) for m in one.messages if m.role == "tool"}
        for message in one.messages:
            for call in message.tool_calls:
                result = results.get(call.call_id)
                outcome = "handed" if result is None else "error" if result.error is not None else "ok"
                self.calls.labels(call.name, outcome).inc()

    def text(self) -> bytes:
        """Everything counted so far."""
        return generate_latest(self.registry)
