"""What counts as the same call."""

from __future__ import annotations

import pytest

from muse_core.scoring.call_match import match_accepted, match_call, match_calls
from muse_core.scoring.normal import left_in_surface_form
from muse_core.tools.shop_schema import ShopSchema
from muse_core.types import Facet, ToolCall


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
        ("colour", ["red", "maroon"], ["Maroon", "लाल"]),
        ("colour", "red", ["red"]),
        ("colour", ["red", "maroon"], ["maroon", "red", "lal"]),
        ("not_colour", "black", "काला"),
        ("not_material", ["cotton", "silk"], ["silk", "सूती"]),
        ("not_brand", "Aravali", "aravali"),
        ("processor", "intel core i5", "Intel Core-i5"),
        ("processor", ["intel core i5", "amd ryzen 7"], ["AMD Ryzen 7", "intel core i5"]),
        ("memory", 16, 16.0),
        ("min_battery", 1000001, 1000001.0),
        ("screen_size", 15.6, 15.60),
        ("touchscreen", False, False),
        ("than", "cheaper", "cheaper"),
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
        ("colour", ["red", "maroon"], "red"),
        ("colour", "red", ["red", "maroon"]),
        ("colour", ["red", "maroon"], ["red", "blue"]),
        ("not_material", "cotton", "silk"),
        ("processor", "intel core i5", "intel core i7"),
        ("memory", 16, 8),
        ("min_battery", 1000001, 1000002),
        ("touchscreen", True, False),
        ("touchscreen", True, "true"),
        ("touchscreen", True, 1),
    ],
)
def test_two_values_are_not(slot: str, gold: object, said: object) -> None:
    match = match_call(call(**{slot: gold}), call(**{slot: said}))
    assert not match.exact and match.tool_right
    assert (match.tp, match.fp, match.fn, match.f1) == (0, 1, 1, 0.0)
    assert slot in match.why


def test_a_number_that_no_float_holds_is_just_another() -> None:
    """A model may write one."""
    for slot, gold in (("max_price", 5), ("colour", "black")):
        right, wrong = (match_call(call(**{slot: gold}), call(**{slot: said})) for said in (gold, 10**400))
        assert right.exact and not wrong.exact


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


SHOP = ShopSchema((
    Facet("memory", "number", "gb"), Facet("processor", "choice"), Facet("touchscreen", "yes_no"),
))  # fmt: skip


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"touchscreen": "true"}, "the tool refuses touchscreen='true'"),
        ({"touchscreen": 1}, "the tool refuses touchscreen=1"),
        ({"memory": "16"}, "the tool refuses memory='16'"),
        ({"memory": [16]}, "the tool refuses memory=[16]"),
        ({"processor": []}, "the tool refuses processor=[]"),
        ({"processor": [1]}, "the tool refuses processor=[1]"),
        ({"fuel": "petrol"}, "fuel='petrol' was not asked for"),
    ],
)
def test_what_the_shops_tools_refuse_of_a_facet_is_wrong(said: dict[str, object], why: str) -> None:
    gold = call(query="laptop", memory=16, processor="intel core i5", touchscreen=True)
    right = {**gold.arguments, "processor": ["Intel Core i5"]}
    assert match_call(gold, call(**right), schema=SHOP).exact
    assert match_calls([gold], [call(**right)], schema=SHOP).exact
    match = match_call(gold, call(**{**gold.arguments, **said}), schema=SHOP)
    assert not match.exact and why in match.why


def test_one_of_a_list_is_right_only_where_it_is_accepted() -> None:
    assert not match_accepted("filter", {"colour": [["red", "maroon"]]}, call("filter", colour="red")).exact
    either = {"colour": [["red", "maroon"], "red"]}
    assert match_accepted("filter", either, call("filter", colour="red")).exact


def test_hindi_in_a_list_or_an_exclusion_is_left_in_surface_form() -> None:
    assert left_in_surface_form(call(colour=["red", "काला"]))
    assert left_in_surface_form(call(not_colour="kaala"))
    assert not left_in_surface_form(call(colour=["red", "black"], memory=16, touchscreen=True))
