"""Can the chosen side be told by something that is not its quality? (MEASURES, "pair lint")

Two leaks are looked for with cross-validated logistic regressions, folds grouped by prompt, one
pooled AUC each: the reply's length alone, and the words of the reply (calls removed). A leak blocks
when the lower 95 % bound of its AUC (bootstrap over prompts) is above the limit, so that a small run
is not stopped by noise; the point value is what is reported. Before blocking for length, the pairs
that give length away most are dropped and counted. The length of the whole turn with its calls is
reported and never blocks: "call or not" is a difference in quality that cannot be without length.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from muse_core.errors import MuseError
from muse_core.models.chat_format import render
from muse_core.preferences.reward import reply_of
from muse_core.scoring.normal import normal_text
from muse_core.types import Message, PreferencePair

LENGTH_BLOCK = 0.60
TEXT_WARN = 0.65
TEXT_BLOCK = 0.80
MIN_PAIRS = 50  # fewer judge nothing
MAX_DROPPED = 0.3  # share of the pairs that balancing may take away
FOLDS = 5
RESAMPLES = 300

Features = Callable[[Sequence[tuple[Message, ...]]], object]


@dataclass(frozen=True)
class Leak:
    """One AUC with its one-sided 95 % lower bound."""

    auc: float
    low: float


@dataclass(frozen=True)
class LintReport:
    """`pairs`: what is left; `dropped_equal`: sides that say the same; `dropped_length`: for balance."""

    pairs: tuple[PreferencePair, ...]
    numbers: dict[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def lint(pairs: Sequence[PreferencePair], rng: np.random.Generator) -> LintReport:
    """Drops what must not stand, measures the leaks, and raises MuseError when one blocks."""
    kept = [pair for pair in pairs if not says_the_same(pair)]
    numbers = {"lint/dropped_equal": float(len(pairs) - len(kept))}
    if len(kept) < MIN_PAIRS or len({_prompt(pair) for pair in kept}) < 2 * FOLDS:
        note = f"pair lint: {len(kept)} pairs are too few to judge leaks (at least {MIN_PAIRS})"
        return LintReport(tuple(kept), numbers | {"lint/judged": 0.0}, (note,))
    balanced = balance_length(kept, rng)
    length, text = leak(balanced, reply_length, rng), leak(balanced, reply_words, rng)
    numbers |= {
        "lint/judged": 1.0,
        "lint/dropped_length": float(len(kept) - len(balanced)),
        "lint/length_auc_before": leak(kept, reply_length, rng).auc,
        "lint/length_auc": length.auc,
        "lint/length_auc_low": length.low,
        "lint/turn_length_auc": leak(balanced, turn_length, rng).auc,
        "lint/text_auc": text.auc,
        "lint/text_auc_low": text.low,
    }
    _block(length, text, len(balanced))
    return LintReport(tuple(balanced), numbers, _warnings(length, text))


def says_the_same(pair: PreferencePair) -> bool:
    """Equal calls and equal replies but for case, spaces and punctuation: noise, not a preference."""
    return _said(pair.chosen) == _said(pair.rejected)


def _said(messages: tuple[Message, ...]) -> tuple[object, ...]:
    calls = [(call.name, repr(sorted(call.arguments.items()))) for m in messages for call in m.tool_calls]
    return (*calls, normal_text(reply_of(messages)))


def _prompt(pair: PreferencePair) -> str:
    return f"{pair.conversation_id}.{pair.turn}"


def balance_length(pairs: Sequence[PreferencePair], rng: np.random.Generator) -> list[PreferencePair]:
    """Drops, a few at a time, the pairs whose sides differ most in the direction that length gives
    away, until length alone is within its limit; at most `MAX_DROPPED` of them."""
    kept = list(pairs)
    while (scores := _scores(kept, reply_length))[2] > LENGTH_BLOCK:
        step = max(1, len(kept) // 50)
        if len(kept) - step < max(MIN_PAIRS, (1 - MAX_DROPPED) * len(pairs)):
            break
        gives_away = scores[0] - scores[1]
        worst = set(np.argsort(-gives_away, kind="stable")[:step].tolist())
        kept = [pair for k, pair in enumerate(kept) if k not in worst]
    return kept


def leak(pairs: Sequence[PreferencePair], features: Features, rng: np.random.Generator) -> Leak:
    """How well `features` tell chosen from rejected on prompts that the classifier has not seen."""
    chosen, rejected, value = _scores(pairs, features)
    groups = _group_numbers(pairs)
    rows_of = [np.flatnonzero(groups == group) for group in range(groups.max() + 1)]
    found = []
    for _ in range(RESAMPLES):
        rows = np.concatenate([rows_of[k] for k in rng.integers(len(rows_of), size=len(rows_of))])
        found.append(_auc(chosen[rows], rejected[rows]))
    return Leak(value, float(np.quantile(found, 0.05)))


def _scores(pairs: Sequence[PreferencePair], features: Features) -> tuple[np.ndarray, np.ndarray, float]:
    """Out-of-fold scores of both sides of each pair, and the pooled AUC."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold

    n = len(pairs)
    design = features([*(pair.chosen for pair in pairs), *(pair.rejected for pair in pairs)])
    truth = np.repeat([1, 0], n)
    groups = np.tile(_group_numbers(pairs), 2)
    scores = np.zeros(2 * n)
    for train, held_out in GroupKFold(FOLDS).split(truth, truth, groups):
        model = LogisticRegression(max_iter=200).fit(design[train], truth[train])  # type: ignore[index]
        scores[held_out] = model.decision_function(design[held_out])  # type: ignore[index]
    return scores[:n], scores[n:], _auc(scores[:n], scores[n:])


