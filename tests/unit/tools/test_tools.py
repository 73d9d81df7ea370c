"""The tools over a tiny real catalogue: what they find, what they refuse, and that they replay."""

from __future__ import annotations

import pytest

from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.product import Catalog
from muse_core.tools.base import new_world
from muse_core.tools.toolbox import Toolbox
from muse_core.tools.translate import Target, Translation
from muse_core.types import JsonValue, ToolCall
from tests.unit.tools.builders_tools import ids, picture, product, profile, run, shop, world

# ---- search ----


def test_search_applies_limits() -> None:
    box = Toolbox(world())
    assert set(ids(run(box, "search", query="shirts"))) == {"p1", "p2", "p3"}
    assert ids(run(box, "search", query="shirts", colour="Black")) == ["p1"]
    assert ids(run(box, "search", query="shirts", max_price=1000)) == ["p1"]
    assert ids(run(box, "search", query="kurta", gender="women", sort_by="price_low")) == ["p5", "p7"]


def test_search_without_a_match_is_empty_and_keeps_the_session() -> None:
    box = Toolbox(world())
    found = ids(run(box, "search", query="shirts"))
    assert run(box, "search", query="shirts", max_price=1).value == {"items": [], "total": 0}
    assert list(box.world.session.last_ids) == found


def test_an_item_holds_what_the_catalogue_knows() -> None:
    value = run(Toolbox(world()), "search", query="shirts", brand="nilgiri").value
    assert value == {
        "items": [
            {"id": "p3", "title": "Nilgiri Men White Shirt", "brand": "Nilgiri", "colour": "white",
             "material": "cotton", "size": "M, L"}
        ],
        "total": 1,
    }  # fmt: skip


def test_prices_are_plain_numbers() -> None:
    value = run(Toolbox(world()), "search", query="kurta", sort_by="price_low").value
    assert isinstance(value, dict)
    assert [item["price"] for item in value["items"]] == [749, 1100.5]  # type: ignore[index,call-overload,union-attr]
    assert isinstance(value["items"][0]["price"], int)  # type: ignore[index,call-overload]


def test_a_long_result_shows_ten_and_remembers_two_hundred() -> None:
    many = Catalog(tuple(product(f"p{n:03d}", price=float(n)) for n in range(1, 301)))
    box = Toolbox(new_world(CatalogIndex(many)))
    result = run(box, "search", query="shirt", sort_by="price_low")
    assert len(ids(result)) == 10
    assert result.value["total"] == 300  # type: ignore[index,call-overload]
    assert len(box.world.session.last_ids) == 200
    assert ids(run(box, "filter", min_price=150))[0] == "p150"


# ---- filter ----


def test_filter_narrows_and_sorts_the_last_results() -> None:
    box = Toolbox(world())
    run(box, "search", query="shirts")
    assert ids(run(box, "filter", sort_by="price_high"))[:2] == ["p2", "p1"]
    assert ids(run(box, "filter", colour="blue")) == ["p2"]
    assert box.world.session.last_ids == ("p2",)


def test_filter_without_results_or_arguments_is_an_error() -> None:
    box = Toolbox(world())
    assert (
        run(box, "filter", colour="red").error == "there are no earlier results to filter; call search first"
    )
    assert run(box, "filter").error == "no argument was given; give at least one limit or sort_by"


# ---- recommend ----


def test_recommend_follows_the_profile() -> None:
    shopper = profile(history=("p5",), favourite_colours=("yellow",))
    found = ids(run(Toolbox(world(shopper)), "recommend"))
    assert found[0] == "p7"  # a kurta again, in budget, favourite colour
    assert "p5" not in found and "p1" not in found  # bought before; for men


def test_recommend_without_a_profile_is_the_best_rated() -> None:
    assert ids(run(Toolbox(world()), "recommend"))[:2] == ["p4", "p2"]


def test_recommend_keeps_to_query_occasion_and_price() -> None:
    box = Toolbox(world(profile()))
    assert set(ids(run(box, "recommend", query="kurtas"))) == {"p5", "p7"}
    assert ids(run(box, "recommend", query="kurta", max_price=800)) == ["p5"]
    assert ids(run(box, "recommend", occasion="wedding")) == ["p4"]


# ---- compare ----


