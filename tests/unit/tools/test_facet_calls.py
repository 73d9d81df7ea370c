"""What the tools do with a shop's own facets, with what must not be, with choices and with likeness."""

from __future__ import annotations

import pytest

from muse_core.tools.result_text import render_result
from muse_core.tools.toolbox import Toolbox
from muse_core.types import JsonValue
from tests.unit.tools.builders_tools import ids, laptop_box, profile, run, world

UNKNOWN = "not an argument of this tool"


@pytest.mark.parametrize(
    ("limits", "found"),
    [
        ({"memory": 16}, ["l1", "l3", "l6"]),
        ({"memory": 16.0}, ["l1", "l3", "l6"]),
        ({"min_memory": 16}, ["l1", "l3", "l6", "l7"]),
        ({"max_memory": 8}, ["l2", "l4"]),
        ({"processor": "Intel  Core i5"}, ["l1", "l2"]),
        ({"processor": ["intel core i5", "amd ryzen 7"]}, ["l1", "l2", "l3", "l7"]),
        ({"processor": ["intel core i7"]}, ["l6"]),
        ({"not_processor": "intel core i5"}, ["l3", "l5", "l6", "l7"]),  # l4 is named so, l5 may be anything
        ({"touchscreen": True}, ["l2", "l3", "l6"]),
        ({"brand": ["Tarang", "Dhwani"], "min_memory": 16}, ["l3", "l6", "l7"]),
        ({"not_brand": ["Tarang", "Meghna", "Kahani"]}, ["l7"]),
        ({"processor": "petrol"}, []),
    ],
)
def test_search_and_filter_limit_by_facets(limits: dict[str, JsonValue], found: list[str]) -> None:
    box = laptop_box()
    assert sorted(map(str, ids(run(box, "search", query="laptop", **limits)))) == found
    run(box, "search", query="laptop")
    assert sorted(map(str, ids(run(box, "filter", **limits)))) == found


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"memory": "16 gb"}, "memory: found '16 gb', expected: a valid number"),
        ({"min_memory": float("nan")}, "min_memory: found 'nan', expected: a finite number"),
        ({"memory": True}, "memory: found 'True', expected: a valid number"),
        ({"touchscreen": "true"}, "touchscreen: found 'true', expected: a valid boolean"),
        ({"touchscreen": 1}, "touchscreen: found '1', expected: a valid boolean"),
        ({"processor": "x" * 5000}, f"processor: found '{'x' * 40}', expected: at most 200 characters"),
        ({"not_processor": [*"abcde"]},
         "not_processor: found \"['a', 'b', 'c', 'd', 'e']\", expected: at most 4 items"),
        ({"not_memory": 8}, f"not_memory is {UNKNOWN}; this shop has memory, min_memory, max_memory"),
        ({"min_memry": 8}, f"min_memry is {UNKNOWN}; this shop has min_memory, max_memory"),
        ({"fuel": "petrol"}, f"fuel is {UNKNOWN}"),
        ({"y" * 5000: 1}, f"{'y' * 40} is {UNKNOWN}"),
    ],
)  # fmt: skip
def test_what_a_facet_refuses(arguments: dict[str, JsonValue], problem: str) -> None:
    assert run(laptop_box(), "search", query="laptop", **arguments).error == problem


def test_a_shop_without_facets_has_no_such_argument() -> None:
    error = run(Toolbox(world()), "search", query="shirt", min_memory=8).error
    assert error == "min_memory is not an argument of this tool"


def test_results_tell_the_facets_that_were_asked_for() -> None:
    box = laptop_box()
    value = run(box, "search", query="laptop", min_memory=9, not_processor="amd ryzen 7").value
    text = render_result(value)
    assert "l1 | Meghna Book 14 | ₹42,000 | memory 16 gb | processor intel core i5" in text
    assert render_result(run(box, "search", query="laptop").value).count(" | ") == 6


def test_compare_by_a_facet() -> None:
    box = laptop_box()
    run(box, "search", query="laptop", sort_by="price_low")
    value = run(box, "compare", items=[1, 2], attribute="memory").value
    assert isinstance(value, dict) and value["best"] is None
    assert render_result(value) == (
        "l2 | Meghna Book 15 | ₹39,000 | memory 8 gb ; l1 | Meghna Book 14 | ₹42,000 | memory 16 gb"
    )
    by_brand = render_result(run(box, "compare", items=[1, 2], attribute="brand").value)
    assert by_brand.endswith("brand Meghna")
    error = run(box, "compare", items=[1, 2], attribute="fuel").error
    assert error is not None and error.endswith("'memory', 'processor' or 'touchscreen'")


