"""One like a result: `this` is the one that was just talked of, in two ways at most, and never idly."""

from __future__ import annotations

from collections.abc import Iterator

from muse_core.dialogue.focus import focus_of
from muse_core.dialogue.goals import meets
from muse_core.language.parse import parse_request
from muse_core.tools.base import facet_place
from muse_core.types import Conversation, Message, ToolCall, TurnLabel
from muse_core.world.replay import gold_call, turn_messages, user_text
from tests.unit.dialogue.builders_dialogue import conversations, index


def likes(kind: str) -> Iterator[tuple[Conversation, TurnLabel, ToolCall]]:
    for one in conversations():
        for label in one.labels:
            call = gold_call(one, label.turn)
            if call is not None and f"/{kind}-" in label.family and "like" in call.arguments:
                yield one, label, call


def test_this_is_what_was_talked_of() -> None:
    found = list(likes("same"))
    assert len(found) >= 10
    for one, label, call in found:
        focus = None
        for turn in range(label.turn):
            focus = focus_of(turn_messages(one, turn), focus)
        assert call.arguments["like"] == focus
        assert len(call.arguments) >= 2, "it differs in something"


def test_rules_hear_that_one_like_this_is_wanted() -> None:
    said = [user_text(one, label.turn) for one, label, _ in likes("same")]
    heard = [parse_request(text).like_shown for text in said]
    assert sum(heard) >= 0.5 * len(said)


def test_some_differ_in_two_ways_and_in_what_they_must_not_be() -> None:
    calls = [call for kind in ("like", "same") for _, _, call in likes(kind)]
    slots = [{facet_place(name)[0] for name in call.arguments} - {"like"} for call in calls]
    assert sum(len(found) >= 2 for found in slots) >= 5
    assert any(name.startswith("not_") for call in calls for name in call.arguments)
    assert all(len(found) <= 2 for found in slots)


def test_how_it_is_to_differ_is_not_what_it_is() -> None:
    """Nobody asks for one like the red one, but in red."""
    for kind in ("like", "same"):
        for one, label, call in likes(kind):
            example = _example(one, label.turn, call)
            met: dict[str, list[bool]] = {}  # of a range one end is enough
            for name, value in call.arguments.items():
                if name not in ("like", "than"):
                    met.setdefault(facet_place(name)[0], []).append(meets(example, name, value))
            assert not any(all(found) for found in met.values()), (call.arguments, example.product_id)


def _example(one: Conversation, turn: int, call: ToolCall):  # type: ignore[no-untyped-def]
    """The result that it is to be like, from the calls before it."""
    from muse_core.tools.toolbox import Toolbox
    from muse_core.world.replay import picture_bytes, world_for
    from tests.unit.dialogue.builders_dialogue import profile_of

    world = world_for(profile_of(one), index())
    world.attachments = picture_bytes(one.attachments, index())
    box = Toolbox(world)
    for before in range(turn):
        for act in turn_messages(one, before):
            for each in act.tool_calls:
                box.run(each)
    return index().catalog.by_id[world.session.last_shown[int(call.arguments["like"]) - 1]]  # type: ignore[call-overload]


def acts(call: ToolCall | None, reply: str) -> list[Message]:
    made = [Message("assistant", "", (call,)), Message("tool", "{}", answers_call="c0")] if call else []
    return [*made, Message("assistant", reply)]


def test_the_item_that_a_reply_names_alone_is_talked_of() -> None:
    search = ToolCall("c0", "search", {"query": "shirt"})
    assert focus_of(acts(search, "I found [1] at [1:price]."), None) == 1
    assert focus_of(acts(search, "Here: [1] and [2]."), 3) is None
    assert focus_of(acts(search, "Nothing."), 3) is None
    assert focus_of(acts(None, "Any time!"), 3) == 3
    compare = ToolCall("c0", "compare", {"items": [2, 4]})
    assert focus_of(acts(compare, "I would take [2], rated [2:rating]."), None) == 4
    translate = ToolCall("c0", "translate", {"text": "red", "target": "hi"})
    assert focus_of(acts(translate, "It is [1]."), 2) == 2
