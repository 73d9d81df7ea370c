"""In which files chats may lie: encodings, line ends, arrays, envelopes; what is none is said once."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from muse_core.catalog.index import CatalogIndex
from muse_core.conversation_files.read import Rejected, read_chats
from muse_core.errors import ConfigError
from muse_core.types import Conversation
from tests.unit.conversation_files.builders_chats import chat, said, user
from tests.unit.tools.builders_tools import shop

TWO = [chat(user("कुर्ता दिखाओ"), said("कौन सा रंग?")), chat(user("blue\u2028mug"), said("Which size?"))]
LINES = [json.dumps(one, ensure_ascii=False) for one in TWO]
PRETTY = [json.dumps(one, ensure_ascii=False, indent=2) for one in TWO]
ARRAY = json.dumps(TWO, ensure_ascii=False)
GOOD: dict[str, bytes] = {
    "lines": "\n".join(LINES).encode(),
    "CRLF": "\r\n".join(LINES).encode() + b"\r\n",
    "CR": "\r".join(LINES).encode() + b"\r",
    "mixed ends": (LINES[0] + "\r\n\r" + LINES[1] + "\n\n").encode(),
    "mark": "\n".join(LINES).encode("utf-8-sig"),
    "UTF-16": "\n".join(LINES).encode("utf-16"),
    "UTF-16 BE, CRLF": b"\xfe\xff" + "\r\n".join(LINES).encode("utf-16-be"),
    "UTF-16 without mark": "\n".join(LINES).encode("utf-16-le"),
    "UTF-16 array": ARRAY.encode("utf-16"),
    "array": ARRAY.encode(),
    "array, indented": json.dumps(TWO, indent=1, ensure_ascii=False).encode(),
    "array, a chat a line": ("[\n" + ",\n".join(LINES) + "\n]\n").encode(),
    "array, mark and CR": ("[\r" + ",\r".join(LINES) + "\r]").encode("utf-8-sig"),
    "objects, indented": "\n".join(PRETTY).encode(),
    "lists of messages": "\n".join(json.dumps(one["messages"]) for one in TWO).encode(),
    "envelope": json.dumps({"version": 1, "data": TWO}).encode(),
    "envelope, indented": json.dumps({"conversations": TWO}, indent=1).encode(),
    "blank lines first": ("\n \n" + "\n".join(LINES)).encode(),
}


def read_bytes(folder: Path, content: bytes, name: str = "chats.jsonl") -> list[Conversation | Rejected]:
    path = folder / name
    path.write_bytes(content)
    return list(read_chats(path, CatalogIndex(shop()), {}))


@pytest.mark.parametrize("content", GOOD.values(), ids=GOOD)
def test_the_same_two_chats(content: bytes, tmp_path: Path) -> None:
    found = read_bytes(tmp_path, content)
    assert [getattr(one, "messages", (one,) * 2)[1] for one in found] == [
        one.messages[1]
        for one in read_bytes(tmp_path, GOOD["lines"])  # type: ignore[union-attr]
    ]
    assert [one.messages[1].content for one in found if isinstance(one, Conversation)] == [
        "कुर्ता दिखाओ",
        "blue\u2028mug",
    ]


def test_one_chat_over_many_lines(tmp_path: Path) -> None:
    assert len(read_bytes(tmp_path, PRETTY[0].encode())) == 1
    assert len(read_bytes(tmp_path, json.dumps(TWO[0]["messages"], indent=1).encode())) == 1


NO_CHATS: dict[str, tuple[bytes, str]] = {
    "WhatsApp": (
        b"12/05/2024, 10:11 am - Shop: Namaste\n12/05/2024, 10:12 am - Buyer: kurta hai?\n",
        "WhatsApp",
    ),
    "WhatsApp, iOS": ("\u200e[12/05/24, 10:11:05] Shop: Namaste\n".encode(), "WhatsApp"),
    "WhatsApp, 24 hours": (b"12.05.24, 22:11 - Shop: Namaste\n", "WhatsApp"),
    "CSV": (b"role,content\nuser,kurta\nassistant,Rang?\n", "role,content"),
    "HTML": (b"<!doctype html><html><body>Login</body></html>", "HTML"),
    "XML": (b'<?xml version="1.0"?><chats/>', "XML"),
    "zip": (b"PK\x03\x04" + b"\0" * 40, "zip"),
    "gzip": (gzip.compress("\n".join(LINES).encode()), "gzip"),
    "Parquet": (b"PAR1" + b"\0" * 40, "Parquet"),
    "PDF": (b"%PDF-1.7\n1 0 obj", "PDF"),
    "prose": ("नमस्ते, क्या चाहिए?\n".encode(), "नमस्ते"),
    "array cut off": (("[\n" + ",\n".join(LINES) + ",\n").encode()[:150], "array"),
    "array of numbers": (b"[1, 2, 3]", "found a int"),
    "UTF-16 cut off": ("\n".join(LINES).encode("utf-16")[:-1], "UTF-16"),
    "YAML": (b"messages:\n  - role: user\n    content: kurta\n", "messages:"),
}


@pytest.mark.parametrize(("content", "word"), NO_CHATS.values(), ids=NO_CHATS)
def test_what_is_no_chat_file_is_refused_once(content: bytes, word: str, tmp_path: Path) -> None:
    try:
        found = read_bytes(tmp_path, content)
    except ConfigError as problem:
        text = str(problem)
        assert word in text and len(text) < 700 and "\n  - line 2" not in text
    else:  # an array whose items are no chats is told item by item
        assert word in str(found[0]) and all(isinstance(one, Rejected) for one in found)


def test_a_bad_chat_of_an_array_is_named_by_its_place(tmp_path: Path) -> None:
    found = read_bytes(tmp_path, json.dumps([TWO[0], {"messages": []}, TWO[1], 7]).encode())
    assert [str(one).partition(":")[0] for one in found if isinstance(one, Rejected)] == ["chat 2", "chat 4"]


DEEP = "[" * 900 + "]" * 900
TOO_DEEP: dict[str, Any] = {
    "arguments": chat(
        user(), {"role": "assistant", "tool_calls": [{"name": "search", "arguments": "DEEP"}]}, said()
    ),
    "a query": chat(
        user(),
        {"role": "assistant", "tool_calls": [{"name": "search", "arguments": {"query": "DEEP"}}]},
        said(),
    ),
    "items": chat(
        user(),
        {"role": "assistant", "tool_calls": [{"name": "compare", "arguments": {"items": "DEEP"}}]},
        said(),
    ),
    "content": chat({"role": "user", "content": "DEEP"}, said()),
    "another field": chat(extra="DEEP"),
    "a result": chat(
        user(),
        {"role": "assistant", "tool_calls": [{"name": "search", "arguments": {"query": "x"}}]},
        {"role": "tool", "content": "DEEP"},
        said(),
    ),
    "answers": {"query": "kurta", "answers": "DEEP"},
}


@pytest.mark.parametrize("line", TOO_DEEP.values(), ids=TOO_DEEP)
@pytest.mark.parametrize("depth", [70, 900, 100_000])
@pytest.mark.parametrize("as_text", [False, True])
def test_deep_nesting_costs_one_line(line: Any, depth: int, as_text: bool, tmp_path: Path) -> None:
    deep = "[" * depth + "]" * depth
    raw = json.dumps(line).replace('"DEEP"', json.dumps(deep) if as_text else deep)
    found = read_bytes(tmp_path, (raw + "\n" + LINES[0]).encode())
    assert isinstance(found[-1], Conversation) and len(found) == 2
    if not as_text:
        assert isinstance(found[0], Rejected)


def test_deep_python_literals_in_a_call(tmp_path: Path) -> None:
    texts = [
        f"[search(query={DEEP})]",
        f"<tool_call>{{'name': 'search', 'arguments': {DEEP}}}</tool_call>",
        f"<tool>search(query={DEEP})</tool>",
        "(" * 5000,
        f"Action: search\nAction Input: {DEEP}",
    ]
    lines = [json.dumps(chat(user(), said(text), said())) for text in texts]
    found = read_bytes(tmp_path, "\n".join([*lines, LINES[0]]).encode())
    assert isinstance(found[-1], Conversation) and len(found) == len(lines) + 1
