"""A finished run, as what a comparison needs of one of its models; everything from the store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from muse_core.artifacts import ArtifactStore
from muse_core.errors import ArtifactError
from muse_core.evaluation.closed_loop.record import Record, read_talks
from muse_core.evaluation.predict.exam import FURTHER
from muse_core.evaluation.receipts import behind
from muse_core.records import Row, from_table
from muse_core.types import ArtifactRef

Outcomes = Mapping[str, Sequence[float | None]]  # metric -> a value per case


@dataclass(frozen=True)
class Cost:
    """What the stages that trained a model took. `seconds`: when they ran, on the machine that ran them;
    `sampled`: turns drawn from a model; `tokens`: that the training read."""

    seconds: float
    tokens: int
    sampled: int = 0


@dataclass(frozen=True)
class Compared:
    """One model of a run. `rows`: its judged turns; `people`: prefix of a set -> (its cases, outcomes);
    `exam`: the digest of the test turns; `drawn_for`: the condition that asked for each further turn;
    `goals`: the digest of the expert's conversations; `history`: what its training measured."""

    name: str
    rows: Sequence[Row]
    exam: str
    drawn_for: Sequence[str]
    talks: Sequence[Record]
    goals: str
    people: Mapping[str, tuple[Sequence[str], Outcomes]]
    cost: Cost
    history: Sequence[Mapping[str, float]] = field(default_factory=tuple)


def evaluation_of(store: ArtifactStore, text: str | None) -> ArtifactRef:
    """The `metrics` artifact that `text` names (an id, or the beginning of a key or digest), or the newest.
    ArtifactError where there is none."""
    if text is not None:
        ref = store.resolve(text)
        if ref.kind != "metrics":
            raise ArtifactError(f"{text!r} names {ref.path}; a run is named by its kind `metrics`")
        return ref
    found = store.latest("metrics", "evaluate")
    if found is None:
        raise ArtifactError(f"nothing was evaluated below {store.root} yet; `muse run` does it")
    return ArtifactRef(**found["ref"])


def compared(store: ArtifactStore, metrics: ArtifactRef, name: str, model: str) -> Compared:
    """`model`: `sft` or `dpo`, the place behind SFT whatever trained it. ArtifactError where a table is gone
    or the model cannot call."""
    manifests = behind(store, "evaluate", metrics)
    about = manifests["evaluate"]["about"]
    if model not in about.get("predictions", {}):
        raise ArtifactError(
            f"{metrics.path} has no answers of a model {model!r}; found: {list(about['models'])}"
        )
    exam = manifests["test_cases"]["ref"]
    rows = from_table("predictions", store.read_table(ArtifactRef(**about["predictions"][model])))
    return Compared(
        name,
        rows,
        exam["digest"],
        _drawn_for(store, ArtifactRef(**exam)),
        _talks(store, manifests.get(f"talk_{model}")),
        manifests.get("talk_expert", {}).get("ref", {}).get("digest", ""),
        dict(_people(about, model)),
        _cost(manifests, model),
        manifests.get(model, {}).get("about", {}).get("history") or (),
    )


def _drawn_for(store: ArtifactStore, exam: ArtifactRef) -> list[str]:
    table = store.read_table(exam, ["part", "drawn_for"])
    return [row["drawn_for"] for row in table.to_pylist() if row["part"] == FURTHER]


def method_of(store: ArtifactStore, metrics: ArtifactRef) -> str:
    """`post.method` of the run."""
    return str(behind(store, "evaluate", metrics).get("dpo", {}).get("about", {}).get("trained", "dpo"))


def started_from(store: ArtifactStore, metrics: ArtifactRef) -> str:
    """The digest of the run's SFT model."""
    return str(store.manifest(metrics)["about"].get("models", {}).get("sft", ""))


def _talks(store: ArtifactStore, manifest: Mapping[str, Any] | None) -> Sequence[Record]:
    if manifest is None:
        return ()
    return read_talks(from_table("talks", store.read_table(ArtifactRef(**manifest["ref"]))))


def _people(about: Mapping[str, Any], model: str) -> Iterator[tuple[str, tuple[Sequence[str], Outcomes]]]:
    for prefix, found in (about.get("people") or {}).items():
        kept = found.get("outcomes") or {}
        if model in kept.get("models", {}):
            yield prefix, (kept["cases"], kept["models"][model])


def _cost(manifests: Mapping[str, Mapping[str, Any]], model: str) -> Cost:
    """Of the stages that made the model out of the one before it."""
    stages = ("augment", "sft") if model == "sft" else ("pairs", "dpo")
    found = [manifests[name] for name in stages if name in manifests]
    numbers = {key: value for one in found for key, value in (one.get("metrics") or {}).items()}
    trained = manifests.get(model, {}).get("about", {}).get("trained", model)
    return Cost(
        sum(float(one.get("seconds") or 0) for one in found),
        int(_total(numbers, f"{trained}_tokens")),
        int(_total(numbers, "samples" if trained == "dpo" else f"{trained}_samples")),
    )


def _total(numbers: Mapping[str, float], name: str) -> float:
    """Over all rounds, where there were several."""
    rounds = [value for key, value in numbers.items() if key.startswith("round") and key.endswith(f"_{name}")]
    return sum(rounds) or numbers.get(name, 0.0)
