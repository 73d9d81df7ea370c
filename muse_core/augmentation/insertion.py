"""Calls put into a text.

A call stands at a code-point offset of the original text, after one space of its own::

    show me shirts under 2000 <tool>search(query='shirt', max_price=2000)</tool> please

Foreign `<` is written as everywhere in the model's stream (`\\u003c`), so no text can forge a tag and
the original text and the calls with their offsets can be read back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from muse_core.tools.call_syntax import escape_text, render_call
from muse_core.types import JsonValue, ToolCall


@dataclass(frozen=True)
class Insertion:
    """A call and the offset in the original text that it stands at."""

    name: str
    arguments: dict[str, JsonValue]
    position: int


def insert_calls(text: str, insertions: Sequence[Insertion]) -> str:
    """`text` with the calls at their offsets; calls at one offset keep their order."""
    out, at = [], 0
    for insertion in sorted(insertions, key=lambda one: one.position):
        if not 0 <= insertion.position <= len(text):
            raise ValueError(f"position {insertion.position} is outside the text of {len(text)} characters")
        call = render_call(ToolCall("", insertion.name, insertion.arguments))
        out += [escape_text(text[at : insertion.position]), f" <tool>{call}</tool>"]
        at = insertion.position
    return "".join([*out, escape_text(text[at:])])


def last_word_end(text: str) -> int:
    """Where a call stands when the label names no position: after the last non-space character."""
    return len(text.rstrip())
