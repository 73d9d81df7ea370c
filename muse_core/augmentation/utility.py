"""What a call is worth: Toolformer's L⁻ − L⁺ (Schick et al. 2023, section 2), in nats a token.

Losses are weighted means of the tokens' -ln P with the paper's weights max(0, 1 − 0.2 t), t = 0 at
the anchor; L⁺ sees the call and its result, L⁻ is the smaller of "no call" and "call, no result".
Departure from the paper: the weights start at the anchor, not at the call. The text before the anchor
is given in all three losses. The paper's own start is computed beside it (`from_call`).

Two scorers: `NgramScorer` (quickstart) and `LanguageModelScorer` (a pretrained model).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Protocol

from muse_core.augmentation.ngram import BREAK, Cache, NgramModel, target_nats, words

if TYPE_CHECKING:
    from muse_core.models.loading import LoadedModel

WEIGHTS = tuple(max(0.0, 1 - 0.2 * step) for step in range(5))
TARGET_CHARS = 60  # characters after the anchor that surely hold the five weighted tokens


@dataclass(frozen=True)
class Trial:
    """One measurement: P(target | history, given, prefix). `history` is the dialogue up to the user's
    words, `given` what a call adds before the answer, `prefix` the answer up to the anchor."""

    history: str
    given: str
    prefix: str
    target: str


class Scorer(Protocol):
    """Anything that says how surprised it is by a target, token by token (nats)."""

    def nats(self, trials: Sequence[Trial]) -> list[list[float]]: ...


@dataclass(frozen=True)
class CallText:
    """A candidate spelled in ordinary tokens: the call alone, and the call with its result."""

    call: str
    with_result: str


@dataclass(frozen=True)
class Place:
    """Where candidates of one act are scored: the dialogue before, and the continuation cut in two."""

    history: str
    prefix: str
    target: str


@dataclass(frozen=True)
class Utility:
    """`without` = L⁻, `with_result` = L⁺ (nats a token)."""

    without: float
    with_result: float

    @property
    def nats(self) -> float:
        return self.without - self.with_result

    @property
    def quality(self) -> float:
        """The share of the loss that call and result remove, in [0, 1]."""
        if self.without <= 0:
            return 0.0
        return min(1.0, max(0.0, self.nats / self.without))


def weighted_loss(nats: Sequence[float]) -> float:
    """The weighted mean of the first tokens' losses; weights renormalised when there are fewer."""
    used = list(zip(WEIGHTS, nats, strict=False))
    total = sum(weight for weight, _ in used)
    if total == 0:
        return 0.0
    return sum(weight * value for weight, value in used) / total


def trials(place: Place, candidates: Sequence[CallText], without: str = "") -> list[Trial]:
    """What must be measured for the candidates of one place: no call (`without`: what stands there
    anyway), then call and call with result of each."""
    given = [without, *(text for one in candidates for text in (one.call, one.with_result))]
    return [Trial(place.history, text, place.prefix, place.target) for text in given]


def utilities(nats: Sequence[Sequence[float]]) -> list[Utility]:
    """The utility of each candidate from the token losses of `trials`, in its order."""
    no_call, *rest = (weighted_loss(tokens) for tokens in nats)
    return [Utility(min(no_call, rest[k]), rest[k + 1]) for k in range(0, len(rest), 2)]


class NgramScorer:
    """Trigram model with a cache over history, call, result and prefix."""

    def __init__(self, model: NgramModel) -> None:
        self.model = model
        self._history: tuple[str, Cache] = ("", Cache())
        self._target: tuple[str, str, list[str], list[str], list[float]] = ("", "", [], [], [])

    def nats(self, trials: Sequence[Trial]) -> list[list[float]]:
        return [self._one(trial) for trial in trials]

    def _one(self, trial: Trial) -> list[float]:
        if self._history[0] != trial.history:
            self._history = (trial.history, Cache.of(words(trial.history)))
        if self._target[:2] != (trial.prefix, trial.target):
            prefix, target = words(trial.prefix), words(trial.target)[: len(WEIGHTS)]
            chances = self.model.trigram_chances(prefix, target)
            self._target = (trial.prefix, trial.target, prefix, target, chances)
        _, _, prefix, target, chances = self._target
        before = [*words(trial.given), BREAK, *prefix] if trial.given else [BREAK, *prefix]
        return target_nats(chances, target, self._history[1].extended(before))


class LanguageModelScorer:
    """A causal language model that reads call and result as plain text, and a dialogue once for all trials
    that follow one another in it."""

    def __init__(self, loaded: LoadedModel) -> None:
        self.loaded = loaded

    def nats(self, trials: Sequence[Trial]) -> list[list[float]]:
        from muse_core.models.log_probs import branch_nlls

        items = [
            (f"{history}\n", [(_middle(trial), trial.target) for trial in group])
            for history, group in groupby(trials, key=lambda trial: trial.history)
        ]
        return [nats[: len(WEIGHTS)] for branches in branch_nlls(self.loaded, items) for nats in branches]


def _middle(trial: Trial) -> str:
    return f"[{trial.given}]\n{trial.prefix}" if trial.given else trial.prefix
