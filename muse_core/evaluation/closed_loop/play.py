"""The closed loop: simulated shoppers with hidden goals talk to a model, or to the expert policy.

All open conversations take a turn together through the batched generation; each has its own shop world,
in which the model's calls run. The model is heard as it is served: greedy, repaired where something cannot
be shown (`generation/answer.py`); its own faults stay on its record. Every goal is talked about four times
with other words, orders and detours. The expert runs the gold calls of the shopper's own sentences: its
row is the ceiling, and its turns are those that a model's turns are compared with. Words come from the
test side's families, with twice the noise of training's simulator.

Not covered: pictures; shoppers who change their mind; more than one thing wanted in a conversation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from muse_core.dialogue.assortment import assortment_of
from muse_core.dialogue.closed_loop_turns import Ending, Heard, Spoken
from muse_core.dialogue.families import all_families
from muse_core.dialogue.goal_driven_shopper import GoalShopper
from muse_core.dialogue.goals import Wish
from muse_core.dialogue.hidden_goals import SEEDS, HiddenGoal, agenda, hidden_goals
from muse_core.dialogue.shopper import Shopper, script_of
from muse_core.dialogue.simulate import Expert
from muse_core.evaluation.closed_loop.reading import read_turn
from muse_core.generation.answer import Repair, answer
from muse_core.generation.assistant import TurnRequest
from muse_core.generation.decode import Sampling
from muse_core.generation.faults import Fault, fault_of
from muse_core.models.loading import LoadedModel
from muse_core.profiles.system_line import language_of, profile_line, system_content
from muse_core.progress import Progress
from muse_core.tools.toolbox import Toolbox
from muse_core.types import Message, Product
from muse_core.world.replay import world_for

if TYPE_CHECKING:
    from muse_core.catalog.index import CatalogIndex
    from muse_core.world.shop import Shop

NOISE = 2.0  # times training's
_PERSON = 14  # stream of random numbers


@dataclass(frozen=True)
class Market:
    """Where the conversations take place: the shop, the goals, the shoppers' noise, the run's seed."""

    index: CatalogIndex
    goals: tuple[HiddenGoal, ...]
    noise: float
    seed: int


def open_market(shop: Shop, goals: int, noise: float, seed: int) -> Market:
    """`goals` hidden goals of the shop's test-side shoppers; `noise` is training's."""
    found = hidden_goals(assortment_of(shop.index), list(shop.profiles.values()), goals, seed)
    return Market(shop.index, tuple(found), min(1.0, NOISE * noise), seed)


@dataclass(frozen=True)
class Played:
    """One conversation that has ended. `recommended`: the products named last."""

    goal: HiddenGoal
    talk: int
    spoken: tuple[Spoken, ...]
    heard: tuple[Heard, ...]
    messages: tuple[Message, ...]
    ending: Ending
    recommended: tuple[Product, ...]

    @property
    def turns(self) -> int:
        return len(self.spoken)

    @property
    def case_id(self) -> str:
        return f"{self.goal.goal_id}.{self.talk}"


@dataclass
class _Talk:
    """A conversation under way."""

    talk: int
    shopper: GoalShopper
    market: Market
    messages: list[Message]
    heard: list[Heard] = field(default_factory=list)

    def take(self, turn: Sequence[Message], fault: Fault | None = None, repair: Repair | None = None) -> None:
        """The assistant's turn as it is served, closed by a reply even where it brought none."""
        language = language_of(self.messages)
        heard = read_turn(self.messages, turn, language, self.market.index, fault, repair)
        self.messages += turn
        if not turn or turn[-1].role != "assistant" or turn[-1].tool_calls:
            self.messages.append(Message("assistant", ""))
        self.heard.append(heard)
        self.shopper.hear(heard)

    def ended(self) -> Played:
        shopper = self.shopper
        return Played(
            shopper.goal,
            self.talk,
            tuple(shopper.spoken),
            tuple(self.heard),
            tuple(self.messages),
            shopper.ending or "too long",
            shopper.holds,
        )


Answer = Callable[[Sequence[_Talk]], None]


def play_model(
    loaded: LoadedModel, market: Market, max_new_tokens: int, progress: Progress | None = None
) -> list[Played]:
    """The conversations of every goal with a model, greedy, in the order of goals and seeds."""
    sampling = Sampling(max_new_tokens=max_new_tokens)

    def reply(talks: Sequence[_Talk]) -> None:
        requests = [
            TurnRequest(tuple(one.messages), one.shopper.world, one.shopper.person.turn) for one in talks
        ]
        for talk, served in zip(talks, answer(loaded, requests, sampling), strict=True):
            talk.take(served.messages, served.fault, served.repair)

    return _play(market, reply, progress)


def play_expert(market: Market, style: str, progress: Progress | None = None) -> list[Played]:
    """The same conversations with the expert policy, which knows what each sentence asks for."""

    def reply(talks: Sequence[_Talk]) -> None:
        for talk in talks:
            turn = _expert_turn(talk, style)
            talk.take(turn, fault_of(talk.messages, turn, False, language_of(talk.messages)))

    return _play(market, reply, progress)


def _expert_turn(talk: _Talk, style: str) -> list[Message]:
    shopper = talk.shopper
    expert = Expert(Toolbox(shopper.world), style)
    messages, _ = expert.answer(shopper.spoken[-1].said, shopper.person.turn, shopper.person)
    return messages


def _play(market: Market, reply: Answer, progress: Progress | None) -> list[Played]:
    talks = list(_talks(market))
    going = talks
    while going:
        for talk in going:
            spoken = talk.shopper.say()
            if spoken is not None:
                talk.messages.append(Message("user", spoken.text))
        going = [talk for talk in going if talk.shopper.ending is None]
        if going:
            reply(going)
        if progress is not None:
            progress.update(len(talks) - len(going), len(talks), "conversations")
    return [talk.ended() for talk in talks]


def _talks(market: Market) -> Iterator[_Talk]:
    for number, goal in enumerate(market.goals):
        for talk in range(SEEDS):
            world = world_for(goal.profile, market.index)
            stream = (market.seed, number, talk)
            plan = agenda(goal, number, talk, market.seed)
            shopper = GoalShopper(goal, plan, _person(goal, market, stream), world, stream)
            told = system_content(market.index.catalog.facets, profile_line(goal.profile))
            yield _Talk(talk, shopper, market, [Message("system", told)])


def _person(goal: HiddenGoal, market: Market, stream: tuple[int, ...]) -> Shopper:
    rng = np.random.default_rng([*stream, _PERSON])
    shop, wish = assortment_of(market.index), Wish(goal.target, None)
    script, habit = script_of(goal.profile.language, rng), float(rng.random())
    return Shopper(goal.profile, shop, all_families(), rng, market.noise, script, habit, wish, wish, script)
