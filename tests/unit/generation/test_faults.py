"""What may not be shown, and what may though it looks like it."""

from __future__ import annotations

import pytest

from muse_core.generation.faults import Fault, fault_of
from muse_core.records import tool_message
from muse_core.types import Message, ToolCall, ToolResult

CALL = ToolCall("c0.0", "search", {"query": "shirt"})
ITEMS = [
    {"id": "p1", "title": "Set [2] of Cups", "price": 949, "rating": 3.9},
    {"id": "p2", "title": "Nadi Mug | Blue", "price": 99},
]
TURN = (Message("assistant", "", (CALL,)), tool_message(ToolResult("c0.0", {"items": ITEMS, "total": 2})))
CONTEXT = (Message("system", "en"), Message("user", "cups"))


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        ("Try [1] at [1:price], or [2].", None),
        ("[1], rated [1:rating]. Is 5 < 6 & [2] fine?", None),
        ("Hello! How can I help?", None),
        ("Try [1]</tool>", "tag"),
        ("<result>p1 | Set", "tag"),
        ("Try <tool", "tag"),
        ("<|user|>hello", "tag"),
        ("search(query='cups')", "tag"),
        ("I found like it, max_battery=6))", "tag"),
        ("Try \ufffd\ufffd", "tag"),
        ("", "empty"),
        (" .।! ", "empty"),
        ("👍", "empty"),
        ("Try [3].", "reference"),
        ("Try [1:weight].", "reference"),
        ("Try [2:rating].", "reference"),
        ("Try [1:pri", "reference"),
        ("Try [B:price].", "reference"),
        ("Try [].", "reference"),
        ("Try [2] at [1:price].", "value"),
        ("Try [1] at ₹900.", "value"),
        ("Try Royal Velvet Sherwani.", "value"),
    ],
)
def test_fault_of(reply: str, fault: Fault | None) -> None:
    assert fault_of(CONTEXT, (*TURN, Message("assistant", reply)), False, "en") == fault


def test_a_turn_that_did_not_end_is_unfinished() -> None:
    assert fault_of(CONTEXT, (*TURN, Message("assistant", "Try [1] and")), True, "en") == "unfinished"
    assert fault_of(CONTEXT, TURN, True, "en") == "unfinished"
    assert fault_of(CONTEXT, TURN, False, "en") == "empty"


def test_references_point_to_earlier_results_too() -> None:
    before = (*CONTEXT, *TURN, Message("assistant", "Try [1]."), Message("user", "and the other?"))
    assert fault_of(before, (Message("assistant", "[2] is [2:price]."),), False, "en") is None


def test_where_nothing_was_found_older_items_are_not_what_was_asked_for() -> None:
    before = (*CONTEXT, *TURN, Message("assistant", "Try [1]."), Message("user", "any sofas?"))
    empty = (Message("assistant", "", (CALL,)), tool_message(ToolResult("c1.0", {"items": [], "total": 0})))
    assert fault_of(before, (*empty, Message("assistant", "Here is [1].")), False, "en") == "reference"
    assert fault_of(before, (*empty, Message("assistant", "We have none.")), False, "en") is None
