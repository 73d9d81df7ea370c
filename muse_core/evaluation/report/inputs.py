"""What the report is made of: the metric rows and the manifests behind them, as plain dicts.

`gather` follows the receipts: the metrics' manifest names the digests of its inputs, theirs name their
own, so that a report can be made from the store alone, long after the run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from muse_core.artifacts import ArtifactStore
from muse_core.records import Row
from muse_core.types import ArtifactRef

ORDER = (
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
)


@dataclass(frozen=True)
class ReportInputs:
    """`metrics`: rows of the metrics table; `manifests`: stage -> manifest; `budget_s`: stage -> seconds;
    `seconds`: what a stage took in this run, where that is known better than from its manifest."""

    metrics: Sequence[Row]
    manifests: Mapping[str, Mapping[str, Any]]
    title: str = "MUSE"
    budget_s: Mapping[str, float] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)

    def about(self, stage: str) -> Mapping[str, Any]:
        """The `about` of a stage's manifest; empty when the stage is not known."""
        return self.manifests.get(stage, {}).get("about") or {}

    def numbers(self, stage: str) -> Mapping[str, float]:
        """The final metrics of a stage; empty when the stage is not known."""
        return self.manifests.get(stage, {}).get("metrics") or {}

    def stage_seconds(self, stage: str) -> float | None:
        """Seconds the stage took when it ran (not when it was found cached)."""
        found = self.seconds.get(stage, self.manifests.get(stage, {}).get("seconds"))
        return None if found is None else float(found)


def gather(store: ArtifactStore, metrics: ArtifactRef, title: str = "MUSE") -> ReportInputs:
    """The inputs of a report on these metrics, from the store."""
    by_digest = {ref.digest: ref for ref in store.list()}
    manifests: dict[str, Mapping[str, Any]] = {}
    waiting = [("evaluate", metrics)]
    while waiting:
        stage, ref = waiting.pop()
        if stage not in manifests:
            manifests[stage] = manifest = store.manifest(ref)
            inputs = manifest["about"].get("inputs") or {}
            waiting += [(name, by_digest[digest]) for name, digest in inputs.items() if digest in by_digest]
    ordered = {stage: manifests[stage] for stage in ORDER if stage in manifests}
    return ReportInputs(store.read_table(metrics).to_pylist(), ordered, title)
