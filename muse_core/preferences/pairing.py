"""Which two samples of one prompt become a pair, and how strong it is. Ties never pair.

`mistakes`: the best right turn against the mistakes that the model makes most often, one pair for each.
Two samples make the same mistake when they first part from the right turn at the same act and call the same
tools there; of these the text that comes most often is rejected. What is
pushed down is then what the model does say, and what is pulled up is right and its own: a chosen turn with
a fault, or one that the model would not say (the gold turn), cost exact calls when it was measured. A context
of whose samples more than `max_right_share` are right gives no pair: what is wrong there may be a slip of the
sampling, which greedy decoding does not make. `rejected = decision` takes of the mistakes those alone that
decide wrongly: which arguments are right is then taught by nothing but the chosen sides.

`extremes`: best against worst of distinct texts, then the next best against the next worst. Of equally
good samples the one whose reply is nearest in length to its counterpart is taken, so that a pair does not
teach length when it need not; where no sample is good the gold turn may be added. The frozen test pairs are
made so, and a model that is not yet right anywhere needs it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from muse_core.config.run_config import PairsConfig
from muse_core.models.chat_format import render
from muse_core.preferences.reward import RewardParts
from muse_core.world.turns import Turn

GOOD = 0.8  # extremes: a context whose best sample stays below this may be paired with the gold turn


@dataclass(frozen=True)
class Sample:
    """One sampled (or gold) turn with its reward. `text` tells samples apart."""

    turn: Turn
    parts: RewardParts
    temperature: float
    seed: int
    malformed: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether the turn could be read to its end: the last message is a reply."""
        return not self.malformed and self.turn.has_end

    @cached_property
    def text(self) -> str:
        return render(self.turn.messages)

    @property
    def reply_words(self) -> int:
        return len(self.turn.reply.split())


Mistake = tuple[int, tuple[str, ...] | None]


@dataclass(frozen=True)
class Match:
    """A pair in the making."""

    chosen: Sample
    rejected: Sample
    strength: float


def strength(chosen_quality: float, rejected_quality: float) -> float:
    """σ(q_chosen − q_rejected): 0.80 for 4.2 against 2.8."""
    return 1 / (1 + math.exp(rejected_quality - chosen_quality))


def distinct(samples: Sequence[Sample]) -> list[Sample]:
    """The first whole turn of each text. A malformed or cut-off sample is none: its messages do not
    hold what the model wrote, so a pair would push away something else."""
    first: dict[str, Sample] = {}
    for sample in samples:
        if sample.is_whole:
            first.setdefault(sample.text, sample)
    return list(first.values())


def most_pairs(config: PairsConfig) -> int:
    """How many pairs a context may give: as many as it must, at least."""
    return max(config.max_pairs_per_context, config.min_pairs_per_example)


def matches(samples: Sequence[Sample], config: PairsConfig) -> Iterator[Match]:
    """The on-policy pairs of one context."""
    threshold, limit = config.preference_strength_threshold, most_pairs(config)
    if config.pairing == "mistakes":
        return mistakes(
            samples,
            threshold,
            limit,
            config.chosen_min_reward,
            config.max_right_share,
            config.rejected == "decision",
        )
    return extremes(samples, threshold, limit, config.rejection_sampling)


# ---- mistakes -------------------------------------------------------------------------------------


def mistakes(
    samples: Sequence[Sample],
    threshold: float,
    limit: int,
    chosen_min_reward: float,
    max_right_share: float = 1.0,
    need_wrong_decision: bool = False,
) -> Iterator[Match]:
    """At most `limit` pairs of at least `threshold` strength, the most frequent mistakes first."""
    whole = [sample for sample in samples if sample.is_whole]
    right = [s for s in whole if s.parts.decision == 1.0 and _rounded(s) >= chosen_min_reward]
    if not right or len(right) > max_right_share * len(samples):
        return
    often = Counter(sample.turn.acts for sample in right)
    chosen = max(right, key=lambda s: (_rounded(s), often[s.turn.acts]))
    made: dict[Mistake, list[Match]] = {}
    able = [sample for sample in whole if not need_wrong_decision or sample.parts.decision < 1.0]
    for sample in able:
        match = match_of(chosen, sample, threshold)
        if match is not None:
            made.setdefault(_mistake(chosen, sample), []).append(match)
    ranked = sorted(made.values(), key=lambda alike: (-len(alike), -max(match.strength for match in alike)))
    yield from map(_most_frequent, ranked[:limit])


def _mistake(chosen: Sample, sample: Sample) -> Mistake:
    """The place of the act in which a turn first parts from the chosen one, and the tools that it calls
    there; None where it just ends."""
    for place, (act, tools) in enumerate(zip(sample.turn.acts, sample.turn.tools, strict=True)):
        if place >= len(chosen.turn.acts) or act != chosen.turn.acts[place]:
            return place, tools
    return len(sample.turn.acts), None


def _most_frequent(alike: Sequence[Match]) -> Match:
    often = Counter(match.rejected.text for match in alike)
    return max(alike, key=lambda match: (often[match.rejected.text], match.strength))


# ---- extremes -------------------------------------------------------------------------------------


def extremes(
    samples: Sequence[Sample], threshold: float, limit: int, need_right_decision: bool
) -> Iterator[Match]:
    """At most `limit` pairs of at least `threshold` strength; no sample is used twice."""
    free = distinct(samples)
    for _ in range(limit):
        match = _best_match(free, threshold, need_right_decision)
        if match is None:
            return
        yield match
        free = [sample for sample in free if sample is not match.chosen and sample is not match.rejected]


def _best_match(free: Sequence[Sample], threshold: float, need_right_decision: bool) -> Match | None:
    able = [s for s in free if s.parts.decision == 1.0 or not need_right_decision]
    if not able:
        return None
    best = _rounded(max(able, key=lambda s: s.parts.total))
    worst = _rounded(min(free, key=lambda s: s.parts.total))
    tops = [sample for sample in able if _rounded(sample) == best]
    bottoms = [sample for sample in free if _rounded(sample) == worst]
    return match_of(*_nearest_in_length(tops, bottoms), threshold)


def match_of(chosen: Sample, rejected: Sample, threshold: float) -> Match | None:
    """The pair, or None for a tie, equal texts, or a difference below the threshold."""
    strong = strength(chosen.parts.quality, rejected.parts.quality)
    if _rounded(chosen) <= _rounded(rejected) or strong < threshold or chosen.text == rejected.text:
        return None
    return Match(chosen, rejected, strong)


def _nearest_in_length(tops: Sequence[Sample], bottoms: Sequence[Sample]) -> tuple[Sample, Sample]:
    options = [
        (abs(top.reply_words - low.reply_words), i, j)
        for i, top in enumerate(tops)
        for j, low in enumerate(bottoms)
    ]
    _, i, j = min(options)
    return tops[i], bottoms[j]


def _rounded(sample: Sample) -> float:
    """Rewards are sums of floats: equal ones must compare equal."""
    return round(sample.parts.total, 9)
