"""A chat file becomes conversations: both ways to write a call, results filled in, bad lines with reasons."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from muse_core.catalog.index import CatalogIndex
from muse_core.conversation_files.read import Rejected, read_chats
from muse_core.errors import ConfigError
from muse_core.json_files import MAX_LINE_BYTES
from muse_core.records import side_of
from muse_core.types import Conversation
from muse_core.world.replay import replay
from tests.unit.conversation_files.builders_chats import called, chat, kept, read, reason, result, said, user
from tests.unit.tools.builders_tools import profile, shop

WRITTEN = "<tool>search(query='shirt', max_price=2000)</tool>"


def test_a_call_in_the_shape_of_openai_is_run(tmp_path: Path) -> None:
    found = kept(tmp_path, chat())
    system, ask, call, answer, reply = found.messages
    assert (system.content, ask.content, reply.content) == (
        "en", "show me shirts under 2000", "Try [1] at [1:price].",
    )  # fmt: skip
    assert call.tool_calls[0].arguments == {"query": "shirt", "max_price": 2000}
    assert [item["id"] for item in json.loads(answer.content)["value"]["items"]] == ["p2", "p1"]
    assert replay(found, CatalogIndex(shop()), None)
    (label,) = found.labels
    assert (label.decision, label.turn_type, label.plans) == ("search", "complete", (("search",),))
    assert label.position == len("show me shirts under 2000")


@pytest.mark.parametrize(
    "messages",
    [
        (said(f"{WRITTEN}<result>SHOWN</result>Try [1]."),),
        (said(f"{WRITTEN}Try [1]."),),
        (said(WRITTEN), said("Try [1].")),
        (said(WRITTEN), {"role": "tool", "content": "SHOWN"}, said("Try [1].")),
    ],
)
def test_a_call_in_our_own_syntax_is_run(messages: tuple[dict[str, Any], ...], tmp_path: Path) -> None:
    shown = "p2 | Tarang Men Blue Linen Shirt | ₹1,299 ; p1 | Tarang Men Black Cotton Casual Shirt | ₹899"
    line = json.loads(json.dumps(chat(user(), *messages)).replace("SHOWN", json.dumps(shown)[1:-1]))
    found = kept(tmp_path, line)
    assert [message.role for message in found.messages[1:]] == ["user", "assistant", "tool", "assistant"]
    assert found.messages[-1].content == "Try [1]."


def test_both_syntaxes_give_the_same_conversation(tmp_path: Path) -> None:
    written = kept(tmp_path, chat(user(), said(f"{WRITTEN}Try [1].")))
    shaped = kept(tmp_path, chat(user(), called(), said("Try [1].")))
    assert written == shaped  # the id and so the side, too


def test_a_result_that_the_catalogue_gives_is_kept_and_another_refused(tmp_path: Path) -> None:
    true = kept(tmp_path, chat()).messages[3].content
    value = json.dumps(json.loads(true)["value"])
    for given in (true, value, json.dumps(json.loads(true), indent=1)):
        assert kept(tmp_path, chat(user(), called(), result(given), said())).messages[3].content == true
    assert "does not replay" in reason(tmp_path, chat(user(), called(), result('{"items": []}'), said()))


def test_several_calls_and_turns(tmp_path: Path) -> None:
    line = chat(
        user(), called(call_id="x"), called("filter", "y", colour="Blue "), result("", "nobody"), said(),
        user("thanks"), said("You are welcome."),
    )  # fmt: skip
    assert "'nobody', which is no call" in reason(tmp_path, line)
    del line["messages"][3]
    found = kept(tmp_path, line)
    assert [label.turn_type for label in found.labels] == ["multi_step", "chit_chat"]
    assert found.messages[4].tool_calls[0].arguments == {"colour": "blue"}  # as the tool reads it
    assert found.labels[0].plans == (("search", "filter"),)


def test_languages_are_read_or_found(tmp_path: Path) -> None:
    hello = said("नमस्ते!")
    assert kept(tmp_path, chat(user("काली शर्ट दिखाओ"), hello)).language == "hi"
    assert kept(tmp_path, chat(user("black shirt dikhao mujhe"), hello)).language == "mixed"
    assert kept(tmp_path, chat(user("काली शर्ट दिखाओ"), hello, language="mixed")).language == "mixed"


def test_who_is_asking(tmp_path: Path) -> None:
    asha = profile(profile_id="u7")
    line = chat(user("suggest something"), called("recommend", max_price=5000), said(), profile_id="u7")
    found = kept(tmp_path, line, people=(asha,))
    assert (found.profile_id, found.side) == ("u7", side_of("u7"))
    assert found.messages[0].content.startswith("mixed | women")
    assert found.messages[3] != kept(tmp_path, line).messages[3]  # the tools know her, or nobody
    assert kept(tmp_path, chat(profile="men |  25-34")).messages[0].content == "men | 25-34"
    prompt = {"role": "system", "content": "You are a shop assistant. " * 40}
    assert kept(tmp_path, chat(prompt, user(), called(), said())).messages[0].content == "en"


def test_ids_and_sides_come_from_the_content(tmp_path: Path) -> None:
    many = [chat(user(f"hello number {n}"), said("Hi!")) for n in range(200)]
    found = [one for one in read(tmp_path, *many) if isinstance(one, Conversation)]
    assert len({one.conversation_id for one in found}) == 200
    assert all(one.side == side_of(one.profile_id) for one in found)
    shares = [sum(one.side == side for one in found) / 200 for side in ("train", "dev", "test")]
    assert 0.7 < shares[0] < 0.9 and min(shares[1:]) > 0.03
    assert kept(tmp_path, many[3]) == found[3]
    assert kept(tmp_path, chat(id=17)).conversation_id == "17"


REASONS: dict[str, tuple[Any, str]] = {
    "not JSON": ("{messages: 3", "it is not JSON"),
    "a number": ("7", "found a int, expected an object"),
    "deep": ("[" * 100_000, "nested too deeply"),
    "no messages": ({"text": "hi"}, "`messages` is missing"),
    "no list": ({"messages": "hi"}, "`messages` is missing"),
    "a text for a message": ({"messages": ["hi"]}, "message 0 is a str"),
    "role": (chat({"role": "robot", "content": "x"}), "has role 'robot'; expected user, assistant, tool"),
    "assistant first": (chat(said(), user()), "ends without a reply"),
    "the user calls": (chat({**called(), "role": "user"}, said()), "of role user calls"),
    "silent user": (chat(user("  "), said()), "the user says nothing"),
    "content": (chat({"role": "user", "content": 5}, said()), "content is a int"),
    "a million characters": (chat(user("x" * 1_000_000), said()), "has 1,000,000 characters; at most 4,000"),
    "200 messages": (chat(*[user(), said()] * 101), "at most 200 are read"),
    "language": (chat(language="fr"), "language is 'fr'; expected en, hi, mixed"),
    "profile": (chat(profile="x" * 300), "at most 200 characters"),
    "id": (chat(id={}), "id is '{}'"),
    "picture": (chat(attachments={"att1": "/etc/passwd"}), "no other source is read"),
    "unknown tool": (chat(user(), called("buy", item=1), said()), "unknown tool 'buy'; the tools are search"),
    "unknown argument": (chat(user(), called(color="red"), said()), "search has no argument 'color'; it has"),
    "arguments as list": (
        chat(user(), {"role": "assistant", "tool_calls": [{"name": "search", "arguments": []}]}, said()),
        "arguments are a list",
    ),
    "arguments not JSON": (
        chat(user(), {"role": "assistant", "tool_calls": [{"name": "search", "arguments": "{"}]}, said()),
        "a call cannot be read: it is not JSON",
    ),
    "calls as text": (
        chat(user(), {"role": "assistant", "tool_calls": "search"}, said()),
        "a call cannot be read",
    ),
    "wrong value": (chat(user(), called(query="shirt", max_price="x"), said()), "fails on this catalogue"),
    "not a number": (
        '{"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "tool_calls": [{"name": '
        '"search", "arguments": {"query": "x", "max_price": NaN}}]}, {"role": "assistant", "content": "y"}]}',
        "is not a finite number",
    ),
    "nothing to filter": (chat(user(), called("filter", colour="red"), said()), "call search first"),
    "broken call": (chat(user(), said("<tool>search(query=</tool>ok")), "a call cannot be read"),
    "open call": (chat(user(), said("<tool>search(query='x')")), "a call cannot be read"),
    "forged": (chat(user(), said("fine <|end|>")), "<|end|> stands in the reply"),
    "surrogate": ('{"messages": [{"role": "user", "content": "\\ud800"}]}', "half a character"),
    "latin-1": ('{"messages": "é"}'.encode("latin-1"), "it is not UTF-8 (byte 15 is 0xe9)"),
    "utf-16": ('{"messages": 1}'.encode("utf-16"), "`messages` is missing"),
    "too long": (b"{" + b"x" * (MAX_LINE_BYTES + 9), "it is longer than 8 MiB"),
}  # fmt: skip


@pytest.mark.parametrize(("line", "why"), REASONS.values(), ids=REASONS)
def test_a_line_that_cannot_be_used_says_why(line: Any, why: str, tmp_path: Path) -> None:
    found = reason(tmp_path, line)
    assert why in found and len(found) < 400


def test_a_bad_line_costs_only_itself(tmp_path: Path) -> None:
    long = b"x" * (2 * MAX_LINE_BYTES + 5)
    lines = (
        b"\xef\xbb\xbf" + json.dumps(chat()).encode(),
        "",
        "{",
        long,
        b"\xff",
        chat(id="b"),
        chat(id="b"),
    )
    found = read(tmp_path, *lines)
    assert [one.line if isinstance(one, Rejected) else one.conversation_id for one in found][1:] == [
        3, 4, 5, "b", 7,
    ]  # fmt: skip
    assert isinstance(found[0], Conversation)
    assert "is that of line 6" in str(found[-1])


def test_a_missing_file_is_the_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        list(read_chats(tmp_path / "none.jsonl", CatalogIndex(shop()), {}))
