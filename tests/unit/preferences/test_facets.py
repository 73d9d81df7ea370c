"""The reward and the contrast turns in a shop with facets."""

from __future__ import annotations

from functools import lru_cache

from muse_core.preferences.contexts import Context, Environment
from muse_core.preferences.contrast import contrast_match
from muse_core.preferences.reward import GoldTurn, reward
from muse_core.records import tool_message
from muse_core.tools.shop_schema import schema_of
from muse_core.tools.toolbox import Toolbox
from muse_core.types import Message, ToolCall
from muse_core.world.replay import gold_call
from muse_core.world.shop import Shop
from muse_core.world.turns import Turn
from tests.unit.dialogue.builders_dialogue import conversations, index, profiles


@lru_cache(maxsize=1)
def contexts() -> tuple[Context, ...]:
    """Searches with a facet or an exclusion."""
    facets = {facet.name for facet in index().catalog.facets}
    return tuple(
        Context(one, label)
        for one in conversations()
        for label in one.labels
        if (call := gold_call(one, label.turn)) is not None
        and call.name == "search"
        and any(name[4:] in facets or name in facets or name.startswith("not_") for name in call.arguments)
    )


def environment() -> Environment:
    return Environment(Shop(index(), {one.profile_id: one for one in profiles()}), "references")


def test_the_gold_turn_earns_everything_where_it_finds_something() -> None:
    schema = schema_of(index().catalog.facets)
    totals = [
        reward(gold.turn, False, gold, index().catalog.by_id, schema=schema)
        for gold in (GoldTurn.of(one.conversation, one.label) for one in contexts()[:80])
    ]
    assert sum(parts.arguments == parts.constraints == 1 for parts in totals) >= 0.95 * len(totals)


def test_a_product_that_lacks_what_was_asked_for_does_not_meet_it() -> None:
    shop, schema = index(), schema_of(index().catalog.facets)
    one = next(
        context for context in contexts() if set(context.gold.calls[0].arguments) & {"memory", "min_memory"}
    )
    gold = GoldTurn.of(one.conversation, one.label)
    call = ToolCall("c0.0", "search", {"query": "belt"})
    result = Toolbox(environment().world(one)).run(call)
    said = Message("assistant", "You may like [1] for [1:price].")
    wrong = reward(
        Turn((Message("assistant", "", (call,)), tool_message(result), said)),
        False, gold, shop.catalog.by_id, schema=schema,
    )  # fmt: skip
    assert wrong.constraints == 0 and wrong.arguments < 1


def test_contrast_turns_get_facets_and_exclusions_wrong() -> None:
    facets = {facet.name for facet in index().catalog.facets}
    wrong_facets, dropped = 0, 0
    for one in contexts()[:120]:
        gold = one.gold.calls[0].arguments
        for kind in ("wrong_value", "dropped_limit"):
            match = contrast_match(kind, one, environment(), 0.05, 3)
            if match is None:
                continue
            made = match.rejected.turn.calls[0].arguments
            changed = {name for name in gold.keys() | made.keys() if gold.get(name) != made.get(name)}
            slots = {name[4:] if name[:4] in ("min_", "max_", "not_") else name for name in changed}
            wrong_facets += kind == "wrong_value" and bool(slots & facets)
            dropped += kind == "dropped_limit" and any(name.startswith("not_") for name in changed)
    assert wrong_facets >= 5
    assert dropped >= 1
