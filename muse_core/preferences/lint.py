"""The gate in front of DPO: is it quality that tells the chosen side? (docs/metrics.md#pair-lint)

First the pairs that must not stand are dropped and counted (`cleaning.py`), then some more until length
alone, and the reply's language alone, is within its limit. What is left is looked at with classifiers that
see one thing each (`artifact_probe.py`): a look blocks when the lower 95 % bound of its AUC is above the
limit, so that noise in a small run does not; the point value is what is reported. The length of the whole
turn with its calls is reported and never blocks: "call or not" is a difference in quality that cannot be
without length.

A pair from another side than train always blocks; so do more than a few pairs whose request also
occurs on an unseen side.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np

from muse_core.errors import MuseError
from muse_core.preferences.artifact_probe import (
    FOLDS,
    Look,
    Probe,
    probe,
    prompt_name,
    reply_form,
    reply_language,
    reply_length,
    reply_words,
    scores,
    turn_length,
)
from muse_core.preferences.cleaning import Cleaned, clean
from muse_core.types import PreferencePair

LENGTH_BLOCK = 0.60
TEXT_WARN = 0.65
TEXT_BLOCK = 0.80
SIDE_WARN = 0.60  # language and form: 0.60 is a fifth of the pairs told apart, all one way
SIDE_BLOCK = 0.65
MIN_PAIRS = 50  # fewer judge nothing
MAX_DROPPED = 0.3  # share of the pairs that balancing may take away
MAX_HELD_OUT = 0.05  # share of the pairs whose request occurs on an unseen side


@dataclass(frozen=True)
class Gate:
    """A look with its limits; `what` and `advice` are the words of a warning and of an error."""

    name: str
    look: Look
    warn: float
    block: float
    what: str
    advice: str


GATES = (
    Gate(
        "length", reply_length, LENGTH_BLOCK, LENGTH_BLOCK, "reply length alone tells the chosen side",
        "Raise pairs.contexts or pairs.samples_per_context, or lower the spread of pairs.temperatures.",
    ),
    Gate(
        "language", reply_language, SIDE_WARN, SIDE_BLOCK, "the reply's language alone tells the chosen side",
        "The model often leaves the shopper's language: train SFT longer, or lower pairs.temperatures.",
    ),
    Gate(
        "format", reply_form, SIDE_WARN, SIDE_BLOCK, "the reply's form alone tells the chosen side",
        "One side is cut off or broken: raise pairs.max_new_tokens, or train SFT longer.",
    ),
    Gate(
        "text", reply_words, TEXT_WARN, TEXT_BLOCK, "the reply's words alone tell the chosen side",
        "One side has a style of its own. Lower pairs.contrast_share, raise pairs.contexts so that more "
        "pairs are on-policy, or train SFT longer.",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class LintReport:
    """`pairs`: what is left; `numbers`: what was dropped and the AUCs, by metric name."""

    pairs: tuple[PreferencePair, ...]
    numbers: dict[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def lint(
    pairs: Sequence[PreferencePair], rng: np.random.Generator, held_out: Collection[str] = ()
) -> LintReport:
    """Drops what must not stand, probes what is left, and raises MuseError when one blocks. `held_out`:
    requests of the unseen sides, as `normal_text` writes them."""
    _need_train_side(pairs)
    cleaned = clean(pairs, held_out)
    _need_few_held_out(cleaned, len(pairs))
    kept = list(cleaned.pairs)
    numbers = {f"lint/dropped_{reason}": float(count) for reason, count in cleaned.dropped.items()}
    if len(kept) < MIN_PAIRS or len({prompt_name(pair) for pair in kept}) < 2 * FOLDS:
        note = f"pair lint: {len(kept)} pairs are too few to probe (at least {MIN_PAIRS})"
        return LintReport(tuple(kept), numbers | {"lint/judged": 0.0}, (note,))
    even = balance(kept, reply_length, LENGTH_BLOCK)
    balanced = balance(even, reply_language, SIDE_BLOCK)
    probes = {gate.name: probe(balanced, gate.look, rng) for gate in GATES}
    numbers |= {
        "lint/judged": 1.0,
        "lint/dropped_length": float(len(kept) - len(even)),
        "lint/dropped_language": float(len(even) - len(balanced)),
        "lint/length_auc_before": probe(kept, reply_length, rng).auc,
        "lint/turn_length_auc": probe(balanced, turn_length, rng).auc,
    }
    for name, probed in probes.items():
        numbers |= {f"lint/{name}_auc": probed.auc, f"lint/{name}_auc_low": probed.low}
    for gate in GATES:
        _block(gate, probes[gate.name], len(balanced))
    return LintReport(tuple(balanced), numbers, _warnings(probes))


def _need_train_side(pairs: Sequence[PreferencePair]) -> None:
    others = [pair.pair_id for pair in pairs if pair.side != "train"]
    if others:
        raise MuseError(
            f"pair lint: {len(others)} of {len(pairs)} pairs are not from the train side (first: "
            f"{others[0]}); a model must not be trained on what it is measured with. Make the pairs from "
            "train conversations."
        )


def _need_few_held_out(cleaned: Cleaned, count: int) -> None:
    shared = cleaned.dropped["held_out"]
    if shared > MAX_HELD_OUT * count:
        raise MuseError(
            f"pair lint: the requests of {shared} of {count} pairs also occur on the unseen sides (at most "
            f"{MAX_HELD_OUT:.0%} may, and are dropped): what is measured would have been seen in training. "
            "Look for repeated conversations in your own file, or raise conversations.count."
        )


def balance(pairs: Sequence[PreferencePair], look: Look, limit: float) -> list[PreferencePair]:
    """Drops, a few at a time, the pairs whose sides differ most in the direction that a look gives away,
    until it tells the chosen side within its limit; at most `MAX_DROPPED` of them."""
    kept = list(pairs)
    while (scored := scores(kept, look))[2] > limit:
        step = max(1, len(kept) // 50)
        if len(kept) - step < max(MIN_PAIRS, (1 - MAX_DROPPED) * len(pairs)):
            break
        gives_away = scored[0] - scored[1]
        worst = set(np.argsort(-gives_away, kind="stable")[:step].tolist())
        kept = [pair for k, pair in enumerate(kept) if k not in worst]
    return kept


def _block(gate: Gate, probed: Probe, count: int) -> None:
    if probed.low > gate.block:
        raise MuseError(
            f"pair lint: {gate.what} (AUC {probed.auc:.2f}, at least {probed.low:.2f}; the limit is "
            f"{gate.block:.2f}) in {count} pairs, after balancing length and language. {gate.advice}"
        )


def _warnings(probes: dict[str, Probe]) -> tuple[str, ...]:
    return tuple(
        f"{gate.what}: AUC {probes[gate.name].auc:.2f} (warned above {gate.warn:.2f})"
        for gate in GATES
        if probes[gate.name].auc > gate.warn
    )
