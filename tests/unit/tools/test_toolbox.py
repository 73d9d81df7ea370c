"""The toolbox: schemas, the error boundary, and what is not caught."""

from __future__ import annotations

import pytest

from muse_core.tools.shop_schema import PLAIN
from muse_core.tools.toolbox import TOOL_NAMES, Toolbox
from muse_core.tools.translate import Target, Translation
from muse_core.types import JsonValue
from tests.unit.tools.builders_tools import ids, run, world


def test_every_argument_is_described() -> None:
    for schema in PLAIN.as_json():
        assert schema["description"]
        assert schema["parameters"]["additionalProperties"] is False
        for name, entry in schema["parameters"]["properties"].items():
            assert entry.get("description"), (schema["name"], name)
    assert len(PLAIN.digest()) == 64


def test_argument_order() -> None:
    assert PLAIN.order("visual_search") == ("image", "max_price", "colour")
    assert PLAIN.order("nothing") == ()


@pytest.mark.parametrize(
    ("name", "arguments", "problem"),
    [
        (
            "sell",
            {},
            f"unknown tool 'sell'; the tools are {', '.join(TOOL_NAMES)}",
        ),
        ("search", {}, "query is missing"),
        ("search", {"query": "  "}, "query: found '  ', expected: text that is not blank"),
        ("search", {"query": "x", "price": 5}, "price is not an argument of this tool"),
        (
            "search",
            {"query": "x", "max_price": "cheap"},
            "max_price: found 'cheap', expected: a valid number",
        ),
        (
            "search",
            {"query": "x", "max_price": -1},
            "max_price: found '-1', expected: greater than or equal to 0",
        ),
        ("search", {"query": "x", "max_price": True}, "max_price: found 'True', expected: a valid number"),
        ("search", {"query": "x", "colour": 5}, "colour: found '5', expected: a valid string"),
        ("search", {"query": "x", "colour": []}, "colour: found '[]', expected: at least 1 item"),
        ("search", {"query": "x", "colour": ["red", 5]}, "colour: found '5', expected: a valid string"),
        (
            "search",
            {"query": "x", "colour": "r" * 5000},
            f"colour: found '{'r' * 40}', expected: at most 200 characters",
        ),
        (
            "filter",
            {"sort_by": "name"},
            "sort_by: found 'name', expected: 'price_low', 'price_high' or 'rating'",
        ),
        ("translate", {"text": "x", "target": "fr"}, "target: found 'fr', expected: 'en' or 'hi'"),
    ],
)
def test_wrong_calls_come_back_as_errors(name: str, arguments: dict[str, JsonValue], problem: str) -> None:
    result = run(Toolbox(world()), name, **arguments)
    assert (result.value, result.error) == (None, problem)


def test_numbers_and_case_are_forgiven() -> None:
    box = Toolbox(world())
    assert ids(
        run(box, "search", query="shirt", colour="  BLACK ", max_price=899.0, size="m", sort_by=None)
    ) == ["p1"]


def test_our_own_bugs_are_not_caught() -> None:
    class Broken:
        def translate(self, text: str, target: Target) -> Translation:
            raise KeyError("bug")

    box = Toolbox(world())
    box.world.translator = Broken()
    with pytest.raises(KeyError):
        run(box, "translate", text="red", target="hi")
