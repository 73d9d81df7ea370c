"""Artifact probe: how well something that is not quality tells the chosen side, as a cross-validated AUC.

Logistic regressions, folds grouped by prompt, pooled AUC; `low` is its one-sided 95 % lower bound
(bootstrap over prompts). A look turns assistant turns into the rows of a design matrix:

    reply_length   words of the reply          turn_length   characters of everything the model wrote
    reply_words    bag of words of the reply   reply_form    ends like a sentence, brackets closed
    reply_language whether the reply is in the language of the conversation
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from muse_core.models.chat_format import render
from muse_core.scoring.language_match import language_match
from muse_core.tools.references import items_of
from muse_core.types import Language, PreferencePair
from muse_core.world.turns import Turn

FOLDS = 5
RESAMPLES = 300
_END = re.compile(r"[.!?।…:)\]\"'’”]\s*$")


@dataclass(frozen=True)
class ProbedTurn:
    """One side of a pair, and the language of its conversation."""

    turn: Turn
    language: Language


Look = Callable[[Sequence[ProbedTurn]], object]


@dataclass(frozen=True)
class Probe:
    """One AUC with its one-sided 95 % lower bound."""

    auc: float
    low: float


def probe(pairs: Sequence[PreferencePair], look: Look, rng: np.random.Generator) -> Probe:
    """How well the look tells chosen from rejected on prompts that the classifier has not seen."""
    chosen, rejected, value = scores(pairs, look)
    groups = _group_numbers(pairs)
    rows_of = [np.flatnonzero(groups == group) for group in range(groups.max() + 1)]
    resampled = []
    for _ in range(RESAMPLES):
        rows = np.concatenate([rows_of[k] for k in rng.integers(len(rows_of), size=len(rows_of))])
        resampled.append(_auc(chosen[rows], rejected[rows]))
    return Probe(value, float(np.quantile(resampled, 0.05)))


def scores(pairs: Sequence[PreferencePair], look: Look) -> tuple[np.ndarray, np.ndarray, float]:
    """Out-of-fold scores of both sides of each pair, and the pooled AUC."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold

    n = len(pairs)
    sides = [ProbedTurn(Turn(pair.chosen), pair.language) for pair in pairs]
    sides += [ProbedTurn(Turn(pair.rejected), pair.language) for pair in pairs]
    design = look(sides)
    truth = np.repeat([1, 0], n)
    groups = np.tile(_group_numbers(pairs), 2)
    decided = np.zeros(2 * n)
    for train, unseen in GroupKFold(FOLDS).split(truth, truth, groups):
        model = LogisticRegression(max_iter=200).fit(design[train], truth[train])  # type: ignore[index]
        decided[unseen] = model.decision_function(design[unseen])  # type: ignore[index]
    return decided[:n], decided[n:], _auc(decided[:n], decided[n:])


def prompt_name(pair: PreferencePair) -> str:
    """The turn that a pair belongs to."""
    return f"{pair.conversation_id}.{pair.turn}"


def _group_numbers(pairs: Sequence[PreferencePair]) -> np.ndarray:
    names = {name: k for k, name in enumerate(dict.fromkeys(prompt_name(pair) for pair in pairs))}
    return np.array([names[prompt_name(pair)] for pair in pairs])


def _auc(positives: np.ndarray, negatives: np.ndarray) -> float:
    order = np.sort(negatives)
    below = np.searchsorted(order, positives, side="left")
    upto = np.searchsorted(order, positives, side="right")
    return float((below + upto).mean() / (2 * len(order)))


# ---- looks ----------------------------------------------------------------------------------------


def reply_length(turns: Sequence[ProbedTurn]) -> np.ndarray:
    """log words of the reply, and its square (both too short and too long can give away)."""
    return _length_columns([len(probed.turn.reply.split()) for probed in turns])


def turn_length(turns: Sequence[ProbedTurn]) -> np.ndarray:
    """The same for everything the model wrote, calls included, in characters."""
    written = ([m for m in probed.turn.messages if m.role != "tool"] for probed in turns)
    return _length_columns([len(render(messages)) for messages in written])


def _length_columns(lengths: Sequence[int]) -> np.ndarray:
    logs = np.log1p(np.asarray(lengths, dtype=float))
    spread = logs.std() or 1.0
    scaled = (logs - logs.mean()) / spread
    return np.column_stack([scaled, scaled**2])


def reply_words(turns: Sequence[ProbedTurn]) -> object:
    """Bag of words of the replies; references and numbers are words too."""
    from sklearn.feature_extraction.text import CountVectorizer

    counter = CountVectorizer(binary=True, token_pattern=r"\[\d+(?::\w+)?\]|[\w\u0900-\u097f]+", min_df=2)
    try:
        return counter.fit_transform([probed.turn.reply for probed in turns])
    except ValueError:  # no word occurs twice
        return np.zeros((len(turns), 1))


def reply_language(turns: Sequence[ProbedTurn]) -> np.ndarray:
    """1 where the reply, without the names in its results, is in the language of the conversation."""
    return np.array([[float(_in_language(probed))] for probed in turns])


def _in_language(probed: ProbedTurn) -> bool:
    items = [item for value in probed.turn.values for item in items_of(value)]
    names = [str(item[key]) for item in items for key in ("title", "brand") if item.get(key)]
    return language_match(probed.turn.reply, probed.language, names)


def reply_form(turns: Sequence[ProbedTurn]) -> np.ndarray:
    """Whether the reply ends like a sentence, and whether its brackets are closed."""
    replies = [probed.turn.reply for probed in turns]
    return np.array(
        [[float(bool(_END.search(reply))), float(reply.count("[") == reply.count("]"))] for reply in replies]
    )
