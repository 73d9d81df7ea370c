"""One simulated conversation: a shopper with a hidden goal, an expert that runs the real tools.

`simulate` lets the agenda choose moves, the shopper put them into words, the expert policy run the
gold calls through the real `Toolbox`, and the reply writer answer. Everything random comes from the
generator that is passed in; the same profile, catalogue and generator state give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from muse_core import records
from muse_core.config.run_config import ConversationsConfig, RunConfig
from muse_core.dialogue import goals
from muse_core.dialogue.agenda import Move, State, screen_of, walk
from muse_core.dialogue.assortment import assortment_of
from muse_core.dialogue.demand import Demand
from muse_core.dialogue.families import FamilyBook, Wordings
from muse_core.dialogue.focus import focus_of
from muse_core.dialogue.goals import Wish
from muse_core.dialogue.moves import say
from muse_core.dialogue.replies import Outcome, limit_to_relax, reply
from muse_core.dialogue.shopper import Said, Shopper, script_of
from muse_core.profiles.reserved import is_reserved
from muse_core.profiles.system_line import profile_line, system_content
from muse_core.tools.references import items_of
from muse_core.tools.toolbox import PRODUCT_TOOLS, TOOLS, Toolbox
from muse_core.types import Conversation, Goal, JsonValue, Message, Profile, ToolCall, ToolResult, TurnLabel
from muse_core.world.replay import picture_bytes, world_for

if TYPE_CHECKING:
    from muse_core.catalog.index import CatalogIndex

_RECOVERED = 0.7  # of searches that find nothing and could without one limit; the others ask the shopper


def simulate(
    profile: Profile,
    index: CatalogIndex,
    rng: np.random.Generator,
    config: RunConfig,
    families: FamilyBook,
    conversation_id: str,
    shop_name: str | None = None,
    demand: Demand | None = None,
) -> Conversation:
    """One conversation of a shopper with the expert; `shop_name`: the other shop that `index` is of;
    `demand`: what the people of this shop ask for."""
    in_hindi = shop_name is not None and profile.language == "hi"
    shop = replace(assortment_of(index, in_hindi), demand=demand)
    wish = goals.new_wish(shop, profile, rng)
    script = script_of(profile.language, rng, demand)
    noise, habit = config.conversations.noise, float(rng.random())
    wordings = _wordings_of(profile, config.pairs.reserved_share)
    shopper = Shopper(profile, shop, families, rng, noise, script, habit, wish, wish, script, wordings)
    expert = Expert(Toolbox(world_for(profile, index)), config.reply.style)
    messages: list[Message] = []
    labels: list[TurnLabel] = []
    for turn, (said, acts, plan) in enumerate(turns(shopper, expert, config.conversations)):
        messages += [Message("user", said.utterance.text), *acts]
        labels.append(_label(said, turn, plan))
    told = system_content(index.catalog.facets, profile_line(profile))
    return Conversation(
        conversation_id=conversation_id,
        profile_id=profile.profile_id,
        language=profile.language,
        messages=(Message("system", told), *messages),
        goal=_goal(profile, shopper.first_wish),
        side=profile.side,
        labels=tuple(labels),
        attachments=dict(shopper.attachments),
        shop=shop_name,
    )


def _wordings_of(profile: Profile, reserved_share: float) -> Wordings:
    """Which families of the side: whoever is kept from SFT asks in wordings that SFT does not read."""
    if not reserved_share or profile.side != "train":
        return "all"
    return "reserved" if is_reserved(profile.profile_id, reserved_share) else "common"


def turns(
    shopper: Shopper, expert: Expert, settings: ConversationsConfig
) -> Iterator[tuple[Said, list[Message], tuple[str, ...]]]:
    """What is said in each turn, the acts that answer it and the tools that ran. A turn is one move of the
    agenda; the answer to a question follows it."""
    fewest, most = settings.min_user_turns, settings.max_user_turns
    shop = shopper.shop
    steps = walk(fewest, most, shop.has_images, shop.demand.wanted() if shop.demand else ())
    count = fewest + int(shopper.rng.random() * (most - fewest + 1))
    world = expert.toolbox.world
    last: Move | None = None
    for turn in range(count):
        shopper.turn = turn
        screen = screen_of(len(world.session.last_ids) if shopper.sees_results else 0)
        move = steps.pick(State(count - turn, screen, last), shopper.rng)
        last = last if shopper.pending is not None else move
        said = say(shopper, move, world, is_last=turn == count - 1)
        acts, plan = expert.answer(said, turn, shopper)
        shopper.focus = focus_of(acts, shopper.focus)
        yield said, acts, plan


@dataclass
class Expert:
    """The policy: runs the calls that the shopper's words ask for, in order, and answers."""

    toolbox: Toolbox
    style: str

    def answer(self, said: Said, turn: int, shopper: Shopper) -> tuple[list[Message], tuple[str, ...]]:
        """(acts of the turn, tools that ran). A chain stops where a result is empty."""
        world = self.toolbox.world
        world.attachments = picture_bytes(shopper.attachments, shopper.shop.index)
        acts: list[Message] = []
        known: JsonValue = {"items": list(shopper.items)} if said.about else None  # type: ignore[arg-type]
        outcome = Outcome(said.situation, value=known, about=said.about)
        plan: list[str] = []
        for step, (name, arguments) in enumerate(said.calls):
            call = ToolCall(f"c{turn}.{step}", name, dict(arguments))
            result = self.toolbox.run(call)
            acts += [Message("assistant", "", (call,)), records.tool_message(result)]
            plan.append(name)
            outcome = _outcome(call, result)
            has_found = bool(items_of(result.value))
            if name in PRODUCT_TOOLS:
                shopper.sees_results = has_found
            shopper.items = items_of(result.value) if name in PRODUCT_TOOLS else ()
            if not has_found:
                break
        again = self._relaxed(shopper, outcome, len(said.calls), f"c{turn}.{len(plan)}")
        if again is not None:
            result = self.toolbox.run(again)
            acts += [Message("assistant", "", (again,)), records.tool_message(result)]
            plan.append(again.name)
            shopper.items = items_of(result.value)
            shopper.sees_results = bool(shopper.items)
            found = replace(outcome, situation="relaxed", value=result.value)
            outcome = found if shopper.items else Outcome("empty_without_limit")
        voice = shopper.voice()
        acts.append(Message("assistant", reply(outcome, voice, shopper.profile.formality, self.style)))
        return acts, tuple(plan)

    def _relaxed(self, shopper: Shopper, outcome: Outcome, steps: int, call_id: str) -> ToolCall | None:
        """A call that found nothing, without the limit that stood in the way, whether or not it was that;
        None when there is none, or the shopper is asked instead."""
        is_tried = bool(outcome.tool) and TOOLS[outcome.tool].relaxes and steps == 1
        if not is_tried or items_of(outcome.value):
            return None
        limit = limit_to_relax(outcome.arguments)
        if limit is None or shopper.rng.random() > _RECOVERED:
            return None
        kept = {name: value for name, value in outcome.arguments.items() if name != limit}
        return ToolCall(call_id, outcome.tool, kept)


