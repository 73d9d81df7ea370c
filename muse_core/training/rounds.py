"""A training in rounds, each of which starts from the last one's model and samples anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from muse_core.context import MetricSink, StageContext


@dataclass(frozen=True)
class RoundMetrics:
    """A sink for one of several rounds."""

    sink: MetricSink
    number: int

    def log(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        self.sink.log(prefixed(metrics, self.number), step)


def prefixed(metrics: Mapping[str, float], number: int) -> dict[str, float]:
    """The same under `round1_…`, `round2_…`."""
    return {f"round{number}_{name}": value for name, value in metrics.items()}


def in_round(ctx: StageContext, number: int, rounds: int) -> StageContext:
    """Checkpoints and metrics of a round stand apart from the other's."""
    if rounds == 1:
        return ctx
    work = ctx.work if number == 1 else ctx.work / f"round-{number}"
    work.mkdir(parents=True, exist_ok=True)
    return replace(ctx, work=work, metrics=RoundMetrics(ctx.metrics, number))
