"""The schema of a shop with any facets: what it takes is written and read back as it is, what it refuses it
names."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from muse_core.catalog.facet_headers import free_name, reserved
from muse_core.tools.base import ITEM_FIELDS, NO_LIMITS, ToolArguments, facet_of
from muse_core.tools.call_syntax import in_order, parse_call, render_call
from muse_core.tools.shop_schema import PLAIN, ShopSchema, schema_of
from muse_core.tools.toolbox import ALL_TOOLS, TOOLS
from muse_core.types import Facet, ToolCall

TAKING = [tool.name for tool in ALL_TOOLS if tool.takes_facets]
OURS = {name for tool in ALL_TOOLS for name in tool.Arguments.model_fields} | ITEM_FIELDS | NO_LIMITS
# names that a pydantic model, a keyword or our own base class has already
AWKWARD = ["json", "copy", "dict", "schema", "limits", "given", "model_fields", "model_config", "class", "is"]

letters = st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Zl", "Zp"])
words = st.text(letters, min_size=1, max_size=20).filter(lambda text: bool(text.split()))
names = st.one_of(st.sampled_from(AWKWARD), st.from_regex(r"[a-z][a-z0-9_]{0,14}", fullmatch=True))
plain_names = names.filter(lambda name: facet_of(name) == name and name not in OURS)


@st.composite
def facets(draw: st.DrawFn) -> tuple[Facet, ...]:
    found = []
    for name in draw(st.lists(plain_names, unique=True, min_size=1, max_size=12)):
        kind = draw(st.sampled_from(["choice", "number", "yes_no"]))
        unit = draw(st.sampled_from(["", "gb", "inch", "sq ft"])) if kind == "number" else ""
        values = tuple(draw(st.lists(words, max_size=4))) if kind == "choice" else ()
        found.append(Facet(name, kind, unit, values))
    return tuple(found)


def value_of(facet: Facet, name: str) -> st.SearchStrategy[Any]:
    if facet.kind == "yes_no":
        return st.booleans()
    if facet.kind == "number":
        whole, broken = st.integers(-(10**12), 10**12), st.floats(-1e12, 1e12, allow_nan=False)
        return st.one_of(whole, broken)
    return st.one_of(words, st.lists(words, min_size=1, max_size=4))


@st.composite
def shops_and_calls(draw: st.DrawFn) -> tuple[ShopSchema, ToolCall]:
    """A shop, and a call of it that its schema takes."""
    schema = ShopSchema(draw(facets()))
    tool = draw(st.sampled_from(TAKING))
    arguments: dict[str, Any] = {"query": draw(words)} if tool == "search" else {"colour": draw(words)}
    own = {
        name: facet for facet in schema.facets for name in schema.order(tool) if facet_of(name) == facet.name
    }
    for name in draw(st.lists(st.sampled_from(sorted(own)), unique=True, max_size=8)):
        arguments[name] = draw(value_of(own[name], name))
    return schema, ToolCall("c0.0", tool, arguments)


@settings(max_examples=300, deadline=None)
@given(shops_and_calls())
def test_what_the_schema_takes_is_written_and_read_back(case: tuple[ShopSchema, ToolCall]) -> None:
    schema, call = case
    assert schema.refusals(call.name, call.arguments) == {}
    text = render_call(call)
    name, read = parse_call(text)
    assert name == call.name and read == call.arguments and list(read) == list(in_order(name, call.arguments))
    taken = schema.read(name, read)
    assert taken == schema.read(call.name, call.arguments)
    again = ToolCall("c0.0", name, taken)
    assert schema.read(*parse_call(render_call(again))) == taken  # as the tool reads it, it stays
    known = schema.order(name)
    assert [key for key in known if key in read] == list(read)


@settings(max_examples=100, deadline=None)
@given(shops_and_calls(), st.data())
def test_a_call_is_checked_as_by_the_shops_own_model(
    case: tuple[ShopSchema, ToolCall], data: st.DataObject
) -> None:
    schema, call = case
    tool = TOOLS[call.name]
    more = st.sampled_from([*schema.order(call.name), *AWKWARD, "zz"])
    value = st.one_of(
        st.none(), st.booleans(), st.integers(), words, st.lists(words, max_size=5), st.just(float("nan"))
    )
    asked = {**call.arguments, **data.draw(st.dictionaries(more, value, max_size=2))}
    compared = {
        "items": [1, 2],
        "attribute": data.draw(st.sampled_from([f.name for f in schema.facets] + ["price", "zz"])),
    }
    for one, arguments in ((tool, call.arguments), (tool, asked), (TOOLS["compare"], compared)):
        own = schema.arguments(one).model_validate
        assert _read(partial(schema.checked, one), arguments) == _read(own, arguments)


def _read(check: Callable[[Any], ToolArguments], arguments: dict[str, Any]) -> list[str] | str:
    """The arguments in their order with their kinds; why they are refused."""
    try:
        found = check(arguments)
    except ValidationError as problem:
        return str(problem)
    return [f"{name} {value!r}" for name, value in [*found.given().items(), *found.limits().items()]]


@settings(max_examples=200, deadline=None)
@given(shops_and_calls(), st.data())
def test_a_refusal_names_the_argument_once(case: tuple[ShopSchema, ToolCall], data: st.DataObject) -> None:
    schema, call = case
    wrong = data.draw(st.sampled_from([name for name in schema.order(call.name) if name not in OURS]))
    bad = data.draw(st.sampled_from([float("nan"), "x" * 5000, {"a": 1}, [["a"]], [], ["a"] * 5 + ["b"]]))
    refused = schema.refusals(call.name, {**call.arguments, wrong: bad})
    assert list(refused) == [wrong] and refused[wrong].startswith(f"{wrong}: found ")
    assert len(refused[wrong]) < 160 and "; " not in refused[wrong]
    stray = schema.refusals(call.name, {**call.arguments, f"{wrong}_zz": 1})
    assert stray[f"{wrong}_zz"].startswith(f"{wrong}_zz is not an argument of this tool; this shop has ")


@settings(max_examples=50, deadline=None)
@given(facets())
def test_every_argument_is_described_and_the_digest_is_of_all(shop: tuple[Facet, ...]) -> None:
    schema = ShopSchema(shop)
    for described in schema.as_json():
        for name, entry in described["parameters"]["properties"].items():
            assert entry["description"], name
        assert set(described["parameters"]["properties"]) == set(schema.order(described["name"]))
    assert schema.digest() != PLAIN.digest()
    assert schema.digest() == ShopSchema(shop).digest() and schema_of(shop) is schema_of(shop)
    assert TOOLS["translate"].Arguments is schema.arguments(TOOLS["translate"])


@pytest.mark.parametrize("shop", [
    [Facet("query", "choice")],
    [Facet("price", "number")],
    [Facet("id", "choice")],
    [Facet("title", "yes_no")],
    [Facet("size", "number", "inch")],
    [Facet("like", "choice")],
    [Facet("memory", "number"), Facet("memory", "choice")],
    [Facet("memory", "number"), Facet("min_memory", "number")],
])  # fmt: skip
def test_names_that_are_taken_are_refused(shop: list[Facet]) -> None:
    with pytest.raises(ValueError, match="the name is taken; rename the facets"):
        ShopSchema(tuple(shop))


def test_the_loader_gives_no_facet_a_name_that_is_taken() -> None:
    assert not OURS - reserved()
    for wanted in sorted(OURS):
        for kind in ("choice", "number", "yes_no"):
            ShopSchema((Facet(free_name(wanted, ()), kind),))
