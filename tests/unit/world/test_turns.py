"""What one parsed turn says, and that it is read once."""

from __future__ import annotations

import pickle

import pytest

from muse_core.records import calls_of, tool_message
from muse_core.types import Message, ToolCall, ToolResult
from muse_core.world import turns
from muse_core.world.turns import Turn, reply_of

SEARCH = ToolCall("c0.0", "search", {"query": "shirt"})
FILTER = ToolCall("c0.1", "filter", {"colour": "red"})
FOUND = {"items": [{"id": "p1", "title": "Blue Shirt"}], "total": 1}
MESSAGES = (
    Message("assistant", "", (SEARCH,)),
    tool_message(ToolResult("c0.0", FOUND)),
    Message("assistant", "", (FILTER,)),
    tool_message(ToolResult("c0.1", None, "colour: unknown")),
    Message("assistant", "Here is [1]."),
)


def test_a_whole_turn_is_read_to_its_end() -> None:
    turn = Turn(MESSAGES)
    assert turn.calls == [SEARCH, FILTER] == calls_of(MESSAGES)
    assert turn.results == [ToolResult("c0.0", FOUND), ToolResult("c0.1", None, "colour: unknown")]
    assert turn.values == [FOUND] and turn.has_error
    assert turn.reply == "Here is [1]." == reply_of(MESSAGES) and turn.has_end
    assert turn.first_calls == (SEARCH,) and turn.decision == "search"
    assert turn.acts == ("search(query='shirt')", "filter(colour='red')", "Here is [1].")
    assert turn.tools == (("search",), ("filter",), ())


def test_a_turn_that_was_cut_off_has_no_reply() -> None:
    turn = Turn(MESSAGES[:2])
    assert turn.reply == "" and not turn.has_end and not turn.has_error


def test_a_turn_without_a_message_has_nothing() -> None:
    turn = Turn(())
    assert (turn.calls, turn.values, turn.reply, turn.first_calls, turn.acts) == ([], [], "", (), ())
    assert not turn.has_end


def test_results_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Message] = []

    def counted(message: Message) -> ToolResult:
        read.append(message)
        return ToolResult(message.answers_call or "", FOUND)

    monkeypatch.setattr(turns, "read_tool_message", counted)
    turn = Turn(MESSAGES)
    assert turn.values == turn.values and not turn.has_error and turn.results
    assert read == [MESSAGES[1], MESSAGES[3]]


def test_a_turn_travels_without_what_was_read() -> None:
    turn = Turn(MESSAGES)
    fresh = len(pickle.dumps(turn))
    assert turn.values and turn.acts and len(pickle.dumps(turn)) == fresh
    assert pickle.loads(pickle.dumps(turn)) == turn
