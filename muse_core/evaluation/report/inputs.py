"""What a report is made of: the metric rows, the manifests behind them, and conversations to read.

`gather` follows the receipts: the metrics' manifest names the digests of its inputs, theirs name their
own, so that a report can be made from the store alone, long after the run.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from muse_core.artifacts import ArtifactStore
from muse_core.config.run_config import PromotionConfig, ReadyConfig
from muse_core.errors import ArtifactError
from muse_core.evaluation.predict.exam import TEST
from muse_core.evaluation.receipts import behind
from muse_core.evaluation.report.reading import draw
from muse_core.evaluation.score.data_quality import user_turns
from muse_core.records import Row, from_table
from muse_core.types import ArtifactRef, Conversation

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReportInputs:
    """`metrics`: rows of the metrics table; `manifests`: stage -> manifest;
    `seconds`: what a stage took in this run, where that is known better than from its manifest;
    `conversations`: those to read; `predictions`: model -> its judged test turns; `utterances`: test case
    -> the shopper's words; `studies`: figures of imported ratings of these answers; `rule` and
    `ready`: the bounds of the run, None when they are not known; `shown`: the metrics of the results table,
    () for all."""

    metrics: Sequence[Row]
    manifests: Mapping[str, Mapping[str, Any]]
    title: str = "MUSE"
    seconds: Mapping[str, float] = field(default_factory=dict)
    conversations: Sequence[Conversation] = ()
    predictions: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    utterances: Mapping[str, str] = field(default_factory=dict)
    studies: Sequence[Mapping[str, Any]] = ()
    rule: PromotionConfig | None = None
    ready: ReadyConfig | None = None
    shown: Sequence[str] = ()

    def about(self, stage: str) -> Mapping[str, Any]:
        """The `about` of a stage's manifest; empty when the stage is not known."""
        return self.manifests.get(stage, {}).get("about") or {}

    @property
    def method(self) -> str:
        """`post.method`: what has trained the model that stands as `dpo`."""
        return str(self.about("dpo").get("trained", "dpo"))

    def numbers(self, stage: str) -> Mapping[str, float]:
        """The final metrics of a stage; empty when the stage is not known."""
        return self.manifests.get(stage, {}).get("metrics") or {}

    def stage_seconds(self, stage: str) -> float | None:
        """Seconds the stage took when it ran (not when it was found cached)."""
        found = self.seconds.get(stage, self.manifests.get(stage, {}).get("seconds"))
        return None if found is None else float(found)

    def expected_seconds(self, stage: str) -> float | None:
        """What the run that made the artifact had expected of the stage, by its probe of the machine."""
        found = (self.about(stage).get("estimate") or {}).get("seconds")
        return None if found is None else float(found)


def gather(store: ArtifactStore, metrics: ArtifactRef, title: str = "MUSE") -> ReportInputs:
    """The inputs of a report on these metrics, from the store."""
    manifests = behind(store, "evaluate", metrics)
    manifests |= _exported(store, manifests)
    predictions = _predictions(store, manifests["evaluate"])
    talks = _table(store, manifests, "conversations")
    return ReportInputs(
        store.read_table(metrics).to_pylist(),
        manifests,
        title,
        conversations=_to_read(talks, manifests),
        predictions=predictions,
        utterances=test_utterances(talks) if talks is not None else {},
        studies=_studies(store, manifests["evaluate"]),
    )


def _predictions(store: ArtifactStore, manifest: Mapping[str, Any]) -> dict[str, list[Row]]:
    """Model -> its judged turns; a table that is not there any more is left out."""
    found = {}
    for name, ref in (manifest["about"].get("predictions") or {}).items():
        try:
            rows = from_table("predictions", store.read_table(ArtifactRef(**ref)))
            found[name] = [row for row in rows if row["part"] == TEST]
        except ArtifactError as problem:
            log.warning("the report shows no failures of %s: %s", name, problem)
    return found


def _exported(store: ArtifactStore, manifests: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The export of the same model, when it was made."""
    found = store.latest("export", "export")
    model = (manifests.get("dpo", {}).get("ref") or {}).get("digest")
    is_same = found is not None and found["about"].get("inputs", {}).get("dpo") == model
    return {"export": found} if found is not None and is_same else {}


def _studies(store: ArtifactStore, manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What people said about the answers of this evaluation, newest study first."""
    answers = {ref["digest"] for ref in (manifest["about"].get("predictions") or {}).values()}
    known = [store.manifest(ref) for ref in store.list() if ref.kind == "ratings"]
    rated = [one for one in known if answers & set((one["about"].get("inputs") or {}).values())]
    ordered = sorted(rated, key=lambda one: str(one["created"]), reverse=True)
    return [one["about"]["figures"] for one in ordered if one["about"].get("figures")]


def test_utterances(conversations: pa.Table) -> dict[str, str]:
    """`<conversation>.<turn>` -> the shopper's words, of the test side."""
    part = conversations.filter(pc.equal(conversations["side"], "test"))
    turns, names = user_turns(part), part["conversation_id"].to_pylist()
    count: Counter[int] = Counter()
    found = {}
    for row, text in zip(turns.rows, turns.texts, strict=True):
        found[f"{names[row]}.{count[row]}"] = text
        count[row] += 1
    return found


def gather_data(store: ArtifactStore, conversations: ArtifactRef, title: str = "MUSE") -> ReportInputs:
    """The inputs of a page on these conversations: what they were made from, and what `augment` made of
    them last, if it did."""
    manifests = behind(store, "conversations", conversations)
    augmented = store.latest("augmented", "augment")
    if augmented and augmented["about"].get("inputs", {}).get("conversations") == conversations.digest:
        manifests = behind(store, "augment", ArtifactRef(**augmented["ref"]))
    talks = _table(store, manifests, "conversations")
    return ReportInputs((), manifests, title, conversations=_to_read(talks, manifests))


def _table(store: ArtifactStore, manifests: Mapping[str, Any], stage: str) -> pa.Table | None:
    """A stage's table; None when it is not there any more."""
    if stage not in manifests:
        return None
    try:
        return store.read_table(ArtifactRef(**manifests[stage]["ref"]))
    except ArtifactError as problem:
        log.warning("the report shows no %s: %s", stage, problem)
        return None


def _to_read(table: pa.Table | None, manifests: Mapping[str, Any]) -> Sequence[Conversation]:
    """Some conversations."""
    return draw(table, manifests["conversations"]["ref"]["digest"]) if table is not None else ()
