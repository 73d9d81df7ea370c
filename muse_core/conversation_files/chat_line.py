"""One entry of a chat file → plain turns, or the reason why it cannot be used. No tool is run here.

An entry is one JSON object; `messages` is the only field it must have::

    {"messages": [
       {"role": "user", "content": "black shirts under 2000"},
       {"role": "assistant", "content": null, "tool_calls": [{"id": "a1", "type": "function",
        "function": {"name": "search", "arguments": "{\\"query\\": \\"shirt\\", \\"max_price\\": 2000}"}}]},
       {"role": "tool", "tool_call_id": "a1", "content": "…"},
       {"role": "assistant", "content": "Try [1] at [1:price]."}],
     "language": "en", "profile": "women | 25-34 | casual", "id": "chat-17"}

The shapes of other services are read too (`chat_message.py`), with their messages under `conversations`
(ShareGPT), `contents` (Gemini) or `input` (Responses), as a bare list, or as a `query` with `answers`
(xLAM); and the rows of `muse artifacts export conversations`. Tool messages may be left out: the results
are filled in; so is the reply of a turn that ends in a call. Other fields: `profile_id` (a shopper of this
run's profiles, whom `recommend` then knows), `attachments` ({"att1": "product:<id>"}), `shop` (the name of a
small shop of the simulator, as our exports have it); further ones are passed over.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from muse_core.conversation_files.chat_message import spoken
from muse_core.conversation_files.chat_turns import BadLine, ChatTurn, turns_of
from muse_core.profiles.system_line import parts_of
from muse_core.types import LANGUAGES, Language

MAX_MESSAGES = 200
MAX_LINE_CHARS = 200  # of `profile`: the system message is one line
MAX_ID_CHARS = 100
PRODUCT_PICTURE = "product:"
_SHOP = re.compile(r"\d{1,9}-(?:train|dev|test)-\d{1,9}")  # catalog/other_shops.py
LISTS = ("messages", "conversations", "conversation", "contents", "dialogue", "input")


@dataclass(frozen=True)
class Chat:
    """An entry that can be read. `profile` is the text that a model sees about the shopper; `changes` counts
    what was merged, cut and left open (`chat_turns.py`)."""

    turns: tuple[ChatTurn, ...]
    chat_id: str | None = None
    language: Language | None = None
    profile: str | None = None
    profile_id: str | None = None
    attachments: Mapping[str, str] = field(default_factory=dict)
    shop: str | None = None
    changes: Mapping[str, int] = field(default_factory=dict)


def is_chat(value: Any) -> bool:
    """Whether a value says by its shape that it is one chat: a list of messages, or an object with one."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(one, Mapping) and _is_message(one) for one in value)
    if not isinstance(value, Mapping):
        return False
    return ("query" in value and "answers" in value) or any(is_chat(value.get(name)) for name in LISTS)


def _is_message(item: Mapping[str, Any]) -> bool:
    return ("role" in item or "from" in item or "type" in item) and not any(name in item for name in LISTS)


def read_chat(row: Any) -> Chat:
    """The chat of one entry. BadLine says why it cannot be used."""
    row = {"messages": row} if is_chat(row) and isinstance(row, list) else row
    if not isinstance(row, dict):
        raise BadLine(f"found a {type(row).__name__}, expected an object with `messages`")
    counts: Counter[str] = Counter()
    messages = [one for number, item in enumerate(_listed(row)) for one in spoken(number, item, counts)]
    system = messages.pop(0).content if messages and messages[0].role == "system" else row.get("system")
    language = row.get("language")
    if language is not None and language not in LANGUAGES:
        raise BadLine(f"language is {language!r}; expected {', '.join(LANGUAGES)}, or leave it out")
    return Chat(
        turns=turns_of(messages, counts),
        chat_id=_short_text(row, "id") or _short_text(row, "conversation_id"),
        language=language,
        profile=_about_shopper(row, system),
        profile_id=_short_text(row, "profile_id"),
        attachments=_attachments(row),
        shop=_other_shop(row),
        changes=+counts,
    )


def _listed(row: Mapping[str, Any]) -> list[Any]:
    found = next((row[name] for name in LISTS if row.get(name)), None)
    if found is None and isinstance(row.get("query"), str) and "answers" in row:
        return [
            {"role": "user", "content": row["query"]},
            {"role": "function_call", "content": row["answers"]},
        ]
    if not isinstance(found, list) or not found:
        others = f"; it has {', '.join(map(repr, list(row)[:6]))}" if row and "messages" not in row else ""
        raise BadLine(f"`messages` is missing or empty; expected a list of {{role, content}}{others}")
    if len(found) > MAX_MESSAGES:
        raise BadLine(f"it has {len(found)} messages; at most {MAX_MESSAGES} are read")
    return found


# ---- the fields beside the messages ---------------------------------------------------------------


def _short_text(row: Mapping[str, Any], name: str) -> str | None:
    found = row.get(name)
    if found is None:
        return None
    found = str(found) if isinstance(found, int) else found
    if not isinstance(found, str) or not found.strip() or len(found) > MAX_ID_CHARS:
        raise BadLine(f"{name} is {str(found)[:40]!r}; expected a text of 1 to {MAX_ID_CHARS} characters")
    return found


def _about_shopper(row: Mapping[str, Any], system: Any) -> str | None:
    """`profile`, else a system message of one line. A longer one is a prompt for another model."""
    found = row.get("profile")
    if found is not None:
        if not isinstance(found, str) or not found.strip() or len(found) > MAX_LINE_CHARS:
            raise BadLine(
                f"profile: expected one line about the shopper of at most {MAX_LINE_CHARS} characters"
            )
        return " ".join(found.split())
    if not isinstance(system, str):
        return None
    _, line = parts_of(system)  # an export of ours names its shop's facets in front
    return line or None if len(line) <= MAX_LINE_CHARS and "\n" not in line else None


def _other_shop(row: Mapping[str, Any]) -> str | None:
    """The small shop that the simulator's chat happened in; a log's own field of that name says something
    else."""
    found = row.get("shop")
    return found if isinstance(found, str) and _SHOP.fullmatch(found) else None


def _attachments(row: Mapping[str, Any]) -> dict[str, str]:
    found = row.get("attachments") or {}
    if not isinstance(found, dict) or not all(
        isinstance(source, str) and source.startswith(PRODUCT_PICTURE) for source in found.values()
    ):
        raise BadLine('attachments: expected {"att1": "product:<product id>"}; no other source is read')
    return found