def _group_numbers(pairs: Sequence[PreferencePair]) -> np.ndarray:
    names = {name: k for k, name in enumerate(dict.fromkeys(_prompt(pair) for pair in pairs))}
    return np.array([names[_prompt(pair)] for pair in pairs])


def _auc(positives: np.ndarray, negatives: np.ndarray) -> float:
    order = np.sort(negatives)
    below = np.searchsorted(order, positives, side="left")
    upto = np.searchsorted(order, positives, side="right")
    return float((below + upto).mean() / (2 * len(order)))


def reply_length(turns: Sequence[tuple[Message, ...]]) -> np.ndarray:
    """log words of the reply, and its square (both too short and too long can give away)."""
    return _length_columns([len(reply_of(turn).split()) for turn in turns])


def turn_length(turns: Sequence[tuple[Message, ...]]) -> np.ndarray:
    """The same for everything the model wrote, calls included, in characters."""
    return _length_columns([len(render([m for m in turn if m.role != "tool"])) for turn in turns])


def _length_columns(lengths: Sequence[int]) -> np.ndarray:
    logs = np.log1p(np.asarray(lengths, dtype=float))
    spread = logs.std() or 1.0
    scaled = (logs - logs.mean()) / spread
    return np.column_stack([scaled, scaled**2])


def reply_words(turns: Sequence[tuple[Message, ...]]) -> object:
    """Bag of words of the replies; references and numbers are words too."""
    from sklearn.feature_extraction.text import CountVectorizer

    counter = CountVectorizer(binary=True, token_pattern=r"\[\d+(?::\w+)?\]|[\w\u0900-\u097f]+", min_df=2)
    try:
        return counter.fit_transform([reply_of(turn) for turn in turns])
    except ValueError:  # no word occurs twice
        return np.zeros((len(turns), 1))


def _block(length: Leak, text: Leak, count: int) -> None:
    if length.low > LENGTH_BLOCK:
        raise MuseError(
            f"pair lint: reply length alone tells the chosen side (AUC {length.auc:.2f}, at least "
            f"{length.low:.2f}; the limit is {LENGTH_BLOCK}) in {count} pairs, after balancing. Raise "
            "pairs.contexts or pairs.samples_per_context, or lower the spread of pairs.temperatures."
        )
    if text.low > TEXT_BLOCK:
        raise MuseError(
            f"pair lint: the reply's words alone tell the chosen side (AUC {text.auc:.2f}, at least "
            f"{text.low:.2f}; the limit is {TEXT_BLOCK}) in {count} pairs: one side has a style of its own. "
            "Raise pairs.contexts so that more pairs are on-policy, or train SFT longer."
        )


def _warnings(length: Leak, text: Leak) -> tuple[str, ...]:
    notes = []
    if length.auc > LENGTH_BLOCK:
        notes.append(f"reply length alone tells the chosen side: AUC {length.auc:.2f} (limit {LENGTH_BLOCK})")
    if text.auc > TEXT_WARN:
        notes.append(f"the reply's words tell the chosen side: AUC {text.auc:.2f} (warned above {TEXT_WARN})")
    return tuple(notes)