def test_compare_tells_the_rating_of_each() -> None:
    box = laptop_box()
    run(box, "search", query="laptop", sort_by="price_low")
    assert render_result(run(box, "compare", items=[1, 2]).value) == (
        "l2 | Meghna Book 15 | ₹39,000 | rating 4.4 ; l1 | Meghna Book 14 | ₹42,000 | rating 4.1 ; best [1]"
    )
    assert "rating unknown" in render_result(run(box, "compare", items=[2, 4]).value)


# ---- likeness -------------------------------------------------------------------------------------


def like(found: list[str], **arguments: JsonValue) -> list[JsonValue]:
    """What is like the first of these, that is like l1."""
    box = laptop_box()
    assert ids(run(box, "search", query="laptop", sort_by="price_low"))[1] == "l1"
    return ids(run(box, "recommend", like=2, **arguments))


def test_the_most_alike_come_first_and_never_itself() -> None:
    # l2 shares brand, processor and category; l6 memory and category; l3 memory and category, dearer; l4 the
    # category, l5 too, without a price; l7 is of the same noun
    assert like([]) == ["l2", "l6", "l3", "l4", "l5", "l7"]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ({"than": "cheaper"}, ["l2"]),
        ({"than": "costlier"}, ["l6", "l3", "l4", "l7"]),
        ({"than": "better_rated"}, ["l2", "l3", "l7"]),
        ({"brand": "Tarang"}, ["l6", "l3"]),
        ({"than": "costlier", "touchscreen": True, "max_price": 50000}, ["l6"]),
        ({"not_processor": "intel core i5"}, ["l6", "l3", "l5", "l7"]),
        ({"than": "cheaper", "min_memory": 16}, []),
    ],
)
def test_likeness_within_limits(arguments: dict[str, JsonValue], found: list[str]) -> None:
    assert like([], **arguments) == found


def test_what_is_the_only_one_of_its_kind_is_like_the_rest() -> None:
    box = laptop_box()
    run(box, "search", query="bag")
    assert ids(run(box, "recommend", like=1, than="cheaper")) == []
    assert len(ids(run(box, "recommend", like=1))) == 7


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"like": 9}, "no item 9 in the last results; positions go from 1 to 7"),
        ({"like": 0}, "like: found '0', expected: greater than or equal to 1"),
        ({"like": True}, "like: found 'True', expected: a valid integer"),
        ({"than": "cheaper"}, "than='cheaper' needs like, the position of what it is compared with"),
        ({"like": 7, "than": "cheaper"}, "the price of Kahani Slate is unknown; leave out than='cheaper'"),
        ({"like": 4, "than": "better_rated"}, "the rating of Kahani Intel Core i5 Note is unknown; "
                                              "leave out than='better_rated'"),
        ({"like": 1, "than": "big"}, "than: found 'big', expected: 'cheaper', 'costlier' or 'better_rated'"),
    ],
)  # fmt: skip
def test_what_likeness_refuses(arguments: dict[str, JsonValue], problem: str) -> None:
    box = laptop_box()
    run(box, "search", query="laptop", sort_by="price_low")
    before = box.world.session
    assert run(box, "recommend", **arguments).error == problem
    assert box.world.session is before


def test_likeness_needs_results() -> None:
    assert run(laptop_box(), "recommend", like=1).error == (
        "there are no earlier results to find one like it; call search first"
    )


def test_limits_of_recommend_are_hard() -> None:
    box = laptop_box(profile(favourite_brands=("Tarang",), budget_min=None, budget_max=None))
    assert ids(run(box, "recommend", query="laptop", not_brand="Tarang", min_memory=16)) == ["l7", "l1"]
    women = Toolbox(world(profile(gender="men")))
    assert ids(run(women, "recommend", query="kurta")) == []
    assert ids(run(women, "recommend", query="kurta", gender="women")) == ["p5", "p7"]
    assert ids(run(women, "recommend", occasion=["casual", "ethnic"], gender="women")) == ["p5", "p7"]
