"""Thumbs and corrections -> `<home>/feedback/feedback.jsonl`, one row a line.

    {"id", "time", "completion", "model", "thumb": "up" | "down",
     "wanted": null | {"kind": "tool" | "values" | "reply", "tool"?, "values"?, "reply"?},
     "messages": the request's as the model read them (earlier turns with their calls), without pictures,
     "profile", "answer": as `muse` in the answer}

What was asked and answered is what the server remembers, never what the client says of it. The rows are raw:
nothing is scrubbed or trained on before they are imported.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from muse_core.tools.toolbox import TOOL_NAMES
from serving.memory import TurnMemory
from serving.refusals import Refused

KINDS = ("tool", "values", "reply")
THUMBS = ("up", "down")
MAX_CHARACTERS = 2000
NO_TOOL = "none"


def feedback_row(body: Mapping[str, Any], memory: TurnMemory) -> dict[str, Any]:
    """What is stored of a piece of feedback. Refused names what is wrong with it."""
    thumb, identifier = body.get("thumb"), body.get("completion")
    if thumb not in THUMBS:
        raise Refused(400, f"thumb: found {thumb!r}, expected up or down", param="thumb")
    about = memory.about(identifier) if isinstance(identifier, str) else None
    if about is None:
        raise Refused(
            404,
            f"completion: found {identifier!r:.80}, expected the id of an answer of this server; it "
            "remembers the last ones only",
            "unknown_completion",
            param="completion",
        )
    return {
        "id": uuid.uuid4().hex,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "completion": identifier,
        "thumb": thumb,
        "wanted": _wanted(body.get("wanted")),
        **about,
    }


def _wanted(found: Any) -> dict[str, str] | None:
    """What it should have done; None where nothing was said."""
    if found is None:
        return None
    kind = found.get("kind") if isinstance(found, Mapping) else None
    if kind not in KINDS:
        raise Refused(
            400, f"wanted: found {found!r:.80}, expected a kind of {', '.join(KINDS)}", param="wanted"
        )
    text = found.get(kind)
    if not isinstance(text, str) or not 0 < len(text.strip()) <= MAX_CHARACTERS:
        raise Refused(
            400,
            f"wanted.{kind}: found {text!r:.80}, expected a text of at most {MAX_CHARACTERS} characters",
            param=f"wanted.{kind}",
        )
    if kind == "tool" and text not in (*TOOL_NAMES, NO_TOOL):
        expected = ", ".join((*TOOL_NAMES, NO_TOOL))
        raise Refused(
            400, f"wanted.tool: found {text!r:.80}, expected one of {expected}", param="wanted.tool"
        )
    return {"kind": kind, kind: text.strip()}
