"""What the shop does not sell: searched as it was said, nothing found, and said so; and how often people
name what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from muse_core.dialogue.replies import replies
from muse_core.records import result_values
from muse_core.types import Conversation, TurnLabel
from muse_core.wordings.words import SCRIPTS
from muse_core.world.replay import gold_call, turn_messages
from tests.unit.dialogue.builders_dialogue import conversations, index


def searches() -> Iterator[tuple[Conversation, TurnLabel, dict[str, object]]]:
    """Whole requests for a product, as they were first made."""
    for talk in conversations():
        for label in talk.labels:
            call = gold_call(talk, label.turn)
            is_request = label.family.split("/")[2].startswith("request-")
            if is_request and label.turn_type == "complete" and call and call.name == "search":
                yield talk, label, dict(call.arguments)


def absent() -> list[tuple[Conversation, TurnLabel, str]]:
    found = ((talk, label, str(said["query"])) for talk, label, said in searches() if len(said) == 1)
    return [one for one in found if not index().count(one[2])]


def test_a_noun_that_the_shop_lacks_is_kept_and_nothing_is_found() -> None:
    turns = absent()
    total = sum(len(talk.labels) for talk in conversations())
    assert 0.01 < len(turns) / total < 0.06
    for talk, label, noun in turns:
        messages = turn_messages(talk, label.turn)
        assert noun not in index().catalog.types()
        assert [value["items"] for value in result_values(messages)] == [[]]  # type: ignore[index,call-overload]
        assert "[1" not in messages[-1].content and "{" not in messages[-1].content


def test_what_was_tried_in_vain_is_shown_and_answered() -> None:
    """Without the limit it is looked for again, and where that finds nothing either, no limit is blamed."""
    tried = 0
    for talk, label, _ in searches():
        messages = turn_messages(talk, label.turn)
        found = [value["items"] for value in result_values(messages)]  # type: ignore[index,call-overload]
        if found == [[], []]:
            tried += 1
            known = {text for script in SCRIPTS for text in replies(script)["replies"]["empty_without_limit"]}
            assert messages[-1].content in {text.lstrip("+~") for text in known}
    assert tried


def test_nobody_goes_back_to_what_the_shop_lacks() -> None:
    lacked = {(talk.conversation_id, noun) for talk, _, noun in absent()}
    for talk in conversations():
        for label in talk.labels:
            call = gold_call(talk, label.turn)
            if "/resume-" in label.family and call:
                assert (talk.conversation_id, call.arguments["query"]) not in lacked


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("colour", 0.3, 0.46), ("size", 0.07, 0.2), ("material", 0.1, 0.25), ("max_price", 0.03, 0.12)],
)
def test_a_field_is_named_about_as_often_as_people_do(name: str, low: float, high: float) -> None:
    """docs/decisions.md#what-people-name"""
    named = Counter(argument for _, _, said in searches() for argument in said)
    assert low < named[name] / named["query"] < high
