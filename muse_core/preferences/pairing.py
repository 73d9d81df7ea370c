"""Which two samples of one prompt become a pair, and how strong it is.

Best against worst of distinct texts, then the next best against the next worst, up to a limit; ties
never pair. Of equally good samples the one whose reply is nearest in length to its counterpart is
taken, so that a pair does not teach length when it need not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from muse_core.models.chat_format import render
from muse_core.preferences.reward import RewardParts, reply_of
from muse_core.types import Message

GOOD = 0.8  # a context whose best sample stays below this reward may be paired with the gold turn


@dataclass(frozen=True)
class Sample:
    """One sampled (or gold) turn with its reward. `text` tells samples apart."""

    messages: tuple[Message, ...]
    parts: RewardParts
    temperature: float
    seed: int
    malformed: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether the turn could be read to its end: the last message is a reply."""
        last = self.messages[-1] if self.messages else None
        return not self.malformed and last is not None and last.role == "assistant" and not last.tool_calls

    @property
    def text(self) -> str:
        return render(self.messages)

    @property
    def reply_words(self) -> int:
        return len(reply_of(self.messages).split())


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


def matches(
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
