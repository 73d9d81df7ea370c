"""What is known of one served turn: without a word of it for the log, with all of it for a trace."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from muse_core.records import read_tool_message
from muse_core.scoring.declines import declines
from muse_core.tools.references import items_of
from serving.completions import Completion
from serving.memory import without_pictures


def turn_facts(done: Completion, seconds: float, model: str, chat_format: str) -> dict[str, Any]:
    """A line of the turn log (`turn_log.py`). `empty`: tools ran, and the last one found nothing."""
    one, asked = done.answered, done.asked
    calls = [call for message in one.messages for call in message.tool_calls]
    results = [read_tool_message(message) for message in one.messages if message.role == "tool"]
    found = [result.value for result in results if result.error is None]
    return {
        "id": asked.identifier,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "model": model,
        "format": chat_format,
        "language": one.language,
        "decision": calls[0].name if calls else "none",
        "calls": len(calls),
        "errors": len(results) - len(found),
        "empty": bool(found) and not items_of(found[-1]),
        "declined": not calls and declines(one.text),
        "repaired": one.fault if one.repair else None,
        "seconds": round(seconds, 3),
        "prompt_tokens": done.prompt_tokens,
        "completion_tokens": done.completion_tokens,
    }


def trace_of(done: Completion, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The same with what was said, called and found."""
    return {
        **facts,
        "created": done.asked.created,
        "messages": [without_pictures(message) for message in done.asked.messages],
        "profile": done.asked.profile,
        "answer": done.extra(),
    }
