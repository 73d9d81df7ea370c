"""The prompt of one conversation, and the JSON that should come back.

The model sees the turns that may be reworded, and the script to write them in; it never sees catalogue
rows, results or tags. What comes back is text from a stranger: it is read as JSON and judged turn by
turn (`accept.py`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from muse_core.dialogue.llm.service import TextRequest
from muse_core.language.scripts import share_devanagari
from muse_core.types import Language

SYSTEM = """You reword what people type to a shopping assistant, so that it sounds like a real person typing
on a phone. Reply with JSON only: {"turns": [{"turn": <number>, "text": "<your wording>"}, ...]}, one entry
for each turn that you are given, and the same under "replies" when there are any.
Keep the meaning exactly. Keep every product, colour, size, material, brand, occasion, price and limit: you
may say them differently, never drop, add or change one. Copy marks in square brackets as they are. Do not
answer the turn. Write in the language and script that is asked for, in about the same length, with no markup
and no quotes."""

_WRITING: dict[tuple[Language, bool], str] = {
    ("en", False): "English",
    ("hi", True): "Hindi in Devanagari",
    ("hi", False): "Hindi",
    ("mixed", False): "Hinglish: Hindi words in Latin letters, with English words",
    (
        "mixed",
        True,
    ): "Hinglish: Hindi words in Devanagari and English words in Latin letters, in one sentence",
    ("en", True): "English",
}
_FENCE = re.compile(r"^\s*```(?:json)?\s*(.*?)\s*```\s*$", re.DOTALL)
MAX_ANSWER = 100_000  # characters


@dataclass(frozen=True)
class Offer:
    """A text that may be reworded: a user turn, or the reply to it."""

    turn: int
    text: str
    language: Language
    is_reply: bool = False


def request_for(offers: Sequence[Offer], model: str, formality: str) -> TextRequest:
    """The prompt for one conversation."""
    content: dict[str, object] = {"tone": formality}
    for name, is_reply in (("turns", False), ("replies", True)):
        wanted = [_entry(one) for one in offers if one.is_reply == is_reply]
        if wanted:
            content[name] = wanted
    return TextRequest(model, SYSTEM, json.dumps(content, ensure_ascii=False, indent=1))


def _entry(offer: Offer) -> dict[str, object]:
    writing = _WRITING[offer.language, share_devanagari(offer.text) > 0]
    return {"turn": offer.turn, "write": writing, "text": offer.text}


def read_answer(text: str) -> Mapping[tuple[int, bool], str] | None:
    """(turn, is a reply) -> wording; None when the answer is not the JSON that was asked for. Of two
    wordings for one turn the first counts."""
    fenced = _FENCE.match(text[:MAX_ANSWER])
    try:
        content = json.loads(fenced.group(1) if fenced else text[:MAX_ANSWER])
    except (ValueError, RecursionError):
        return None
    if not isinstance(content, dict) or not isinstance(content.get("turns"), list):
        return None
    found: dict[tuple[int, bool], str] = {}
    for name, is_reply in (("turns", False), ("replies", True)):
        entries = content.get(name)
        for entry in entries if isinstance(entries, list) else ():
            if (
                isinstance(entry, dict)
                and type(entry.get("turn")) is int
                and isinstance(entry.get("text"), str)
            ):
                found.setdefault((entry["turn"], is_reply), entry["text"].strip())
    return found
