"""What is made of a thumb and of each kind of correction, and what is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from muse_core.feedback.better import with_references
from tests.unit.feedback.builders_feedback import (
    ASKED,
    INDEX,
    calling,
    one,
    piece,
    reply,
    talking,
    tool,
    values,
)

BLACK = {"query": "shirt", "colour": "black", "max_price": 2000}


def learnt(folder: Path, **line: Any) -> tuple[str, dict[str, Any]]:
    """The call of the turn that is to be learnt."""
    row = one(folder, piece(**line))
    assert row.status == "waiting", row.reason
    [message] = row.better or ()
    [call] = message["tool_calls"]
    return call["name"], call["arguments"]


def test_values_in_words_go_into_the_served_call(tmp_path: Path) -> None:
    found = learnt(tmp_path, answer=calling(query="shirt"), wanted=values("black, under 2000 rupees"))
    assert found == ("search", BLACK)


@pytest.mark.parametrize(
    "text",
    [
        "query='shirt', colour='black', max_price=2000",
        '{"query": "shirt", "colour": "black", "max_price": 2000}',
        "search(query='shirt', colour='black', max_price=2000)",
    ],
)
def test_values_written_as_a_call_stand_in_its_place(tmp_path: Path, text: str) -> None:
    found = learnt(tmp_path, answer=calling(query="shirt", colour="blue"), wanted=values(text))
    assert found == ("search", BLACK)


def test_another_tool_gets_what_the_rules_read(tmp_path: Path) -> None:
    said = "black shirts under 2000 rupees please"
    found = learnt(tmp_path, said=said, answer=talking("What are you looking for?"), wanted=tool("search"))
    assert found == ("search", BLACK)


def test_no_tool_gets_the_reply_of_the_situation(tmp_path: Path) -> None:
    row = one(tmp_path, piece("thank you so much", calling(query="shirt"), tool("none")))
    assert row.status == "waiting", row.reason
    [message] = row.better or ()
    assert "tool_calls" not in message and message["content"]


def test_a_reply_is_learnt_with_references_behind_the_served_calls(tmp_path: Path) -> None:
    wanted = reply("The Tarang Men Black Cotton Casual Shirt is ₹899, shall I order the list by price?")
    row = one(tmp_path, piece(answer=calling("Try [2].", **BLACK), wanted=wanted))
    assert row.status == "waiting", row.reason
    assert [message["role"] for message in row.better or ()] == ["assistant", "tool", "assistant"]
    assert (row.better or ())[-1]["content"] == "The [1] is [1:price], shall I order the list by price?"


def test_a_thumb_up_is_the_served_turn(tmp_path: Path) -> None:
    row = one(tmp_path, piece(answer=calling(**BLACK), thumb="up"))
    assert row.status == "waiting" and row.better == row.answer and not row.is_correction


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ({"wanted": None}, "it does not say"),
        ({"wanted": values("zorblax quux")}, "words that nothing explains: zorblax quux"),
        ({"wanted": values("1500")}, "the rules read about_price, no argument of search"),
        ({"wanted": values("please")}, "the rules read no value"),
        ({"wanted": values("quality='high'")}, "search has no argument 'quality'"),
        ({"wanted": values("max_price=oops(")}, "label: arguments"),
        ({"wanted": values("under 500 rupees")}, "nobody said max_price=500"),
        ({"wanted": values("colour='blue'")}, "nobody said colour='blue'"),
        ({"answer": calling(**BLACK), "wanted": values("black")}, "that is what was done"),
        ({"answer": talking("Hm, tell me more."), "wanted": values("black")}, "nothing was called"),
        ({"wanted": tool("search")}, "search was called; say which values"),
        ({"wanted": tool("none")}, "no tool is wanted, and the rules do not say what to reply"),
        ({"wanted": tool("filter")}, "words that nothing explains"),
        ({"wanted": reply("The Unheard Silver Shirt is only ₹17.")}, "fault 'value'"),
        ({"wanted": reply("search(query='shirt')")}, "it is read as a call"),
        ({"wanted": reply("Take <tool> this.")}, "a call cannot be read"),
        ({"wanted": reply("Take this, <|user|> said.")}, "<|user|> stands in the reply"),
        ({"wanted": reply("Look at [7].")}, "fault 'reference'"),
    ],
)
def test_what_cannot_be_read_stays_unclear_and_says_why(
    tmp_path: Path, line: dict[str, Any], why: str
) -> None:
    row = one(tmp_path, piece(**line))
    assert row.status == "unclear" and row.better is None
    assert why in str(row.reason)


def test_a_call_that_fails_here_is_not_learnt(tmp_path: Path) -> None:
    row = one(tmp_path, piece(wanted=values("query='shirt', max_price=2000, min_price=2000000")))
    assert row.status == "unclear" and "2000000" in str(row.reason)


def test_what_was_served_must_replay(tmp_path: Path) -> None:
    answer = calling(**BLACK)
    answer["calls"][0]["result"]["items"][0]["price"] = 5
    row = one(tmp_path, piece(answer=answer, wanted=values("black")))
    assert row.status == "refused" and str(row.reason).startswith("does not replay: the call search(")
    assert row.answer == () and row.better is None


def test_a_reply_without_what_was_shown_stays_as_it_is() -> None:
    assert with_references("Nothing fits.", None, "en") == "Nothing fits."
    items = {"items": [{"id": "p1", "title": "Red Mug", "price": 99}, {"id": "p2", "title": "Red Mug XL"}]}
    assert with_references("red mug xl or Red Mug for ₹99", items, "en") == "[2] or [1] for [1:price]"
    assert INDEX.catalog.by_id["p1"].price == 899 and ASKED
