"""What a report is made of: the metric rows, the manifests behind them, and conversations to read.

`gather` follows the receipts: the metrics' manifest names the digests of its inputs, theirs name their
own, so that a report can be made from the store alone, long after the run.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from muse_core.artifacts import ArtifactStore
from muse_core.errors import ArtifactError
from muse_core.evaluation.report.reading import draw
from muse_core.records import Row
from muse_core.types import ArtifactRef, Conversation

log = logging.getLogger(__name__)

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
    `seconds`: what a stage took in this run, where that is known better than from its manifest;
    `conversations`: those to read."""

    metrics: Sequence[Row]
    manifests: Mapping[str, Mapping[str, Any]]
    title: str = "MUSE"
    budget_s: Mapping[str, float] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    conversations: Sequence[Conversation] = ()

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
    manifests = _behind(store, "evaluate", metrics)
    rows = store.read_table(metrics).to_pylist()
    return ReportInputs(rows, manifests, title, conversations=_to_read(store, manifests))


def gather_data(store: ArtifactStore, conversations: ArtifactRef, title: str = "MUSE") -> ReportInputs:
    """The inputs of a page on these conversations: what they were made from, and what `augment` made of
    them last, if it did."""
    manifests = _behind(store, "conversations", conversations)
    augmented = store.latest("augmented", "augment")
    if augmented and augmented["about"].get("inputs", {}).get("conversations") == conversations.digest:
        manifests = _behind(store, "augment", ArtifactRef(**augmented["ref"]))
    return ReportInputs((), manifests, title, conversations=_to_read(store, manifests))


def _behind(store: ArtifactStore, stage: str, ref: ArtifactRef) -> dict[str, Mapping[str, Any]]:
    """The manifests of a stage and of all stages behind it, in the order of the pipeline."""
    by_digest = {ref.digest: ref for ref in store.list()}
    manifests: dict[str, Mapping[str, Any]] = {}
    waiting = [(stage, ref)]
    while waiting:
        name, found = waiting.pop()
        if name not in manifests:
            manifests[name] = manifest = store.manifest(found)
            inputs = manifest["about"].get("inputs") or {}
            waiting += [(name, by_digest[digest]) for name, digest in inputs.items() if digest in by_digest]
    return {stage: manifests[stage] for stage in ORDER if stage in manifests}


def _to_read(store: ArtifactStore, manifests: Mapping[str, Mapping[str, Any]]) -> Sequence[Conversation]:
    """Some conversations; none when the table is not there any more."""
    if "conversations" not in manifests:
        return ()
    ref = ArtifactRef(**manifests["conversations"]["ref"])
    try:
        return draw(store.read_table(ref), ref.digest)
    except ArtifactError as problem:
        log.warning("the report shows no conversations: %s", problem)
        return ()
