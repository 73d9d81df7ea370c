"""Which sentences a model from scratch may say where it calls nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from muse_core.models.learnt_replies import (
    ENOUGH,
    FEWEST,
    FEWEST_OF_A_TOOL,
    REPLIES,
    TALK,
    Sentences,
    _parts,
    about_items,
    known_of,
    learnt_replies,
    replies_of,
    situation_of,
)
from muse_core.records import tool_message
from muse_core.types import Conversation, Goal, Message, ToolCall, ToolResult, TurnLabel
from muse_core.world.turns import since_the_shopper


def plain(*first: str, rest: tuple[str, ...] = ("",)) -> Sentences:
    """Sentences that claim nothing."""
    return Sentences(tuple((text, frozenset()) for text in first), rest)


def talk(number: int, reply: str, language: str = "en", scenario: str = "buy") -> Conversation:
    label = TurnLabel(0, "chit_chat", "family", "none")
    said = (Message("system", "en"), Message("user", f"words {number}"), Message("assistant", reply))
    return Conversation(f"c{number}", "u1", language, said, Goal(scenario), "train", (label,))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reply", "situation", "kept"),
    [
        ("Hello! How are you?", TALK, ("Hello! How are you?", "")),
        (" The price of [2] is [2:price]. ", TALK, ("The price of [#] is [#:price].", "")),
        ("[1] is cheaper than [2].", TALK, None),
        ("[1] is cheaper than [2].", "compare:found", ("[1] is cheaper than [2].", "")),
        ("[3] is best. Order? Or not?", "search:found", ("[#] is best.", "Order? Or not?")),
        ("[1] runs on [1:fuel].", "search:found", None),
    ],
)  # fmt: skip
def test_a_sentence_has_no_number_of_an_item(
    reply: str, situation: str, kept: tuple[str, str] | None
) -> None:
    assert _parts(reply, situation) == kept
    said = plain("Hm.") if kept is None else plain(kept[0], rest=(kept[1],))
    assert said.have(reply, situation, ()) and plain("Hm.").have(reply, situation, ()) == (kept is None)


def test_it_is_said_of_items_that_have_what_it_names() -> None:
    items = known_of([{"title": "a", "price": 9}, {"title": "b", "price": None}])
    assert list(about_items("[#] costs [#:price].", items)) == ["[1] costs [1:price]."]
    assert list(about_items("Look at [#].", items)) == ["Look at [1].", "Look at [2]."]
    assert list(about_items("Look at [#].", [])) == [] and list(about_items("Hello!", [])) == ["Hello!"]
    assert list(about_items("[1] at [1:price] and [2].", items)) == ["[1] at [1:price] and [2]."]
    assert list(about_items("[1] and [2] at [2:price].", items)) == []
    found = plain("I found [1] and [2].", "Take [#].", rest=("", "Or not?"))
    assert list(found.about(items)) == [
        "I found [1] and [2].", "I found [1] and [2]. Or not?", "Take [1].", "Take [1]. Or not?", "Take [2].",
        "Take [2]. Or not?",
    ]  # fmt: skip


def test_what_was_done_is_told_by_the_last_call_since_the_shopper_spoke() -> None:
    found, none = ({"items": items, "total": len(items)} for items in ([{"id": "p1", "title": "Cup"}], []))
    searched, filtered = acts("search", found), acts("filter", none)
    assert situation_of(()) == TALK and situation_of(searched) == "search:found"
    assert situation_of((*searched, *filtered)) == "filter:nothing"
    assert situation_of(acts("compare", found, attribute="price")) == "compare price:found"
    context = (
        Message("user", "cups"),
        *searched,
        Message("assistant", "[1]."),
        Message("user", "red"),
        *filtered,
    )
    assert since_the_shopper(context) == filtered and since_the_shopper(filtered) == filtered


def acts(tool: str, value: Any, **arguments: Any) -> tuple[Message, ...]:
    call = ToolCall("c0.0", tool, arguments)
    return Message("assistant", "", (call,)), tool_message(ToolResult("c0.0", value))


def test_what_is_said_twice_in_simulated_turns_is_kept_by_what_was_done() -> None:
    """Not what was said once, nor in a person's chat; of few sentences none is."""
    many = [talk(at, f"Sentence {at // 2}.") for at in range(2 * FEWEST)]
    rest = [talk(90, "Once."), *(talk(at, "Mine.", scenario="given") for at in (91, 92))]
    few = [talk(at, "नमस्ते!", "hi") for at in (93, 94)]
    value = {"items": [{"id": "p1", "title": "Cup"}], "total": 1}
    called = []
    for at in range(2 * FEWEST_OF_A_TOOL):
        one = talk(100 + at, f"Way {at // 2}: [1] and [2]. {'More?' * (at % 2)}")
        called.append(replace(one, messages=(*one.messages[:2], *acts("search", value), one.messages[2])))
    found = replies_of(learnt_replies([*many, *rest, *few, *called]))
    assert found == {
        "en": {
            TALK: plain(*(f"Sentence {at}." for at in range(FEWEST))),
            "search:found": plain(
                *(f"Way {at}: [1] and [2]." for at in range(FEWEST_OF_A_TOOL)), rest=("", "More?")
            ),
        }
    }
    assert replies_of({}) == {}
    assert replies_of({REPLIES: {"en": ["Hello!"]}}) == {"en": {TALK: plain("Hello!")}}


def test_what_was_true_each_time_that_a_sentence_was_said_is_its_claim() -> None:
    """[2] was always the cheaper one, at times the better rated one; what is said seldom claims nothing."""
    said = []
    for at in range(2 * ENOUGH):
        first = {"id": "p1", "title": "A", "price": 20 + at, "rating": 2 + at // 2 % 3}
        shown = {"items": [first, {"id": "p2", "title": "B", "price": 9, "rating": 3}], "total": 2}
        reply = ("[2] is cheaper than [1].", "[2] costs less.")[at % 2] if at else "Take [2]."
        one = talk(at, reply)
        said.append(replace(one, messages=(*one.messages[:2], *acts("compare", shown), one.messages[2])))
    said += said[:1]
    (found,) = replies_of(learnt_replies([*said]))["en"].values()
    assert dict(found.first) == {
        "[2] is cheaper than [1].": frozenset(),  # ENOUGH - 1 times
        "[#] costs less.": {"least price"},
        "Take [#].": frozenset(),
    }
    cheap: Any = {"id": "p1", "title": "A", "price": 5}
    dear: Any = {"id": "p2", "title": "B", "price": 9}
    assert found.have("[1] costs less.", "compare:found", known_of([cheap, dear]))
    assert not found.have("[2] costs less.", "compare:found", known_of([cheap, dear]))
    assert "[2] costs less." not in [*found.about(known_of([cheap, dear]))]
    assert known_of([cheap, dear | {"price": None}])[0] == {"id", "title", "price"}
