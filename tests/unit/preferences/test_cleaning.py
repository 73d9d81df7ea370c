"""One planted defect per reason, and what looks like one but is none."""

from dataclasses import replace

import pytest

from muse_core.preferences.cleaning import REASONS, clean, is_whole
from muse_core.types import Message, ToolCall
from tests.builders import pair
from tests.unit.preferences.builders_preferences import call_turn, text_pair

LONG = "I found these for you today in the shop and here they are now"
CALL = Message("assistant", "", (ToolCall("c0.0", "search", {"query": "shirt"}),))

PLANTED = {
    "format": lambda: pair(rejected=(CALL,)),
    "equal": lambda: text_pair(7, "Here you are!", "here you  are"),
    "near": lambda: text_pair(7, LONG, LONG.replace("today", "tonight")),
    "duplicate": lambda: replace(text_pair(0, "Which colour?", "Nothing matched."), pair_id="c9.0.0"),
    "held_out": lambda: replace(
        text_pair(7, "Which size?", "Nothing."),
        prompt=(*pair().prompt[:-1], Message("user", "Seen, before!")),
    ),
}


def reason_of(pair):
    """Why a pair alone is dropped; None when it stands."""
    return next((reason for reason, count in clean([pair]).dropped.items() if count), None)


@pytest.mark.parametrize("reason", REASONS)
def test_a_planted_defect_is_dropped_and_counted(reason):
    sound = text_pair(0, "Which colour?", "Nothing matched.")
    found = clean([sound, PLANTED[reason]()], {"seen before"})
    assert found.pairs == (sound,)
    assert found.dropped == {name: int(name == reason) for name in REASONS}


def test_the_same_request_with_other_turns_is_no_duplicate():
    one, other = text_pair(0, "Which colour?", "Nothing."), text_pair(1, "Which size?", "Nothing.")
    assert clean([one, other]).pairs == (one, other)


@pytest.mark.parametrize(
    "turn",
    [
        (),
        (CALL,),
        (CALL, Message("assistant", "Here.")),
        call_turn("search", {}, reply=" "),
        (Message("assistant", "Here </tool> it is"),),
        (Message("tool", '{"value":1}', answers_call="c0.0"), Message("assistant", "Here.")),
        (
            *call_turn("search", {})[:1],
            Message("tool", "{}", answers_call="c9.9"),
            Message("assistant", "Hi"),
        ),
    ],
    ids=["empty", "cut off", "no result", "no reply", "tag", "orphan result", "other call's result"],
)
def test_half_a_turn_is_not_whole(turn):
    assert not is_whole(turn)
    assert is_whole(call_turn("search", {"query": "shirt"}))


def test_calls_are_compared_by_meaning():
    priced = [call_turn("search", {"query": "shirt", "max_price": price}) for price in (200, 2000)]
    assert reason_of(pair(chosen=priced[0], rejected=priced[1])) != "equal"
    spelled = [call_turn("search", {"query": query}) for query in ("shirt", "Shirts")]
    assert reason_of(pair(chosen=spelled[0], rejected=spelled[1])) == "equal"


def test_a_reference_or_a_value_is_never_a_small_difference():
    said = LONG + " [1] [1:price]"
    assert reason_of(text_pair(0, said, said.replace("[1]", "[2]"))) is None
    calls = [call_turn("search", {"query": kind}, reply=LONG) for kind in ("shirt", "kurta")]
    assert reason_of(pair(chosen=calls[0], rejected=calls[1])) is None
    results = [call_turn("search", {"query": "x"}, LONG, value) for value in ({"total": 1}, {"total": 2})]
    assert reason_of(pair(chosen=results[0], rejected=results[1])) != "near"


def test_few_words_in_common_are_not_nearly_the_same():
    assert reason_of(text_pair(0, "Which colour do you want?", "Which size do you want?")) is None
