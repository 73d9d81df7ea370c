"""Preference pairs of the test side: sampled once from the SFT model, frozen, and who prefers what.

The pairs are keyed by the SFT model: every later DPO run is measured on the same ones. What makes
a test pair is fixed (`RULES`), however the training pairs are made, so that figures stay comparable. They
are replayed and cleaned as the training pairs are, but not linted: a leak is shown by the figures beside
them, and dropping for it would choose the exam by its answers. On-policy pairs carry the headline; contrast
pairs are a slice of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from muse_core.config.run_config import PairsConfig
from muse_core.evaluation.predict.open_loop import open_loop_cases
from muse_core.evaluation.score.preference_accuracy import (
    PairLogProbs,
    implicit_reward_statistics,
    likelihood_statistics,
)
from muse_core.evaluation.score.scorecard import metric_rows
from muse_core.evaluation.score.statistics import estimate, resampler
from muse_core.models.loading import LoadedModel
from muse_core.models.log_probs import turn_log_probs
from muse_core.preferences.cleaning import clean
from muse_core.preferences.sampling import MiningResult
from muse_core.records import Row
from muse_core.types import Conversation, JsonValue, PreferencePair, TurnLabel

ENOUGH_PAIRS, ENOUGH_PROMPTS = 300, 100  # on-policy, for the headline (MEASURES)
RULES = {
    "pairing": "extremes",
    "preference_strength_threshold": 0.6,
    "rejection_sampling": True,
    "min_pairs_per_example": 1,
    "max_pairs_per_context": 3,
    "contrast_share": 0.2,
}


@dataclass(frozen=True)
class PairCluster:
    """Whose turn a pair comes from, for the bootstrap."""

    profile_id: str
    family: str


def frozen_pairs_config(
    contexts: int, samples: int, temperatures: Sequence[float], top_p: float, max_new_tokens: int
) -> PairsConfig:
    """The exam's own rules and size; of training's settings only how a turn is sampled."""
    size = {"contexts": contexts, "samples_per_context": samples}
    sampling = {"temperatures": temperatures, "top_p": top_p, "max_new_tokens": max_new_tokens}
    return PairsConfig.model_validate(RULES | size | sampling)


def without_overlap(conversations: Sequence[Conversation]) -> list[Conversation]:
    """The test conversations with the labels of those turns whose utterance is on no other side."""
    labels: dict[str, list[TurnLabel]] = {}
    for case in open_loop_cases(conversations, len(conversations) * 1000).cases:
        labels.setdefault(case.conversation.conversation_id, []).append(case.label)
    by_id = {item.conversation_id: item for item in conversations}
    return [replace(by_id[name], labels=tuple(kept)) for name, kept in labels.items()]


def freeze(mined: MiningResult) -> tuple[list[PreferencePair], dict[str, float]]:
    """The mined pairs without those that must not stand, and the artifact's metrics."""
    cleaned = clean(mined.pairs)
    dropped = {f"dropped_{reason}": float(count) for reason, count in cleaned.dropped.items()}
    return list(cleaned.pairs), mined.counters | dropped | {"kept": float(len(cleaned.pairs))}


def pair_log_probs(loaded: LoadedModel, pairs: Sequence[PreferencePair]) -> list[PairLogProbs]:
    """Both turns of every pair under one model."""
    chosen = turn_log_probs(loaded, [(pair.prompt, pair.chosen) for pair in pairs])
    rejected = turn_log_probs(loaded, [(pair.prompt, pair.rejected) for pair in pairs])
    return [
        PairLogProbs(good.total, bad.total, good.tokens, bad.tokens)
        for good, bad in zip(chosen, rejected, strict=True)
    ]


def clusters_of(pairs: Sequence[PreferencePair], conversations: Sequence[Conversation]) -> list[PairCluster]:
    """The profile and the template family behind each pair."""
    owners = {item.conversation_id: item for item in conversations}
    families = {
        (item.conversation_id, label.turn): label.family for item in conversations for label in item.labels
    }
    return [
        PairCluster(
            owners[pair.conversation_id].profile_id, families.get((pair.conversation_id, pair.turn), "")
        )
        for pair in pairs
    ]


def preference_rows(
    pairs: Sequence[PreferencePair],
    clusters: Sequence[PairCluster],
    known: Mapping[str, Sequence[PairLogProbs]],
    beta: float,
    resamples: int,
    seed: int,
) -> list[Row]:
    """Metric rows; `known` has the log-probs of `base`, `sft` (the reference) and `dpo`."""
    on_policy = [at for at, pair in enumerate(pairs) if pair.kind == "on_policy"]
    groups = {
        "all": on_policy,
        "kind=contrast": [at for at, pair in enumerate(pairs) if pair.kind == "contrast"],
    }
    for language in sorted({pair.language for pair in pairs}):
        groups[f"language={language}"] = [at for at in on_policy if pairs[at].language == language]
    rows: list[Row] = []
    for where, chosen in groups.items():
        if chosen:
            part = {name: [found[at] for at in chosen] for name, found in known.items()}
            rows += _slice_rows(where, [clusters[at] for at in chosen], part, beta, resamples, seed)
    return rows


def _slice_rows(
    where: str,
    clusters: Sequence[PairCluster],
    known: Mapping[str, Sequence[PairLogProbs]],
    beta: float,
    resamples: int,
    seed: int,
) -> list[Row]:
    groups = [[one.profile_id for one in clusters], [one.family for one in clusters]]
    sampler = resampler(groups, resamples, np.random.default_rng([seed, 2]))
    measured = {name: likelihood_statistics(found) for name, found in known.items()}
    measured["dpo"] += implicit_reward_statistics(known["dpo"], known["sft"], beta)
    return [
        row
        for name, statistics in measured.items()
        for one in statistics
        for row in metric_rows(name, one.name, where, estimate(one, sampler), one.unit)
    ]


def pair_counts(pairs: Sequence[PreferencePair]) -> dict[str, JsonValue]:
    """How many pairs and prompts the preference figures stand on, and whether these are enough."""
    on_policy = [pair for pair in pairs if pair.kind == "on_policy"]
    prompts = {(pair.conversation_id, pair.turn) for pair in on_policy}
    return {
        "on_policy": len(on_policy),
        "contrast": len(pairs) - len(on_policy),
        "on_policy_prompts": len(prompts),
        "enough": len(on_policy) >= ENOUGH_PAIRS and len(prompts) >= ENOUGH_PROMPTS,
    }
