"""What counts as the same call."""

from __future__ import annotations

import pytest

from muse_core.scoring.call_match import match_accepted, match_call, match_calls
from muse_core.types import ToolCall


def call(name: str = "search", **arguments: object) -> ToolCall:
    return ToolCall("c0.0", name, dict(arguments))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("slot", "gold", "said"),
    [
        ("max_price", "₹1,499", 1499),
        ("max_price", "Rs 1499", 1499),
        ("max_price", "1.5k", 1500),
        ("max_price", "डेढ़ हज़ार", 1500),
        ("max_price", 1500.0, 1500),
        ("colour", "black", "काला"),
        ("colour", "black", "Kaala"),
        ("colour", "navy blue", "Navy-Blue"),
        ("query", "casual shirts", "Shirt  casual"),
        ("query", "t-shirt", "tshirts"),
        ("query", "t-shirt", "t shirt"),
        ("query", "shirt", "शर्ट"),
        ("query", "watch", "the watches"),
        ("brand", "Aravali", "aravali "),
        ("size", "M", "m"),
        ("size", "8", 8),
        ("items", [1, 3], [3, 1]),
        ("gender", "women", "महिलाओं"),
        ("text", "Where is my order?", "where is my order"),
    ],
)
def test_two_spellings_of_one_value_are_equal(slot: str, gold: object, said: object) -> None:
    assert match_call(call(**{slot: gold}), call(**{slot: said})).exact


@pytest.mark.parametrize(
    ("slot", "gold", "said"),
    [
        ("max_price", 1500, 1499),
        ("max_price", 1500, "cheap"),
        ("colour", "blue", "navy blue"),
        ("query", "shirt", "casual shirt"),
        ("query", "dress", "dressing"),
        ("items", [1, 3], [1, 2]),
        ("size", "M", "L"),
        ("text", "नमस्ते", "नमस्त"),
    ],
)
def test_two_values_are_not(slot: str, gold: object, said: object) -> None:
    match = match_call(call(**{slot: gold}), call(**{slot: said}))
    assert not match.exact and match.tool_right
    assert (match.tp, match.fp, match.fn, match.f1) == (0, 1, 1, 0.0)
    assert slot in match.why


def test_slot_f1_by_hand() -> None:
    gold = call(query="shirts", colour="red", max_price=500)
    match = match_call(gold, call(query="shirt", colour="blue", size="M"))
    assert (match.tp, match.fp, match.fn) == (1, 2, 2)
    assert match.f1 == pytest.approx(2 / 6)
    assert not match.exact


def test_an_optional_argument_may_be_absent_but_not_wrong() -> None:
    gold = call(query="shirt", sort_by="price_low")
    assert match_call(gold, call(query="shirt"), ("sort_by",)).exact
    assert not match_call(gold, call(query="shirt")).exact
    assert not match_call(gold, call(query="shirt", sort_by="rating"), ("sort_by",)).exact


def test_wrong_tool_no_call_and_needless_call_score_nothing() -> None:
    gold = call(query="shirt")
    for predicted in (call("recommend"), call("filter", colour="red"), None):
        match = match_call(gold, predicted)
        assert (match.exact, match.tool_right, match.f1) == (False, False, 0.0)
    assert match_call(None, gold).f1 == 0.0
    assert match_call(None, None).exact and match_call(None, None).f1 == 1.0
    assert match_call(call("recommend"), call("recommend")).f1 == 1.0


def test_color_is_colour() -> None:
    assert match_call(call(colour="red"), call(color="red")).exact
    assert match_accepted("search", {"color": ["red"]}, call(colour="लाल")).exact


def test_one_predicted_call_satisfies_one_gold_call() -> None:
    gold = [call(query="shirt"), call(query="shoes")]
    assert match_calls(gold, [call(query="shoes"), call(query="shirts")]).exact
    twice = match_calls(gold, [call(query="shirt")])
    assert (twice.tp, twice.fn, twice.exact) == (1, 1, False)
    extra = match_calls(gold[:1], [call(query="shirt"), call("compare", items=[1, 2])])
    assert (extra.tp, extra.fp, extra.exact) == (1, 1, False)
    assert match_calls([], []).exact
