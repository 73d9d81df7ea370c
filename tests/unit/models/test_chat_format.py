from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muse_core import records
from muse_core.models import chat_format as cf
from muse_core.models import chat_reader
from muse_core.profiles.system_line import system_content
from muse_core.types import Facet, Message, ToolCall, ToolResult
from tests.unit.models import stream_reader
from tests.unit.models.builders_models import chain, talk

texts = st.text(st.characters(codec="utf-8"), max_size=30)
words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
values = st.one_of(words, st.integers(-5, 10_000), st.booleans(), st.lists(st.integers(1, 9), max_size=3))
arguments = st.dictionaries(st.sampled_from(["query", "colour", "max_price", "items", "target"]), values)


@st.composite
def assistant_turns(draw: st.DrawFn, turn: int) -> tuple[Message, ...]:
    messages: list[Message] = []
    count = 0
    for _ in range(draw(st.integers(0, 2))):
        calls = []
        for _ in range(draw(st.integers(1, 2))):
            calls.append(
                ToolCall(f"c{turn}.{count}", draw(st.sampled_from(["search", "compare"])), draw(arguments))
            )
            count += 1
        messages.append(Message("assistant", "", tuple(calls)))
        for call in calls:
            items = [{"id": "p1", "title": draw(words), "price": draw(st.integers(1, 10**6))}]
            failed = draw(st.booleans())
            result = (
                ToolResult(call.call_id, None, draw(words))
                if failed
                else ToolResult(call.call_id, {"items": items})
            )
            messages.append(records.tool_message(result))
    return (*messages, Message("assistant", draw(texts)))


@st.composite
def dialogues(draw: st.DrawFn) -> tuple[Message, ...]:
    messages: tuple[Message, ...] = (Message("system", draw(texts)),)
    for turn in range(draw(st.integers(1, 3))):
        messages += (Message("user", draw(texts)), *draw(assistant_turns(turn)))
    return messages


@settings(max_examples=60, deadline=None)
@given(dialogues())
def test_render_parse_render_is_the_identity(messages: tuple[Message, ...]) -> None:
    text = cf.render(messages)
    again = stream_reader.parse(text)
    assert cf.render(again) == text
    spoken = [(m.role, m.content, m.tool_calls) for m in messages if m.role != "tool"]
    assert [(m.role, m.content, m.tool_calls) for m in again if m.role != "tool"] == spoken
    assert [m.answers_call for m in again] == [m.answers_call for m in messages]


def test_the_stream_of_a_chain_reads_as_documented() -> None:
    text = cf.render(talk(0, 3).messages)
    assert text.startswith("<|system|>" + cf.tool_lines())
    assert "</tool><tool>recommend()</tool><result>" in text
    assert "<result>error: items 1..1 only</result>ये देखिए: [1] सिर्फ [1:price] में।<|end|>" in text
    assert "\\u003ctool>अच्छा" in text
    assert text.count("<|assistant|>") == 3


def test_a_shops_facets_stand_between_the_tools_and_the_shopper() -> None:
    told = system_content((Facet("memory", "number", "gb"), Facet("touch", "yes_no")), "en | women")
    limits = {"memory": 8, "colour": ["red", "pink"], "touch": True, "not_material": "silk", "query": "bag"}
    call = ToolCall("c0.0", "search", limits)
    messages = (Message("system", told), Message("user", "x"), Message("assistant", "", (call,)))
    text = cf.render(messages)
    head = f"<|system|>{cf.tool_lines()}\n"
    assert text.startswith(head + "also: memory (gb), touch (yes/no)\nen | women<|end|>")
    assert text.endswith(
        "<tool>search(query='bag', colour=['red', 'pink'], not_material='silk', memory=8, touch=True)</tool>"
    )
    again = stream_reader.parse(text)
    assert cf.render(again) == text and again[2].tool_calls[0].arguments == limits


def test_only_what_the_model_writes_is_supervised() -> None:
    parts = [(piece.text, piece.part) for piece in cf.pieces((Message("user", "x"), *chain()[1:]))]
    supervised = "".join(text for text, part in parts if part != "context")
    call = "<tool>compare(items=[1, 2])</tool>"
    assert supervised.endswith(call + "<result>ये देखिए: [1] सिर्फ [1:price] में।<|end|>")
    assert supervised.count("<result>") == 2  # the runtime writes the second of the parallel ones
    assert "</result>" not in supervised and "Kurta" not in supervised


def test_open_turn_is_a_prefix_of_the_closed_stream() -> None:
    messages = talk(0, 3).messages
    whole = cf.render(messages)
    for end in range(2, len(messages)):
        prompt = cf.render(messages[:end], open_turn=True)
        assert whole.startswith(prompt)
    assert cf.render(messages[:2], open_turn=True).endswith("<|end|><|assistant|>")


def test_parse_turn_reads_calls_and_replies() -> None:
    found = chat_reader.parse_turn(
        "<tool>search(query='a')</tool><tool>compare(items=[1, 2])</tool><result>", 3, first=1
    )
    assert [call.call_id for call in found.calls] == ["c3.1", "c3.2"] and found.malformed is None
    reply = chat_reader.parse_turn("see [1] \\u003c 5<|end|>", 0)
    assert reply.reply == "see [1] < 5" and not reply.calls and reply.malformed is None


@pytest.mark.parametrize(
    "text",
    [
        "<tool>search(query='a'",
        "<tool>search(</tool>",
        "<tool>search()</tool>then words<result>",
        "a <|user|> b",
    ],
)
def test_parse_turn_names_what_is_malformed(text: str) -> None:
    assert chat_reader.parse_turn(text, 0).malformed


@pytest.mark.parametrize("text", ["hello", "<|user|>no end", "<|assistant|></tool>", "<|assistant|>words"])
def test_parse_refuses_what_is_not_a_stream(text: str) -> None:
    with pytest.raises(ValueError):
        stream_reader.parse(text)


def test_word_ends_leave_punctuation_out() -> None:
    text = "मुझे ₹1,499 तक, v-neck shirts चाहिए!"
    assert [text[:end].split()[-1] for end in cf.word_ends(text)] == [
        "मुझे",
        "₹1,499",
        "तक",
        "v-neck",
        "shirts",
        "चाहिए",
    ]
    assert cf.word_ends("like [image:att1], 4+ stars") == [4, 17, 20, 27]


def test_tool_lines_are_one_line_per_tool() -> None:
    lines = cf.tool_lines().splitlines()
    assert [line.split("(")[0] for line in lines] == [tool.name for tool in cf.ALL_TOOLS]
