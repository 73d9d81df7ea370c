"""The call syntax: what is written is read back; nothing else is read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muse_core.tools.base import Tool
from muse_core.tools.call_syntax import (
    CallSyntaxError,
    escape_text,
    extract,
    parse_call,
    render_call,
    unescape_text,
    wrap,
)
from muse_core.tools.result_text import render_result
from muse_core.tools.shop_schema import PLAIN
from muse_core.tools.toolbox import ALL_TOOLS
from muse_core.types import ToolCall

names = st.from_regex(r"[a-z_][a-z0-9_]{0,12}", fullmatch=True)
scalars = st.one_of(
    st.text(max_size=30), st.integers(-(10**12), 10**12), st.booleans(),
    st.floats(allow_nan=False, allow_infinity=False),
)  # fmt: skip
arguments = st.dictionaries(names, st.one_of(scalars, st.lists(scalars, max_size=4)), max_size=6)


@settings(max_examples=400, deadline=None)
@given(names, arguments)
def test_parse_of_render_is_the_identity(name: str, given_arguments: dict) -> None:
    text = render_call(ToolCall("c0.0", name, given_arguments))
    assert parse_call(text) == (name, given_arguments)
    assert "<" not in text and "\n" not in text


@pytest.mark.parametrize("tool", ALL_TOOLS, ids=lambda tool: tool.name)
def test_known_tools_are_written_in_schema_order(tool: Tool) -> None:
    keys = list(PLAIN.order(tool.name))
    backwards = dict.fromkeys(reversed(keys), 1)
    assert list(parse_call(render_call(ToolCall("c0.0", tool.name, backwards)))[1]) == keys


def test_the_written_form() -> None:
    call = ToolCall(
        "c0.0", "search", {"max_price": 2000.0, "colour": None, "query": "kid's <b> shirt", "extra": [1, "a"]}
    )
    assert render_call(call) == r"search(query='kid\'s \u003cb> shirt', max_price=2000, extra=[1, 'a'])"
    assert wrap(ToolCall("c0.0", "filter", {"min_rating": 4.5})) == "<tool>filter(min_rating=4.5)</tool>"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "search",
        "search(",
        "search()extra",
        "search('x')",
        "search(query=x)",
        "search(query='x'",
        "search(query='x)",
        "search(query='x', query='y')",
        "search(query=[['x']])",
        "search(query={'a': 1})",
        "search(query=open('f'))",
        "search(query='a' 'b')",
        "search(query=f'a')",
        "search(query=1+1)",
        "search(query=1e999)",
        "search(**{})",
        "a.b(query='x')",
        "search(max_price=)",
        "x" * 5000,
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(CallSyntaxError):
        parse_call(text)


def test_the_error_says_what_was_found() -> None:
    with pytest.raises(CallSyntaxError, match=r"found 'x\)' at character 13, expected a literal"):
        parse_call("search(query=x)")


def test_lenient_spaces_quotes_and_negative_numbers() -> None:
    assert parse_call(' search( query = "a\'b" , n=-1.5, ok=True, ) ') == (
        "search",
        {"query": "a'b", "n": -1.5, "ok": True},
    )


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.sampled_from("(),='\"[]\\u03c<>tol/ 1a.-"), max_size=40))
def test_noise_gives_a_call_or_a_syntax_error(text: str) -> None:
    try:
        name, _ = parse_call(text)
    except CallSyntaxError:
        return
    assert name.isidentifier()


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.one_of(st.characters(codec="utf-8"), st.sampled_from("\\u003c5<")), max_size=40))
def test_escape_round_trip(text: str) -> None:
    assert unescape_text(escape_text(text)) == text
    assert "<" not in escape_text(text)


def test_a_literal_escape_survives() -> None:
    assert unescape_text(escape_text(r"\u003c and < and \u005c")) == r"\u003c and < and \u005c"


def test_extract_splits_text_and_calls() -> None:
    text = "ok <tool>search(query='x')</tool><tool>oops</tool>bye<tool>search("
    segments = extract(text)
    assert [segment.kind for segment in segments] == ["text", "call", "call", "text", "call"]
    assert [text[segment.start : segment.end] for segment in segments if segment.kind == "text"] == [
        "ok ",
        "bye",
    ]
    assert (segments[1].name, segments[1].arguments) == ("search", {"query": "x"})
    assert segments[2].error is not None and segments[2].name is None
    assert segments[4].error == "<tool> without </tool>"


def test_results_for_the_model() -> None:
    items = [{"id": f"p{n}", "title": f"Shirt {n}", "price": 1000 + n} for n in range(1, 6)]
    assert render_result({"items": items, "total": 5}) == (
        "p1 | Shirt 1 | ₹1,001 ; p2 | Shirt 2 | ₹1,002 ; p3 | Shirt 3 | ₹1,003"
    )
    assert (
        render_result({"items": [{"id": "p1", "title": "A <b> | c"}]})
        == r"p1 | A \u003cb> / c | price unknown"
    )
    assert render_result({"items": items[:2], "attribute": "price", "best": 1}).endswith(" ; best [1]")
    known = render_result({"items": items[:1], "facts": {"in stock": "yes", "a | b": "<"}})
    assert known == r"p1 | Shirt 1 | ₹1,001 ; in stock: yes ; a / b: \u003c"
    assert render_result({"items": [], "total": 0}) == "no items"
    assert render_result({"text": "लाल", "source": "red", "target": "hi"}) == "लाल"
    assert render_result(None, "query is missing") == "error: query is missing"