def test_compare_names_the_best_and_keeps_the_session() -> None:
    box = Toolbox(world())
    run(box, "search", query="kurta", sort_by="price_high")
    value = run(box, "compare", items=[2, 1], attribute="price").value
    assert isinstance(value, dict)
    assert [item["id"] for item in value["items"]] == ["p5", "p7"]  # type: ignore[index,call-overload,union-attr]
    assert (value["attribute"], value["best"]) == ("price", 1)
    assert box.world.session.last_ids == ("p7", "p5")


def test_compare_is_silent_about_ties_and_unknowns() -> None:
    box = Toolbox(world())
    run(box, "search", query="kurta")
    assert run(box, "compare", items=[1, 2], attribute="rating").value["best"] is None  # type: ignore[index,call-overload]
    run(box, "search", query="shirts", sort_by="price_low")
    assert run(box, "compare", items=[1, 3], attribute="price").value["best"] is None  # type: ignore[index,call-overload]


@pytest.mark.parametrize(
    ("items", "problem"),
    [
        ([1, 9], "no item 9 in the last results; positions go from 1 to 3"),
        ([1, 1], "items names a position twice: [1, 1]; name different ones"),
        ([1], "items: found '[1]', expected: at least 2 items"),
        ("1,2", "items: found '1,2', expected: a valid list"),
    ],
)
def test_compare_refuses_wrong_positions(items: JsonValue, problem: str) -> None:
    box = Toolbox(world())
    run(box, "search", query="shirts")
    assert run(box, "compare", items=items).error == problem


# ---- translate ----


def test_translate_both_ways() -> None:
    box = Toolbox(world())
    assert run(box, "translate", text="black cotton shirt", target="hi").value == {
        "text": "काली सूती शर्ट", "source": "black cotton shirt", "target": "hi",
    }  # fmt: skip
    value = run(box, "translate", text="लाल zorp", target="en").value
    assert value == {"text": "red zorp", "source": "लाल zorp", "target": "en", "unknown": ["zorp"]}


def test_another_translator_can_be_plugged_in() -> None:
    class Shouting:
        def translate(self, text: str, target: Target) -> Translation:
            return Translation(text.upper())

    box = Toolbox(new_world(CatalogIndex(shop()), translator=Shouting()))
    assert run(box, "translate", text="red", target="hi").value["text"] == "RED"  # type: ignore[index,call-overload]


# ---- visual search ----


def test_visual_search_finds_the_like_and_applies_limits() -> None:
    products = (
        product("red", colour="red", image=picture(200, 20, 20), price=900.0),
        product("dark", colour="maroon", image=picture(120, 20, 20), price=500.0),
        product("blue", colour="blue", image=picture(20, 20, 200), price=700.0),
    )
    box = Toolbox(new_world(CatalogIndex(Catalog(products)), attachments={"att1": picture(200, 20, 20)}))
    assert ids(run(box, "visual_search", image="att1"))[0] == "red"
    assert "red" not in ids(run(box, "visual_search", image="att1", max_price=800))
    assert ids(run(box, "visual_search", image="att1", colour="blue")) == ["blue"]
    assert (
        run(box, "visual_search", image="att2").error
        == "no picture 'att2' in this conversation; pictures: att1"
    )


def test_visual_search_needs_pictures() -> None:
    box = Toolbox(world(attachments={"att1": b""}))
    assert run(box, "visual_search", image="att1").error == (
        "this catalogue has no pictures; call search with words instead"
    )


def test_a_broken_picture_is_a_tool_error() -> None:
    products = (product("red", image=picture(200, 20, 20)),)
    box = Toolbox(new_world(CatalogIndex(Catalog(products)), attachments={"att1": b"not a picture"}))
    assert run(box, "visual_search", image="att1").error == (
        "the picture 'att1' cannot be read; it must be a PNG or JPEG"
    )


# ---- replay ----


def test_the_same_calls_give_the_same_results() -> None:
    calls = [
        ToolCall("c0.0", "search", {"query": "shirts"}),
        ToolCall("c1.0", "filter", {"sort_by": "rating"}),
        ToolCall("c2.0", "compare", {"items": [1, 2]}),
        ToolCall("c3.0", "recommend", {}),
        ToolCall("c4.0", "filter", {"max_price": 100}),
        ToolCall("c5.0", "translate", {"text": "लाल साड़ी", "target": "en"}),
    ]
    first, second = Toolbox(world(profile())), Toolbox(world(profile()))
    results = [first.run(call) for call in calls]
    world(profile(gender="men"))  # another world in between changes nothing
    assert [second.run(call) for call in calls] == results