def _outcome(call: ToolCall, result: ToolResult) -> Outcome:
    """What the reply answers to. An error of a tool that names no reply to one is the simulator's fault."""
    if result.error is None:
        return Outcome("", call.name, call.arguments, result.value)
    failure = TOOLS[call.name].failure
    if not failure:
        raise ValueError(f"the expert's own call failed: {call.name}({call.arguments}): {result.error}")
    return Outcome(failure)


def _label(said: Said, turn: int, plan: Sequence[str]) -> TurnLabel:
    decision = plan[0] if plan else "none"
    return TurnLabel(
        turn=turn,
        turn_type=said.turn_type,
        family=said.family.family_id,
        decision=decision,
        acceptable=said.acceptable,
        optional_arguments=said.optional,
        plans=_plans(said, plan),
        missing_slot=said.missing_slot,
        position=said.utterance.position if plan else None,
    )


def _plans(said: Said, plan: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The accepted tool sequences: the one that ran; the shopper's other ones, unless a chain was cut short;
    and to ask instead of searching on after an empty result."""
    if not plan:
        return ()
    if len(plan) > len(said.calls):
        return tuple(plan), tuple(plan[: len(said.calls)])
    return (tuple(plan), *(said.other_plans if len(plan) == len(said.calls) else ()))


def _goal(profile: Profile, wish: Wish) -> Goal:
    """The first wish, with the constraints that its target meets."""
    said = {name: value for name, value in wish.said.items() if goals.meets(wish.target, name, value)}
    preferences: dict[str, JsonValue] = {
        "brands": list(profile.favourite_brands),
        "colours": list(profile.favourite_colours),
    }
    return Goal(
        scenario=profile.style,
        constraints={"product_type": wish.target.product_type, **said},
        preferences={name: values for name, values in preferences.items() if values},
        target_ids=(wish.target.product_id,),
    )
