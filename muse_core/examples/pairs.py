"""Dial-DPO's pairs as forked examples: which of them train, which are held out, which are skipped.

A pair is one document: the prompt, computed once, then the chosen and the rejected turn, which do not see
each other. Only the tokens that the model writes itself count, on both sides (whole assistant turns; tool
results are masked). The loss is in `preference_loss.py`, the reference in `references.py`, what watches the
training in `flight_recorder.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from muse_core.examples.example import Example
from muse_core.models.loading import LoadedModel
from muse_core.models.tokenizer import encode, encode_turn
from muse_core.types import PreferencePair


@dataclass
class PairSet:
    """Examples by pair id; `too_long` and `duplicates` count what was skipped."""

    train: dict[str, Example] = field(default_factory=dict)
    held_out: dict[str, Example] = field(default_factory=dict)
    too_long: int = 0
    duplicates: int = 0

    @property
    def all(self) -> dict[str, Example]:
        return self.train | self.held_out

    def as_metrics(self) -> dict[str, float]:
        return {
            "dpo_pairs": float(len(self.train)),
            "dpo_held_out_pairs": float(len(self.held_out)),
            "dpo_too_long_pairs": float(self.too_long),
            "dpo_duplicate_pairs": float(self.duplicates),
        }


def pair_set(loaded: LoadedModel, pairs: Sequence[PreferencePair], max_tokens: int) -> PairSet:
    """Every pair once that fits `max_tokens`; about a tenth of the conversations are held out."""
    found, seen = PairSet(), set()
    for pair in pairs:
        example = example_of(loaded, pair, max_tokens)
        if example is None:
            found.too_long += 1
        elif (key := (tuple(example.ids), example.fork)) in seen:
            found.duplicates += 1
        else:
            seen.add(key)
            side = found.held_out if is_held_out(pair.conversation_id) else found.train
            side[pair.pair_id] = example
    return found


def example_of(loaded: LoadedModel, pair: PreferencePair, max_tokens: int) -> Example | None:
    """prompt, chosen turn, rejected turn as one forked example; None where it does not fit. Each side
    alone must fit `max_tokens`; turns of the prompt are dropped for both alike."""
    turns = [encode_turn(loaded.tokenizer, pair.prompt[-1:], turn) for turn in (pair.chosen, pair.rejected)]
    start = len(encode(loaded.tokenizer, pair.prompt[-1:], open_turn=True).ids)
    longest = max(len(turn.ids) - start for turn in turns)
    prompt = encode(loaded.tokenizer, pair.prompt, open_turn=True, max_tokens=max_tokens - longest)
    if len(prompt.ids) + longest > max_tokens:
        return None
    ids, parts = list(prompt.ids), [0] * len(prompt.ids)
    for turn in turns:
        ids += turn.ids[start:]
        parts += turn.parts[start:]
    first = len(prompt.ids)
    return Example(ids, parts, fork=(first, first + len(turns[0].ids) - start))


def is_held_out(conversation_id: str) -> bool:
    """About a tenth of the conversations, by hash: their pairs measure and choose, they never train."""
    return hashlib.sha256(f"held out {conversation_id}".encode()).digest()[0] % 10 == 0
