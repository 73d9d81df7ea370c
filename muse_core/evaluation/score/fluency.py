"""Fluency of replies, 1 to 5, against how the gold replies are spelled (MEASURES: fluency).

The judge is a character 6-gram model per language, Witten-Bell interpolated (Witten & Bell 1991), learnt
on the dev side's gold replies, lexicalised. A model's replies are placed between the gold replies (5)
and the same gold replies with their words shuffled (1)::

    r = (NLL_shuffled − NLL_generated) / (NLL_shuffled − NLL_gold)      NLL in nats per character
    score = 1 + 4 · clip(min(r, 2 − r), 0, 1) · (1 − max(0, rep4_generated − rep4_gold))

rep4 is the share of word 4-grams that a reply repeats. Only turns in which the model took the gold's
decision count, so that like is compared with like. It knows spelling and word order of shop talk, and
nothing about truth.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from muse_core.evaluation.score.statistics import Array, Statistic

ORDER = 6
MAX_REPLIES = 3000  # per language; more change the scores by less than their intervals
EDGE = "\n"


@dataclass
class CharModel:
    """Counts of characters after contexts of 0 to 5 characters."""

    counts: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    totals: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    alphabet: set[str] = field(default_factory=set)

    def learn(self, text: str) -> None:
        """Adds one reply."""
        padded = EDGE * (ORDER - 1) + text + EDGE
        self.alphabet.update(padded)
        for at in range(ORDER - 1, len(padded)):
            for length in range(ORDER):
                history = padded[at - length : at]
                self.counts[history][padded[at]] += 1
                self.totals[history] += 1

    def nll(self, text: str) -> tuple[float, int]:
        """Summed negative log-likelihood in nats, and the number of characters (the end included)."""
        padded = EDGE * (ORDER - 1) + text + EDGE
        total = sum(-math.log(self._probability(padded, at)) for at in range(ORDER - 1, len(padded)))
        return total, len(text) + 1

    def _probability(self, padded: str, at: int) -> float:
        """p_k(c|h) = (count(hc) + types(h) · p_{k−1}(c)) / (count(h) + types(h)); p_{−1} is uniform."""
        char, probability = padded[at], 1 / (len(self.alphabet) + 1)
        for length in range(ORDER):
            followers = self.counts.get(padded[at - length : at])
            if followers is None:
                break
            types = len(followers)
            total = self.totals[padded[at - length : at]]
            probability = (followers.get(char, 0) + types * probability) / (total + types)
        return probability


@dataclass(frozen=True)
class FluencyJudge:
    """One character model per language; `digest` names the replies they learnt from."""

    models: Mapping[str, CharModel]
    digest: str


def learn_judge(replies: Iterable[tuple[str, str]]) -> FluencyJudge:
    """From (language, gold reply) of the dev side."""
    by_language: dict[str, list[str]] = defaultdict(list)
    for language, reply in replies:
        if reply.strip() and len(by_language[language]) < MAX_REPLIES:
            by_language[language].append(reply)
    models = {language: CharModel() for language in by_language}
    seen = hashlib.sha256()
    for language in sorted(by_language):
        for reply in by_language[language]:
            models[language].learn(reply)
            seen.update(f"{language}\t{reply}\n".encode())
    return FluencyJudge(models, seen.hexdigest())


def fluency(
    judge: FluencyJudge,
    languages: Sequence[str],
    generated: Sequence[str],
    gold: Sequence[str],
    counted: Sequence[bool],
    seed: int,
) -> Statistic:
    """The score as a statistic: per case nine numbers, folded by the formula above."""
    parts = np.zeros((len(gold), 9))
    keep = np.zeros(len(gold), dtype=bool)
    for at, (language, made, wanted) in enumerate(zip(languages, generated, gold, strict=True)):
        model = judge.models.get(language)
        if counted[at] and model is not None and wanted.strip():
            keep[at] = True
            shuffled = shuffle_words(wanted, np.random.default_rng([seed, at]))
            parts[at] = [
                *model.nll(made),
                *model.nll(wanted),
                *model.nll(shuffled),
                repeats(made),
                repeats(wanted),
                1,
            ]
    return Statistic("fluency", parts, fold_fluency, keep, "score_1_5")


def fold_fluency(sums: Array) -> Array:
    """Sums of (nll, characters) of generated, gold, shuffled; of rep4 of both; of cases -> the score."""
    with np.errstate(divide="ignore", invalid="ignore"):
        made, gold, shuffled = (sums[..., i] / sums[..., i + 1] for i in (0, 2, 4))
        r = (shuffled - made) / (shuffled - gold)
        penalty = 1 - np.maximum(0.0, (sums[..., 6] - sums[..., 7]) / sums[..., 8])
    return np.asarray(1 + 4 * np.clip(np.minimum(r, 2 - r), 0, 1) * penalty)


def shuffle_words(text: str, rng: np.random.Generator) -> str:
    """The words of a text in another order."""
    words = text.split()
    return " ".join(words[i] for i in rng.permutation(len(words)))


def repeats(text: str) -> float:
    """Share of word 4-grams that occurred before in the text."""
    words = text.split()
    grams = [tuple(words[i : i + 4]) for i in range(len(words) - 3)]
    return 1 - len(set(grams)) / len(grams) if grams else 0.0
