"""Chat lines over a shop of eight products."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from muse_core.catalog.index import CatalogIndex
from muse_core.catalog.product import Catalog
from muse_core.conversation_files.read import Rejected, read_chats
from muse_core.types import Conversation, Profile
from tests.unit.tools.builders_tools import shop

SEARCH = {"query": "shirt", "max_price": 2000}


def user(text: str = "show me shirts under 2000") -> dict[str, Any]:
    return {"role": "user", "content": text}


def called(name: str = "search", call_id: str = "a1", **arguments: Any) -> dict[str, Any]:
    """An assistant message with one call in the shape of OpenAI."""
    function = {"name": name, "arguments": json.dumps(arguments or SEARCH)}
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": call_id, "type": "function", "function": function}],
    }


def result(content: str, call_id: str = "a1") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def said(text: str = "Try [1] at [1:price].") -> dict[str, Any]:
    return {"role": "assistant", "content": text}


def chat(*messages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"messages": list(messages or (user(), called(), said())), **fields}


def read(
    folder: Path,
    *lines: dict[str, Any] | str | bytes,
    people: tuple[Profile, ...] = (),
    catalog: Catalog | None = None,
) -> list[Conversation | Rejected]:
    """What becomes of these lines of one file."""
    raw = [line if isinstance(line, bytes) else line.encode() if isinstance(line, str) else
           json.dumps(line, ensure_ascii=False).encode() for line in lines]  # fmt: skip
    path = folder / "chats.jsonl"
    path.write_bytes(b"\n".join(raw))
    return list(read_chats(path, CatalogIndex(catalog or shop()), {one.profile_id: one for one in people}))


def kept(folder: Path, line: dict[str, Any], **more: Any) -> Conversation:
    """The conversation of a line that must be usable."""
    (found,) = read(folder, line, **more)
    assert isinstance(found, Conversation), found
    return found


def reason(folder: Path, line: dict[str, Any] | str | bytes, **more: Any) -> str:
    """Why a line is rejected, as it must be."""
    (found,) = read(folder, line, **more)
    assert isinstance(found, Rejected), found
    return found.reason


def counted(folder: Path, line: dict[str, Any]) -> dict[str, int]:
    """What was merged, cut and filled in of a line that must be usable."""
    path = folder / "chats.jsonl"
    path.write_text(json.dumps(line), encoding="utf-8")
    counts: Counter[str] = Counter()
    list(read_chats(path, CatalogIndex(shop()), {}, counts))
    return dict(counts)
