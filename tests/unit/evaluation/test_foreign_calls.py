"""A call in the formats of other models."""

from __future__ import annotations

import json

import pytest

from muse_core.evaluation.cases.foreign_calls import read_act, read_message

CALL = {"name": "search", "arguments": {"query": "शर्ट, (red)", "max_price": 900}}
LLAMA = {"name": "search", "parameters": CALL["arguments"]}
TEXT, LISTED = json.dumps(CALL, ensure_ascii=False), json.dumps([CALL])
NAMED = json.dumps({"name": "functions.search", "arguments": json.dumps(CALL["arguments"])})
WRITTEN = [
    f"<tool_call>\n{TEXT}\n</tool_call>",
    f"I will look for it.\n<tool_call>{TEXT}</tool_call>",
    f"<think>maybe <tool_call>{{}}</tool_call></think><tool_call>{TEXT}</tool_call>",
    f"<tool_call>{LISTED}</tool_call>",
    f"<tool_call>{TEXT}",  # cut off behind the call
    LISTED,
    f"```json\n{TEXT}\n```",
    f"<|tool_call|>{LISTED}<|/tool_call|>",
    f"<|tool_call|>{LISTED}",
    json.dumps(LLAMA),
    f"<|python_tag|>{json.dumps(LLAMA)}",
    json.dumps({"type": "function", "function": LLAMA}),
    f"[TOOL_CALLS] {LISTED}",
    f"[TOOL_CALLS]search[ARGS]{json.dumps(CALL['arguments'])}",
    "[search(query='शर्ट, (red)', max_price=900)]",
    f"<tool_call>{NAMED}</tool_call>",
]


@pytest.mark.parametrize("text", WRITTEN)
def test_one_call_in_many_formats(text: str) -> None:
    answer = read_act(text)
    assert not answer.malformed and [(one.name, one.arguments) for one in answer.calls] == [
        ("search", CALL["arguments"])
    ]
    assert answer.text == text


@pytest.mark.parametrize(
    "text",
    [
        f"<tool_call>{TEXT}</tool_call>\n<tool_call>{TEXT}</tool_call>",
        f"{json.dumps(LLAMA)}; {json.dumps(LLAMA)}",
        f"[TOOL_CALLS] {json.dumps([CALL, CALL])}",
        "[TOOL_CALLS]search[ARGS]{}[TOOL_CALLS]search[CALL_ID]a1[ARGS]{}",
        "[search(query='a'), search(query='b, c')]",
    ],
)
def test_two_calls(text: str) -> None:
    assert [call.name for call in read_act(text).calls] == ["search", "search"]
    assert [call.call_id for call in read_act(text).calls] == ["c.0", "c.1"]


@pytest.mark.parametrize(
    "text",
    [
        "Which size do you wear?",
        "",
        "Here: [1] for ₹999.",
        "{a note} about shirts",
        "I can search(query) for you.",
        "<think>should I call a tool?</think>No, thanks!",
    ],
)
def test_talk_is_no_call(text: str) -> None:
    answer = read_act(text)
    assert not answer.calls and not answer.malformed


@pytest.mark.parametrize(
    "text",
    [
        '<tool_call>{"name": "search", "arguments": </tool_call>',
        "<tool_call></tool_call>",
        '<tool_call>{"arguments": {}}</tool_call>',
        '<tool_call>{"name": "search", "arguments": [1]}</tool_call>',
        '{"name": "search", "parameters": {"query": "sh',
        "[TOOL_CALLS] search",
        "[search(query=open('x'))]",
        "[search('shirt')]",
        "<tool_call>" + "[" * 100_000 + "</tool_call>",
    ],
)
def test_a_call_that_cannot_be_read(text: str) -> None:
    answer = read_act(text)
    assert answer.malformed and not answer.calls


def test_messages_of_an_endpoint() -> None:
    listed = [
        {
            "id": "x",
            "type": "function",
            "function": {"name": "search", "arguments": json.dumps({"query": "a"})},
        }
    ]
    answer = read_message({"role": "assistant", "content": None, "tool_calls": listed})
    assert answer.calls[0].arguments == {"query": "a"} and not answer.malformed
    assert read_message({"content": f"<tool_call>{TEXT}</tool_call>"}).calls  # a server that did not read it
    assert read_message({"content": "Hello!", "tool_calls": []}).text == "Hello!"
    broken = {"function": {"name": "search", "arguments": '{"query": '}}
    assert read_message({"tool_calls": [broken]}).malformed and read_message({"tool_calls": ["x"]}).malformed
    assert read_message({"tool_calls": [{"function": {"name": "recommend", "arguments": ""}}]}).calls
