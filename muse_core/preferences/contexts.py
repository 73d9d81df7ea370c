"""The user turns that pairs are made from, and the environment that their samples run in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from muse_core.catalog.product import Catalog
from muse_core.preferences.reward import GoldTurn, RewardParts, reward
from muse_core.tools.base import ShopWorld
from muse_core.tools.shop_schema import schema_of
from muse_core.types import Conversation, Message, Profile, Side, TurnLabel
from muse_core.world.replay import context_before
from muse_core.world.shop import Shop
from muse_core.world.turns import Turn


@dataclass(frozen=True)
class Context:
    """One user turn to answer. `name` is `conversation.turn`; `prompt` ends with the user's message."""

    conversation: Conversation
    label: TurnLabel

    @property
    def name(self) -> str:
        return f"{self.conversation.conversation_id}.{self.label.turn}"

    @cached_property
    def prompt(self) -> tuple[Message, ...]:
        return context_before(self.conversation, self.label.turn)

    @cached_property
    def gold(self) -> GoldTurn:
        return GoldTurn.of(self.conversation, self.label)


@dataclass(frozen=True)
class Environment:
    """Where turns are run and rewarded: the shop, and how replies name products (`reply.style`)."""

    shop: Shop
    reply_style: str

    def profile(self, context: Context) -> Profile | None:
        return self.shop.profile_of(context.conversation)

    def world(self, context: Context) -> ShopWorld:
        """A fresh world as it stands before the turn: earlier calls are run again."""
        return self.shop.world_before(context.conversation, context.label.turn)

    def catalog(self, context: Context) -> Catalog:
        """Of the shop that the conversation happens in."""
        return self.shop.index_of(context.conversation).catalog

    def reward(self, turn: Turn, malformed: bool, context: Context) -> RewardParts:
        catalog = self.catalog(context)
        schema = schema_of(catalog.facets)
        return reward(turn, malformed, context.gold, catalog.by_id, self.reply_style, schema)


def branch(world: ShopWorld) -> ShopWorld:
    """The same world with a session of its own: what is run in it leaves the other untouched."""
    return replace(world, session=copy(world.session))


def contexts_of(conversations: Sequence[Conversation], side: Side) -> list[Context]:
    """Every labelled turn of a side, in the order of the conversations."""
    return [Context(talk, label) for talk in conversations if talk.side == side for label in talk.labels]


def choose_contexts(
    conversations: Sequence[Conversation], side: Side, count: int, rng: np.random.Generator
) -> list[Context]:
    """At most `count` turns of one side, evenly over turn types and languages: the cells take turns."""
    cells: dict[tuple[str, str], list[Context]] = defaultdict(list)
    for context in contexts_of(conversations, side):
        cells[(context.label.turn_type, context.conversation.language)].append(context)
    queues = [[cells[key][k] for k in rng.permutation(len(cells[key]))] for key in sorted(cells)]
    rounds = max((len(queue) for queue in queues), default=0)
    dealt = [queue[k] for k in range(rounds) for queue in queues if k < len(queue)]
    return dealt[:count]
