"""Calls in the notations of people's logs are read as calls, or refused; a raw call is never a reply."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from muse_core.types import Conversation
from tests.unit.conversation_files.builders_chats import called, chat, kept, read, reason, said, user

CALL = {"name": "search", "arguments": {"query": "kurta"}}
ONE = [("search", {"query": "kurta"})]
TWO = [("search", {"query": "kurta"}), ("filter", {"colour": "green"})]
SECOND = {"name": "filter", "arguments": {"colour": "green"}}
TEXT, LISTED, BOTH = json.dumps(CALL), json.dumps([CALL]), json.dumps([CALL, SECOND])
ARGUMENTS = json.dumps(CALL["arguments"])

# What an assistant's text holds, and the calls in it.
WRITTEN: dict[str, tuple[str, list[tuple[str, dict[str, Any]]]]] = {
    "hermes": (f"<tool_call>\n{TEXT}\n</tool_call>", ONE),
    "hermes, Python quotes": (f"<tool_call>{CALL!r}</tool_call>", ONE),
    "hermes, two": (f"<tool_call>{TEXT}</tool_call>\n<tool_call>{json.dumps(SECOND)}</tool_call>", TWO),
    "hermes behind words": (f"Ek minute.\n<tool_call>{TEXT}</tool_call>", ONE),
    "hermes behind a thought": (f"<think>hmm</think>\n<tool_call>{TEXT}</tool_call>", ONE),
    "granite": (f"<|tool_call|>{LISTED}", ONE),
    "LFM2": ("<|tool_call_start|>[search(query='kurta')]<|tool_call_end|>", ONE),
    "pythonic": ('[search(query="kurta")]', ONE),
    "pythonic, two": ("[search(query='kurta'), filter(colour='green')]", TWO),
    "pythonic behind words": ('Sure! [search(query="kurta")]', ONE),
    "pythonic, bare": ("search(query='kurta')", ONE),
    "pythonic in a fence": ("```tool_code\nsearch(query='kurta')\n```", ONE),
    "mistral": (f"[TOOL_CALLS] {LISTED}", ONE),
    "mistral, named": (f"[TOOL_CALLS]search[ARGS]{ARGUMENTS}", ONE),
    "object": (TEXT, ONE),
    "object, keys turned": (json.dumps({"arguments": CALL["arguments"], "name": "search"}), ONE),
    "object behind words": (f"Looking it up: {TEXT}", ONE),
    "array": (BOTH, TWO),
    "arguments as text": (json.dumps({"name": "functions.search", "arguments": ARGUMENTS}), ONE),
    "tool_calls as text": (json.dumps({"tool_calls": [{"type": "function", "function": CALL}]}), ONE),
    "tool, args": (json.dumps({"tool": "search", "args": CALL["arguments"]}), ONE),
    "tool_name, parameters": (json.dumps([{"tool_name": "search", "parameters": {"query": "kurta"}}]), ONE),
    "action, action_input": (json.dumps({"action": "search", "action_input": {"query": "kurta"}}), ONE),
    "fenced": (f"```json\n{TEXT}\n```", ONE),
    "fenced behind words": (f"I will search.\n```json\n{TEXT}\n```", ONE),
    "llama": (f"<|python_tag|>{json.dumps({'name': 'search', 'parameters': {'query': 'kurta'}})}", ONE),
    "ReAct": (f"Action: search\nAction Input: {ARGUMENTS}", ONE),
    "ReAct behind a thought": (f"Thought: I should look.\nAction: search\nAction Input: {ARGUMENTS}", ONE),
    "function tag": (f"<function=search>{ARGUMENTS}</function>", ONE),
    "parameter tags": ("<function=search><parameter=query>kurta</parameter></function>", ONE),
    "parameter tags in a call": (
        "<tool_call>\n<function=search>\n<parameter=query>\nkurta\n</parameter>\n"
        "<parameter=max_price>\n2000\n</parameter>\n</function>\n</tool_call>",
        [("search", {"query": "kurta", "max_price": 2000})],
    ),
    "invoke": (
        '<function_calls><invoke name="search"><parameter name="query">kurta</parameter></invoke>'
        "</function_calls>",
        ONE,
    ),
    "Python quotes": (repr(CALL), ONE),
    "Python quotes, list": (repr([CALL]), ONE),
    "the opening tag lost": (f"{TEXT}</tool_call>", ONE),
    "another tag": (f"<tool_use>{TEXT}</tool_use>", ONE),
    "end token": (f"<tool_call>{TEXT}</tool_call><|im_end|>", ONE),
    "end of text": (f"[TOOL_CALLS]{LISTED}</s>", ONE),
    "Anthropic as text": (
        json.dumps({"type": "tool_use", "name": "search", "input": {"query": "kurta"}}),
        ONE,
    ),
    "ReAct in a fence": (f"Action:\n```json\n{TEXT}\n```", ONE),
    "pythonic in a tag": ("<tool_call>search(query='kurta')</tool_call>", ONE),
    "glaive": (f'<functioncall> {{"name": "search", "arguments": \'{ARGUMENTS}\'}}', ONE),
}

# What is begun as a call and is none that we have: refused, and why.
REFUSED: dict[str, tuple[str, str]] = {
    "cut off": ('{"name": "search", "arguments": {"query": "ku', "a call cannot be read"),
    "cut off in a tag": ('<tool_call>{"name": "search", "argu', "a call cannot be read"),
    "code": ("[search(query=open('x'))]", "a call cannot be read"),
    "unknown tool": ("[get_weather(city='Pune')]", "unknown tool 'get_weather'"),
    "unknown tool in a tag": (
        '<tool_call>{"name": "buy", "arguments": {}}</tool_call>',
        "unknown tool 'buy'",
    ),
    "unknown argument": ("[search(query='kurta', colr='red')]", "search has no argument 'colr'"),
    "deepseek": (
        f"<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>search\n```json\n{ARGUMENTS}\n```"
        "<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
        "a call cannot be read",
    ),
    "harmony": (
        f"<|channel|>commentary to=functions.search<|message|>{ARGUMENTS}<|call|>",
        "a call cannot be read",
    ),
    "recipient": (f">>>search\n{ARGUMENTS}", "a call cannot be read"),
    "a call inside code": ("```python\nprint(search(query='kurta'))\n```", "a call cannot be read"),
    "words for arguments": ("Action: search\nAction Input: kurta", "a call cannot be read"),
    "brackets": ("Thought: look\nAction: search[kurta]", "a call cannot be read"),
    "tool and input": ("Tool: search\nInput: kurta", "a call cannot be read"),
    "arguments in a sentence": (f"Calling search with {ARGUMENTS}", "a call cannot be read"),
    "by position": ("search('kurta')", "a call cannot be read"),
    "bold": ("**search**(query='kurta')", "a call cannot be read"),
    "a tag of its name": ("<search><query>kurta</query></search>", "a call cannot be read"),
    "a command": ("/search kurta", "a call cannot be read"),
    "escaped": (f"&lt;tool_call&gt;{ARGUMENTS}&lt;/tool_call&gt;", "a call cannot be read"),
    "arguments only": (ARGUMENTS, "JSON instead of words"),
    "JSON around a reply": ('{"reply": "Which colour?"}', "JSON instead of words"),
    "an observation": ("Observation: [1]", "a result stands in"),
    "a response": ("FUNCTION RESPONSE: {}", "stands in the reply"),
    "result in a text": (
        f"<tool_call>{TEXT}</tool_call><tool_response>[]</tool_response>Hi",
        "tool_response",
    ),
    "deep": ("<tool_call>" + "[" * 900 + "]" * 900 + "</tool_call>", "a call cannot be read"),
}

TALK = [
    "I can search (kurtas) for you.",
    "Shall I compare [1] and [2]?",
    "[1]",
    "Filter karu? (colour, size)",
    "You can search: kurta, saree, mug",
    "Compare: [1] is cheaper, [2] has more stars.",
    "Use code [SAVE10] at the till.",
    "Sizes: {S, M, L} or [38, 40].",
    'It is called {"Neel"} by its maker.',
    "Action lene se pehle size bata dijiye.",
    "filter (by colour) or search: aap bataiye",
    "```\nS  M  L\n38 40 42\n```",
]


def calls_of(found: Conversation) -> list[tuple[str, dict[str, Any]]]:
    return [(call.name, call.arguments) for message in found.messages for call in message.tool_calls]


def replies_of(found: Conversation) -> list[str]:
    return [m.content for m in found.messages if m.role == "assistant" and not m.tool_calls]


@pytest.mark.parametrize(("text", "calls"), WRITTEN.values(), ids=WRITTEN)
@pytest.mark.parametrize("behind", [(), (said("Try [1]."),)], ids=["ends in the call", "then a reply"])
def test_a_call_in_a_text_is_a_call(
    text: str, calls: list[tuple[str, dict[str, Any]]], behind: tuple[dict[str, Any], ...], tmp_path: Path
) -> None:
    found = kept(tmp_path, chat(user("green kurta"), said(text), *behind))
    assert calls_of(found) == calls
    (reply,) = replies_of(found)
    assert reply == "Try [1]." if behind else "[1" in reply  # a reply that is missing is filled in


@pytest.mark.parametrize(("text", "why"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_call_of_ours_is_refused(text: str, why: str, tmp_path: Path) -> None:
    assert why in reason(tmp_path, chat(user("green kurta"), said(text), said("Try [1].")))


@pytest.mark.parametrize("text", TALK)
def test_talk_stays_talk(text: str, tmp_path: Path) -> None:
    found = kept(tmp_path, chat(user("green kurta"), said(text)))
    assert not calls_of(found) and replies_of(found) == [text]


@pytest.mark.parametrize("text", [written for written, _ in WRITTEN.values()])
def test_a_call_in_the_users_words_stays_words(text: str, tmp_path: Path) -> None:
    found = kept(tmp_path, chat(user(text), said("Which colour?")))
    assert not calls_of(found) and found.messages[1].content == text


# ---- calls in other fields than `tool_calls` ----------------------------------------------------

FOUND = '{"items": [], "total": 0}'  # for what this shop does not have
NOTHING = {"query": "tractor"}
LEGACY = {"role": "assistant", "content": None, "function_call": {"name": "search", "arguments": ARGUMENTS}}
USE = {"type": "tool_use", "id": "t1", "name": "search", "input": {"query": "kurta"}}
FIELDS: dict[str, dict[str, Any]] = {
    "function_call": chat(user("kurta"), LEGACY, said("Try [1].")),
    "function_call with words": chat(user("kurta"), {**LEGACY, "content": "Wait."}, said("Try [1].")),
    "function_call, object": chat(user("kurta"), {**LEGACY, "function_call": CALL}, said("Try [1].")),
    "null beside": chat(
        user("kurta"), {**LEGACY, "tool_calls": None}, {**said("Try [1]."), "function_call": None}
    ),
    "words beside tool_calls": chat(
        user("kurta"), {**called(query="kurta"), "content": "Let me look."}, said("Try [1].")
    ),
    "words, then a call": chat(user("kurta"), said("Let me look."), called(query="kurta"), said("Try [1].")),
    "ShareGPT": {
        "conversations": [
            {"from": "system", "value": "en"},
            {"from": "human", "value": "kurta"},
            {"from": "function_call", "value": TEXT},
            {"from": "gpt", "value": "Try [1]."},
        ]
    },
    "ShareGPT, tags": {
        "conversations": [
            {"from": "human", "value": "kurta"},
            {"from": "gpt", "value": f"<tool_call>{TEXT}</tool_call>"},
            {"from": "gpt", "value": "Try [1]."},
        ]
    },
    "ShareGPT, list": {
        "conversations": [
            {"from": "user", "value": "kurta"},
            {"from": "tool_call", "value": LISTED},
            {"from": "assistant", "value": "Try [1]."},
        ]
    },
    "conversation": {
        "conversation": [{"role": "user", "content": "kurta"}, called(query="kurta"), said("Try [1].")]
    },
    "Anthropic": chat(
        {"role": "user", "content": [{"type": "text", "text": "kurta"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "Let me look"}, USE]},
        said("Try [1]."),
    ),
    "Anthropic, thinking": chat(
        user("kurta"),
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "hm"}, USE]},
        {"role": "assistant", "content": [{"type": "text", "text": "Try [1]."}]},
    ),
    "Gemini": {
        "contents": [
            {"role": "user", "parts": [{"text": "kurta"}]},
            {"role": "model", "parts": [{"functionCall": {"name": "search", "args": {"query": "kurta"}}}]},
            {"role": "model", "parts": [{"text": "Try [1]."}]},
        ]
    },
    "Responses": {
        "input": [
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "kurta"}]},
            {"type": "function_call", "call_id": "c1", "name": "search", "arguments": ARGUMENTS},
            {"role": "assistant", "content": [{"type": "output_text", "text": "Try [1]."}]},
        ]
    },
}


@pytest.mark.parametrize("line", FIELDS.values(), ids=FIELDS)
def test_a_call_in_another_field_is_a_call(line: dict[str, Any], tmp_path: Path) -> None:
    found = kept(tmp_path, line)
    assert calls_of(found) == ONE and replies_of(found) == ["Try [1]."]
    assert found.messages[1].content == "kurta"


@pytest.mark.parametrize(
    "answers", [LISTED, [CALL], CALL, json.dumps([{"name": "search", "arguments": ARGUMENTS}])]
)
def test_a_query_with_its_answers(answers: Any, tmp_path: Path) -> None:
    found = kept(tmp_path, {"id": 4, "query": "kurta", "tools": "[]", "answers": answers})
    assert calls_of(found) == ONE and found.conversation_id == "4"


def test_a_query_with_answers_of_another_tool_is_refused(tmp_path: Path) -> None:
    answers = [{"name": "get_weather", "arguments": {"city": "Pune"}}]
    assert "unknown tool" in reason(tmp_path, {"query": "kurta", "answers": answers})


LOOK = {"name": "search", "arguments": NOTHING}
ASK = {"type": "tool_use", "id": "t1", "name": "search", "input": NOTHING}
RESULTS: dict[str, dict[str, Any]] = {
    "function": chat(
        user("tractor"),
        {"role": "assistant", "function_call": LOOK},
        {"role": "function", "name": "search", "content": "RESULT"},
        said("None."),
    ),
    "Hermes": chat(
        user("tractor"),
        said(f"<tool_call>{json.dumps(LOOK)}</tool_call>"),
        {"role": "tool", "content": "<tool_response>\nRESULT\n</tool_response>"},
        said("None."),
    ),
    "Qwen": chat(
        user("tractor"),
        said(f"<tool_call>{json.dumps(LOOK)}</tool_call>"),
        {"role": "user", "content": "<tool_response>\nRESULT\n</tool_response>"},
        said("None."),
    ),
    "ipython": chat(
        user("tractor"),
        said("[search(query='tractor')]"),
        {"role": "ipython", "content": "RESULT"},
        said("None."),
    ),
    "ShareGPT": {
        "conversations": [
            {"from": "human", "value": "tractor"},
            {"from": "function_call", "value": json.dumps(LOOK)},
            {"from": "observation", "value": "RESULT"},
            {"from": "gpt", "value": "None."},
        ]
    },
    "Anthropic": chat(
        user("tractor"),
        {"role": "assistant", "content": [ASK]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "RESULT"}]},
        said("None."),
    ),
    "Anthropic, blocks": chat(
        user("tractor"),
        {"role": "assistant", "content": [ASK]},
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": "RESULT"}]}
            ],
        },
        said("None."),
    ),
    "Responses": {
        "input": [
            user("tractor"),
            {"type": "function_call", "call_id": "c1", "name": "search", "arguments": json.dumps(NOTHING)},
            {"type": "function_call_output", "call_id": "c1", "output": "RESULT"},
            said("None."),
        ]
    },
    "Gemini": {
        "contents": [
            {"role": "user", "parts": [{"text": "tractor"}]},
            {"role": "model", "parts": [{"functionCall": {"name": "search", "args": NOTHING}}]},
            {
                "role": "user",
                "parts": [{"functionResponse": {"name": "search", "response": json.loads(FOUND)}}],
            },
            {"role": "model", "parts": [{"text": "None."}]},
        ]
    },
}


@pytest.mark.parametrize("line", RESULTS.values(), ids=RESULTS)
def test_a_result_in_another_field_is_compared(line: dict[str, Any], tmp_path: Path) -> None:
    good = json.loads(json.dumps(line).replace("RESULT", json.dumps(FOUND)[1:-1]))
    found = kept(tmp_path, good)
    assert calls_of(found) == [("search", NOTHING)] and replies_of(found) == ["None."]
    assert len(found.labels) == 1  # a result is nothing that the shopper said
    other = json.dumps(line).replace("RESULT", "p9 | Tractor").replace('"total": 0', '"total": 3')
    assert "does not replay" in reason(tmp_path, json.loads(other))


@pytest.mark.parametrize("nothing", ["", "{}", "null", " \n"])
def test_a_result_that_says_nothing_is_filled_in(nothing: str, tmp_path: Path) -> None:
    line = chat(
        user("kurta"), LEGACY, {"role": "function", "name": "search", "content": nothing}, said("Try [1].")
    )
    assert "p5" in kept(tmp_path, line).messages[3].content


def test_an_empty_list_is_a_result_without_items(tmp_path: Path) -> None:
    empty = {"role": "tool", "tool_call_id": "a1", "content": "[]"}
    assert kept(tmp_path, chat(user("tractor"), called(**NOTHING), empty, said("None.")))
    assert "does not replay" in reason(
        tmp_path, chat(user("kurta"), called(query="kurta"), empty, said("None."))
    )


# ---- contents in parts ---------------------------------------------------------------------------

PICTURE = {"type": "image_url", "image_url": {"url": "https://shop.invalid/a.jpg"}}


def test_a_picture_that_the_shopper_sent_is_refused_with_the_way_out(tmp_path: Path) -> None:
    for part in (
        PICTURE,
        {"type": "image", "source": {"data": "x"}},
        {"type": "input_image", "image_url": "x"},
    ):
        line = chat(
            {"role": "user", "content": [{"type": "text", "text": "like this"}, part]}, said("Which?")
        )
        found = reason(tmp_path, line)
        assert "holds a picture" in found and "[image:att1]" in found


def test_a_picture_that_the_shop_sent_is_left_out(tmp_path: Path) -> None:
    shown = {"role": "assistant", "content": [{"type": "text", "text": "Which colour?"}, PICTURE]}
    found = kept(tmp_path, chat(user("kurta"), shown))
    assert replies_of(found) == ["Which colour?"]


def test_texts_in_parts_are_joined(tmp_path: Path) -> None:
    parts = [{"type": "text", "text": "kurta "}, {"text": "dikhao"}, "!"]
    assert (
        kept(tmp_path, chat({"role": "user", "content": parts}, said("Hi"))).messages[1].content
        == "kurta dikhao!"
    )
    odd = {"role": "user", "content": [{"type": "audio", "audio": "x"}]}
    assert "a part of type 'audio'" in reason(tmp_path, chat(odd, said("Hi")))
    listed = {"role": "user", "content": [{"type": ["text"], "text": "kurta"}]}
    assert "a part of type" in reason(tmp_path, chat(listed, said("Hi")))


# ---- arguments ------------------------------------------------------------------------------------


@pytest.mark.parametrize("price", [2000, 2000.0, "2000", "₹2,000", "२०००", "2k", "Rs. 2,000/-"])
def test_a_price_in_words_is_the_number(price: Any, tmp_path: Path) -> None:
    found = kept(tmp_path, chat(user(), called(query="shirt", max_price=price), said()))
    assert found.messages[2].tool_calls[0].arguments == {"query": "shirt", "max_price": 2000}


@pytest.mark.parametrize("price", ["cheap", "1000-2000", [2000], {"value": 2000}, True, -5])
def test_what_is_no_price_is_refused(price: Any, tmp_path: Path) -> None:
    assert "max_price" in reason(tmp_path, chat(user(), called(query="shirt", max_price=price), said()))


def test_many_lines_and_no_raw_call_in_any_reply(tmp_path: Path) -> None:
    """Whatever is kept of every notation here, no reply holds a call."""
    lines = [
        chat(user(f"kurta {n}"), said(text))
        for n, (text, _) in enumerate([*WRITTEN.values(), *REFUSED.values()])
    ]
    found = [one for one in read(tmp_path, *lines) if isinstance(one, Conversation)]
    assert len(found) == len(WRITTEN)
    assert not any("search" in reply or "query" in reply for one in found for reply in replies_of(one))
