"""Rejection sampling: of the turns that were drawn, those that the reward proves right, and what each weighs.

A turn is right when it is whole, decides rightly and earns `min_reward`. A context weighs the share of its
samples that are wrong, shared among its distinct right turns: that is the weight which a group's right turns
have in a policy gradient with a reward of 0 or 1. What the model always gets right teaches nothing more, and
what it never does has nothing to teach by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import TYPE_CHECKING

from muse_core.examples.example import Example
from muse_core.examples.sampled import SampledTurn
from muse_core.preferences.contexts import Context
from muse_core.preferences.groups import Drawn, Group
from muse_core.types import Message

if TYPE_CHECKING:
    from muse_core.models.loading import LoadedModel


@dataclass(frozen=True)
class Kept:
    """One right turn; `weight` averages 1 over all that were kept."""

    context: Context
    turn: tuple[Message, ...]
    weight: float


def keep_right(groups: Sequence[Group], min_reward: float) -> tuple[list[Kept], dict[str, float]]:
    """The distinct right turns, and counts: contexts `always_right`, `never_right`, `teaching`; `kept`."""
    found: list[Kept] = []
    always = never = 0
    for group in groups:
        right = [one for one in group.drawn if is_right(one, min_reward)]
        always += len(right) == len(group.drawn)
        never += not right
        distinct = {one.sample.text: one.sample.turn.messages for one in right}
        rarity = 1 - len(right) / len(group.drawn)
        if rarity:
            found += [Kept(group.context, turn, rarity / len(distinct)) for turn in distinct.values()]
    mean = fmean(one.weight for one in found) if found else 1.0
    teaching = len(groups) - always - never
    counts = {"contexts": len(groups), "always_right": always, "never_right": never, "teaching": teaching}
    named = {name: float(value) for name, value in counts.items()} | {"kept": float(len(found))}
    return [replace(one, weight=one.weight / mean) for one in found], named


def is_right(drawn: Drawn, min_reward: float) -> bool:
    """Whether the reward proves a turn right; rewards are sums of floats, so that they are compared
    rounded."""
    sample = drawn.sample
    return sample.is_whole and sample.parts.decision == 1.0 and round(drawn.reward, 9) >= min_reward


def taught_by(loaded: LoadedModel, kept: Sequence[Kept], max_tokens: int) -> tuple[list[Example], int]:
    """The turns as examples whose parts are SFT's, and how many do not fit `max_tokens`."""
    from muse_core.models.tokenizer import encode_turn

    found: list[Example] = []
    for one in kept:
        read = encode_turn(loaded.tokenizer, one.context.prompt, one.turn, max_tokens)
        if len(read.ids) <= max_tokens:
            found.append(SampledTurn(read.ids, read.parts, credit=one.weight))
    return found, len(kept) - len(found)
