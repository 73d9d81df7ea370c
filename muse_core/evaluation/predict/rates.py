"""More turns for the rates that stand on one kind of turn, so that each has cases enough.

The sample of the headline figures is representative: whole conversations, none 35 %, each tool its
share. In 500 of its turns some 50 miss a slot and 35 need a plan: too few for a rate with a useful
interval. A rate of one kind of turn may be measured on more turns of that kind without changing what it
estimates. They come from the test conversations behind the sample and, where these are used up, from
conversations simulated for the test side's shoppers here (same families, noise and agenda as the test
side; never stored, never trained on). They count for the rates of `CONDITION_OF` and for nothing else:
the headline figures stay on the representative sample.

Not covered: a given file of conversations (`conversations.file`) is never topped up by simulation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from muse_core.config.run_config import ConversationsConfig, ReplyConfig, RunConfig
from muse_core.dialogue.families import all_families
from muse_core.dialogue.simulate import simulate
from muse_core.evaluation.predict.open_loop import Case, open_loop_cases
from muse_core.evaluation.score import metrics
from muse_core.evaluation.score.statistics import Statistic
from muse_core.records import Row
from muse_core.types import Conversation, JsonValue, Profile, TurnLabel

if TYPE_CHECKING:
    from muse_core.catalog.index import CatalogIndex

NO_CALL = "no call due"
CONDITION_OF: Mapping[str, str] = {
    "abstained": NO_CALL,
    "malformed_call": NO_CALL,
    "called_without_need": NO_CALL,
    "call_rate": "complete",
    "slot_rate": "missing_slot",
    "relevance_rate": "out_of_scope",
    "planning": "multi_step",
    "exact_plan": "multi_step",
}
CONDITIONS = tuple(dict.fromkeys(CONDITION_OF.values()))
ID = "e"  # conversations simulated here: e000001, …
_STREAM = 15
_ALL = 10**9
_MOST, _FRUITLESS = 4000, 200  # conversations simulated in all, at most, and without any gain


@dataclass(frozen=True)
class RateCases:
    """Cases beyond the sample; `drawn_for`: the condition that asked for each."""

    cases: tuple[Case, ...] = ()
    drawn_for: tuple[str, ...] = ()
    simulated: int = 0  # conversations

    def about(self) -> dict[str, JsonValue]:
        """How many turns each condition was given, and from how many simulated conversations."""
        return {**Counter(self.drawn_for), "simulated_conversations": self.simulated}

    def without(self, case_ids: Collection[str]) -> RateCases:
        """The same but for some cases."""
        kept = [
            (case, name)
            for case, name in zip(self.cases, self.drawn_for, strict=True)
            if case.case_id not in case_ids
        ]
        return RateCases(tuple(case for case, _ in kept), tuple(name for _, name in kept), self.simulated)


def rate_cases(
    conversations: Sequence[Conversation], sample: Sequence[Case], more: Iterator[Conversation], wanted: int
) -> RateCases:
    """The turns that the sample lacks for `wanted` of each condition, in the order of conversations.
    `more` gives further test-side conversations, or nothing."""
    known = {case.case_id for case in sample}
    left = [case for case in open_loop_cases(conversations, _ALL).cases if case.case_id not in known]
    found, extra = _chosen(sample, left, wanted), 0
    others = [one for one in conversations if one.side != "test"]
    while batch := _batch(more, _lacking(sample, found, wanted)):
        left += open_loop_cases([*others, *batch], _ALL).cases
        found, extra = _chosen(sample, left, wanted), extra + len(batch)
    return RateCases(tuple(case for case, _ in found), tuple(name for _, name in found), extra)


def _batch(more: Iterator[Conversation], lacking: Mapping[str, int]) -> list[Conversation]:
    """As many conversations as hold what lacks; fewer when they run out. A kind of turn that does not
    occur in this shop is not waited for: `_FRUITLESS` conversations without one are enough."""
    need, batch, idle = dict(lacking), list[Conversation](), 0
    while need and idle < _FRUITLESS and (one := next(more, None)) is not None:
        batch.append(one)
        hits = [name for name in need if any(fits(label, name) for label in one.labels)]
        for name in hits:
            need[name] -= sum(fits(label, name) for label in one.labels)
        need = {name: count for name, count in need.items() if count > 0}
        idle = 0 if hits else idle + 1
    return batch if idle < len(batch) else []


def _chosen(sample: Sequence[Case], left: Sequence[Case], wanted: int) -> list[tuple[Case, str]]:
    """Turns without a call first, as they come: they must keep their natural mix. Then each kind of turn
    up to what it still lacks."""
    found: list[tuple[Case, str]] = []
    taken: set[str] = set()
    for condition in CONDITIONS:
        have = sum(meets(case, condition) for case in (*sample, *(case for case, _ in found)))
        for case in left:
            if have >= wanted:
                break
            if case.case_id not in taken and meets(case, condition):
                found.append((case, condition))
                taken.add(case.case_id)
                have += 1
    return found


def _lacking(sample: Sequence[Case], found: Sequence[tuple[Case, str]], wanted: int) -> dict[str, int]:
    """How many cases each condition still needs; those that have enough are left out."""
    cases = [*sample, *(case for case, _ in found)]
    have = {name: sum(meets(case, name) for case in cases) for name in CONDITIONS}
    return {name: wanted - count for name, count in have.items() if count < wanted}


def meets(case: Case, condition: str) -> bool:
    """Whether a case counts for a condition."""
    return fits(case.label, condition)


def fits(label: TurnLabel, condition: str) -> bool:
    """Whether a turn counts for a condition."""
    return label.decision == "none" if condition == NO_CALL else label.turn_type == condition


def further_conversations(
    people: Sequence[Profile], index: CatalogIndex, talk: ConversationsConfig, style: str, seed: int
) -> Iterator[Conversation]:
    """Test-side conversations beyond the table's, each with its own generator; none without shoppers.
    `talk`: their noise and number of turns; `style`: how replies name items."""
    config = RunConfig(conversations=talk, reply=ReplyConfig.model_validate({"style": style}))
    shoppers = [profile for profile in people if profile.side == "test"]
    families = all_families()
    for number in range(_MOST if shoppers else 0):
        rng = np.random.default_rng([seed, _STREAM, number])
        shopper = shoppers[number % len(shoppers)]
        yield simulate(shopper, index, rng, config, families, f"{ID}{number:06d}")


def rate_statistics(rows: Sequence[Row], drawn_for: Sequence[str]) -> list[Statistic]:
    """The rates of `CONDITION_OF` over sample and further turns; `drawn_for` is "" in the sample.

    Turns drawn for one kind would spoil the mix of those without a call, so these leave them out."""
    facts = metrics.facts_of(rows)
    natural = np.array([name in ("", NO_CALL) for name in drawn_for], dtype=bool)
    found = [*metrics.decisions(rows, facts), *metrics.planning(rows, facts)]
    return [
        one.within(natural) if CONDITION_OF[one.name] == NO_CALL else one
        for one in found
        if one.name in CONDITION_OF
    ]
