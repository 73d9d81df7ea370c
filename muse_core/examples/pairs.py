"""Dial-DPO's pairs as forked examples: which of them train, which are held out, which are skipped.

A pair is one document: the prompt, computed once, then the chosen and the rejected turn, which do not see
each other. Only the tokens that the model writes itself count, on both sides (tool results are masked), and
of these, by `dpo.scope`:

- `turn`: the whole turns
- `act`: up to and with the first act in which the two turns part. That act is where one of them was right
  and the other wrong (as the first wrong step in Step-DPO, Lai et al. 2024, arXiv 2406.18629); what comes
  behind it answers to another result, and its length may decide more than its worth

Where a model calls too readily, nearly all pairs whose sides decide differently say "ask, do not search",
and DPO learns that as a habit. `PairSet.in_turn` lets the few of the opposite direction come more often.

The loss is in `preference_loss.py`, the reference in `references.py`, what watches the
training in `flight_recorder.py`.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle, groupby, islice
from typing import Literal

from muse_core.examples.example import Example
from muse_core.models.loading import LoadedModel
from muse_core.models.tokenizer import encode, encode_turn
from muse_core.records import decision_of
from muse_core.types import PreferencePair

Scope = Literal["turn", "act"]


@dataclass
class PairSet:
    """Examples by pair id; `too_long` and `duplicates` count what was skipped. `directions`: what the chosen
    and what the rejected turn of a pair decide."""

    train: dict[str, Example] = field(default_factory=dict)
    held_out: dict[str, Example] = field(default_factory=dict)
    too_long: int = 0
    duplicates: int = 0
    directions: dict[str, tuple[str, str]] = field(default_factory=dict)

    def in_turn(self, max_repeats: int) -> list[str]:
        """The ids of the pairs to train on, those of a rarer direction up to `max_repeats` times: as often as
        the opposite one comes. Pairs whose sides decide alike come once."""
        count = Counter(self.directions[name] for name in self.train)
        order: list[str] = []
        for direction, own in count.items():
            names = [name for name in self.train if self.directions[name] == direction]
            wanted = max(own, min(count[direction[::-1]], max_repeats * own))
            order += islice(cycle(names), wanted)
        return order

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


def pair_set(loaded: LoadedModel, pairs: Sequence[PreferencePair], max_tokens: int, scope: Scope) -> PairSet:
    """Every pair once that fits `max_tokens`; about a tenth of the conversations are held out."""
    found, seen = PairSet(), set()
    for pair in pairs:
        example = example_of(loaded, pair, max_tokens, scope)
        if example is None:
            found.too_long += 1
        elif (key := (tuple(example.ids), example.fork)) in seen:
            found.duplicates += 1
        else:
            seen.add(key)
            side = found.held_out if is_held_out(pair.conversation_id) else found.train
            side[pair.pair_id] = example
            found.directions[pair.pair_id] = (decision_of(pair.chosen), decision_of(pair.rejected))
    return found


def example_of(loaded: LoadedModel, pair: PreferencePair, max_tokens: int, scope: Scope) -> Example | None:
    """prompt, chosen turn, rejected turn as one forked example; None where it does not fit. Each side
    alone must fit `max_tokens`; turns of the prompt are dropped for both alike."""
    turns = [encode_turn(loaded.tokenizer, pair.prompt[-1:], turn) for turn in (pair.chosen, pair.rejected)]
    start = len(encode(loaded.tokenizer, pair.prompt[-1:], open_turn=True).ids)
    longest = max(len(turn.ids) - start for turn in turns)
    prompt = encode(loaded.tokenizer, pair.prompt, open_turn=True, max_tokens=max_tokens - longest)
    if len(prompt.ids) + longest > max_tokens:
        return None
    sides = [turn.ids[start:] for turn in turns]
    masks = [turn.parts[start:] for turn in turns]
    if scope == "act":
        masks = _up_to_the_parting_act(sides, masks)
    first = len(prompt.ids)
    return Example(
        [*prompt.ids, *sides[0], *sides[1]],
        [0] * first + masks[0] + masks[1],
        fork=(first, first + len(sides[0])),
    )


def _up_to_the_parting_act(sides: Sequence[list[int]], masks: Sequence[list[int]]) -> list[list[int]]:
    """The masks without the acts behind the first one that differs."""
    found = [acts(mask) for mask in masks]
    common = zip(*found, strict=False)
    parting = next(
        (k for k, (one, other) in enumerate(common) if sides[0][one] != sides[1][other]),
        min(map(len, found)) - 1,
    )
    ends = [side[parting].stop for side in found]
    return [mask[:end] + [0] * (len(mask) - end) for mask, end in zip(masks, ends, strict=True)]


def acts(mask: Sequence[int]) -> list[slice]:
    """Where a turn's acts stand: the runs of counted tokens, between which results stand."""
    found, at = [], 0
    for counts, run in groupby(mask, bool):
        size = len(list(run))
        if counts:
            found.append(slice(at, at + size))
        at += size
    return found


def is_held_out(conversation_id: str) -> bool:
    """About a tenth of the conversations, by hash: their pairs measure and choose, they never train."""
    return hashlib.sha256(f"held out {conversation_id}".encode()).digest()[0] % 10 == 0
