"""Rows of `feedback.jsonl` over a small real shop, as `muse serve` writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from muse_core.artifacts import ArtifactStore
from muse_core.catalog.index import CatalogIndex
from muse_core.feedback.better import Rules
from muse_core.feedback.bring_in import Imported, import_feedback
from muse_core.feedback.held_out import HeldOut
from muse_core.feedback.row import Feedback
from muse_core.tools.toolbox import Toolbox
from muse_core.types import Conversation, ToolCall
from muse_core.world.replay import world_for
from tests.unit.tools.builders_tools import shop

INDEX = CatalogIndex(shop())
RULES = Rules(INDEX)
ASKED = "kindly fetch black shirts below 2000 for my brother"
NUMBER = count()


def calling(
    reply: str = "Try [1] at [1:price].", /, tool: str = "search", **arguments: Any
) -> dict[str, Any]:
    """An answer that calls once; its result is the shop's."""
    arguments = arguments or {"query": "shirt"}
    done = Toolbox(world_for(None, INDEX)).run(ToolCall("c0.0", tool, arguments))
    call = {"name": tool, "arguments": arguments}
    messages = [
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "assistant", "content": reply, "tool_calls": []},
    ]
    error = {"error": done.error} if done.error else {}
    return _answer(reply, messages, [{**call, "result": done.value, **error}])


def talking(reply: str) -> dict[str, Any]:
    """An answer without a call."""
    return _answer(reply, [{"role": "assistant", "content": reply, "tool_calls": []}], [])


def _answer(text: str, messages: list[Any], calls: list[Any]) -> dict[str, Any]:
    return {
        "text": text, "messages": messages, "calls": calls, "language": "en", "repaired": None,
    }  # fmt: skip


def piece(
    said: str = ASKED,
    answer: Mapping[str, Any] | None = None,
    wanted: Any = None,
    thumb: str = "down",
    **more: Any,
) -> dict[str, Any]:
    """One line of the file."""
    number = next(NUMBER)
    return {
        "id": f"{number:032x}", "time": "2026-11-30T05:00:00+00:00", "completion": f"chatcmpl-{number}",
        "model": "muse", "thumb": thumb, "wanted": wanted, "profile": "",
        "messages": [{"role": "user", "content": said}], "answer": dict(answer or calling()), **more,
    }  # fmt: skip


def values(text: str) -> dict[str, str]:
    return {"kind": "values", "values": text}


def tool(name: str) -> dict[str, str]:
    return {"kind": "tool", "tool": name}


def reply(text: str) -> dict[str, str]:
    return {"kind": "reply", "reply": text}


def write(path: Path, *lines: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    texts = [line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return path


@cache
def held_out() -> HeldOut:
    """The words of cases and wordings."""
    return HeldOut.of((), shop())


def imported(folder: Path, *lines: Any, talks: Sequence[Conversation] = ()) -> Imported:
    """What becomes of some lines, in a store of this folder; only what is about contracts asks the gate."""
    file = write(folder / "feedback.jsonl", *lines)
    known = HeldOut.of(talks, shop()) if talks else held_out()
    return import_feedback(ArtifactStore(folder / "artifacts"), file, RULES, known)


def one(folder: Path, line: Any, talks: Sequence[Conversation] = ()) -> Feedback:
    """What becomes of one line."""
    [found] = imported(folder, line, talks=talks).rows
    return found
