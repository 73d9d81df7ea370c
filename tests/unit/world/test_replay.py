"""Cutting and replaying conversations."""

from __future__ import annotations

from muse_core.types import Message, ToolCall
from muse_core.world.replay import (
    context_before,
    gold_call,
    picture_bytes,
    replay,
    turn_messages,
    world_before,
)
from tests import builders
from tests.unit.dialogue.builders_dialogue import conversations, index, profile_of


def test_context_and_turn_cut_the_conversation_without_a_gap() -> None:
    one = conversations()[0]
    rebuilt: list[Message] = [one.messages[0]]
    for label in one.labels:
        assert context_before(one, label.turn)[:-1] == tuple(rebuilt)
        rebuilt += [context_before(one, label.turn)[-1], *turn_messages(one, label.turn)]
    assert tuple(rebuilt) == one.messages


def test_gold_call_is_the_first_call_or_none() -> None:
    one = builders.conversation()
    call = gold_call(one, 0)
    assert isinstance(call, ToolCall) and call.name == "search"
    silent = builders.conversation(
        messages=(one.messages[0], Message("user", "hi"), Message("assistant", "Hello"))
    )
    assert gold_call(silent, 0) is None


def test_the_world_before_a_follow_up_holds_the_earlier_results() -> None:
    found = 0
    for one in conversations():
        for label in one.labels:
            if label.turn_type == "refinement":
                world = world_before(one, label.turn, index(), profile_of(one))
                assert len(world.session.last_ids) >= 3
                found += 1
        if found > 5:
            return
    raise AssertionError("no refinement in the sample")


def test_a_changed_result_does_not_replay() -> None:
    one = next(c for c in conversations() if any(m.role == "tool" for m in c.messages))
    at = next(i for i, m in enumerate(one.messages) if m.role == "tool")
    forged = Message("tool", '{"value":{"items":[],"total":7}}', answers_call=one.messages[at].answers_call)
    changed = builders.conversation(
        messages=(*one.messages[:at], forged, *one.messages[at + 1 :]), attachments=one.attachments
    )
    assert replay(one, index(), profile_of(one))
    assert not replay(changed, index(), profile_of(one))


def test_pictures_come_from_the_catalogue_and_unknown_ones_are_left_out() -> None:
    product = index().catalog.products[0]
    found = picture_bytes({"att1": f"product:{product.product_id}", "att2": "product:none"}, index())
    assert found == {"att1": product.image}
