"""What no tool answers: enough of it, of every kind, declined; never where a shop has a tool for it."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

import pytest

from muse_core.dialogue import shares
from muse_core.dialogue.replies import texts
from muse_core.dialogue.talk import served
from muse_core.scoring.declines import declines
from muse_core.tools.base import ShopWorld, Tool, ToolArguments
from muse_core.tools.toolbox import OWN_TOOLS, REGISTRY
from muse_core.types import JsonValue
from muse_core.wordings.kinds import kinds
from muse_core.wordings.words import SCRIPTS, Script
from muse_core.world.replay import turn_messages, user_text
from tests.unit.dialogue.builders_dialogue import conversations, converse, index, profiles

OF_MANNERS = ("abilities", "abuse", "gibberish", "wait")


def kind_of(family: str) -> str:
    return family.split("/", 2)[2].split("-", 1)[0]


def test_an_eighth_of_the_turns_asks_for_what_no_tool_answers() -> None:
    labels = [label for one in conversations() for label in one.labels]
    counts = Counter(kind_of(label.family) for label in labels)
    named = {*shares.SERVICES, *OF_MANNERS}
    assert named <= counts.keys()
    assert 0.1 <= sum(counts[kind] for kind in named) / len(labels) <= 0.17


def test_what_no_tool_answers_calls_nothing() -> None:
    for one in conversations():
        for label in one.labels:
            if kind_of(label.family) in {*shares.SERVICES, *OF_MANNERS}:
                assert (label.decision, label.position) == ("none", None)
                assert len(turn_messages(one, label.turn)) == 1


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("formality", ["polite", "casual"])
def test_every_reply_to_a_service_declines(script: Script, formality: str) -> None:
    for kind in kinds()["out_of_scope"]:
        situation = f"decline_{kind}" if kind in shares.SERVICES else "decline"
        for text in texts(script, situation, formality):
            assert declines(text), (kind, text)


def test_questions_about_results_wait_for_some() -> None:
    for one in conversations():
        seen = False
        for label in one.labels:
            assert seen or kind_of(label.family) not in shares.OF_RESULTS
            seen = seen or any(act.role == "tool" for act in turn_messages(one, label.turn))


def test_keys_hit_at_random_differ() -> None:
    said = [
        user_text(one, label.turn)
        for one in conversations()
        for label in one.labels
        if kind_of(label.family) == "gibberish"
    ]
    assert len(said) >= 5 and len(set(said)) == len(said)


class Track(Tool):
    """Of a shop that knows its parcels."""

    name: ClassVar[str] = "track_order"
    description: ClassVar[str] = "say where a parcel is, and when it will be delivered"
    turn_type = "comparison"
    wordings = ("plain",)
    replies = ("compared",)

    class Arguments(ToolArguments):
        pass

    def __call__(self, arguments: ToolArguments, world: ShopWorld) -> JsonValue:
        return {"text": "on its way"}


class Engrave(Track):
    """Of a shop whose tool has nothing to do with any of these."""

    name: ClassVar[str] = "engrave"
    description: ClassVar[str] = "write a text on a ring; ships nothing"


def test_what_a_shops_own_tool_answers_is_not_declined() -> None:
    assert not served()
    with REGISTRY.only([*OWN_TOOLS, Track()]):
        assert served() == {"delivery", "order", "status"}
        made = converse(index(), profiles()[:60], 60)
        said = Counter(kind_of(label.family) for one in made for label in one.labels)
        assert not {"delivery", "order", "status"} & said.keys() and said["returns"]
    assert not served()


def test_a_tool_is_known_by_whole_words_where_they_are_short() -> None:
    with REGISTRY.only([*OWN_TOOLS, Engrave()]):
        assert not served()


def test_each_kind_has_a_reply_of_its_own() -> None:
    assert shares.SERVICES.keys() == {name for name, kind in kinds()["out_of_scope"].items() if kind.served}
    for weights in (shares.OF_RESULTS, shares.SERVICES.keys() - shares.OF_RESULTS):
        assert sum(shares.SERVICES[name] for name in weights) == pytest.approx(1)


def test_what_comes_up_rarely_comes_up_often_enough_to_be_learnt() -> None:
    """Seven of a thousand turns; half as many in a sample of this size."""
    labels = [label for one in conversations() for label in one.labels]
    counts = Counter(kind_of(label.family) for label in labels)
    rare = {name: counts[name] / len(labels) for name in (*shares.SERVICES, *OF_MANNERS, "thanks")}
    assert min(rare.values()) > 0.0035, rare


def test_an_order_that_was_placed_is_answered_apart() -> None:
    """Who asks where it is, is told that orders are not seen, and what can be done instead."""
    for one in conversations():
        for label in one.labels:
            if kind_of(label.family) == "status":
                (reply,) = turn_messages(one, label.turn)
                assert declines(reply.content) and (
                    "order" in reply.content.lower() or "ऑर्डर" in reply.content
                )


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("formality", ["polite", "casual"])
def test_thanks_are_answered_shortly_and_never_declined(script: Script, formality: str) -> None:
    for text in texts(script, "thanks", formality):
        assert not declines(text) and len(text.split()) <= 12
