"""Does a text of the teacher ask for what it was asked to? Each check names the reason for which it is
turned down.

A text must be plain, in the shopper's language and script, and rules must read in it exactly the arguments
of the call: nothing lost, nothing added, no price, brand or title out of nowhere. Where no call answers
(`incomplete`, `decline`) and for replies, it must read like the simulator's own words. Whether it says that
in new words is for `copies.py`, whether the call then gives the same result for `teacher.py`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from muse_core.dialogue.llm.asks import Ask, Reads, difference, script_in
from muse_core.dialogue.llm.reading import IMAGE, INVENTED, MONEY, Fact, Shelf, keys, position, read, spelled
from muse_core.language.matching import tokens
from muse_core.language.scripts import detect_language
from muse_core.tools.references import REFERENCE, references_in
from muse_core.types import JsonValue

Reason = Literal[
    "unchanged", "markup", "too_long", "too_short", "language", "lost_argument", "added_argument",
    "wrong_value", "invented", "references", "no_topic", "own_wording", "repeated", "held_out", "replay",
]  # fmt: skip

MAX_CHARACTERS, MAX_WORDS = 300, 50
_MARKUP = re.compile(
    r"[<>{}\[\]`|\\*#\x00-\x1f\x7f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]|https?:|www\.|&\w+;"
    r"|^\s*(?:user|assistant|system|shopper)\s*:",
    re.IGNORECASE,
)
_CAPITALISED = re.compile(r"\b[A-Z][\w&'-]*(?:\s+[A-Z][\w&'-]*){2,}")
_END = re.compile(r"[^\w\u0900-\u097f]+$")


@dataclass(frozen=True)
class Judge:
    """The rules of one shop."""

    shelf: Shelf
    reads: Reads

    def turned_down(self, text: str, ask: Ask) -> Reason | None:
        """Why a text is not accepted; None when it is."""
        reason = _form(text, ask)
        if reason is not None:
            return reason
        if ask.intent == "reply":
            return self._reply(text, ask)
        if ask.call is None:
            is_about = not ask.topic or any(token.key in ask.topic for token in tokens(text))
            return self._like_original(text, ask.text) if is_about else "no_topic"
        return self._added(text, ask) or difference(self.reads(text), ask.call.arguments, text, self.shelf)

    def place(self, text: str, ask: Ask) -> int | None:
        """The offset after the last word that the call depends on; the end where rules do not see it."""
        if ask.call is None:
            return None
        found = position(text, ask.call, read(text, self.shelf))
        return _END.search(text + " ").start() if found is None else found  # type: ignore[union-attr]

    def _reply(self, text: str, ask: Ask) -> Reason | None:
        """Its references stay, and it names nothing besides them."""
        if Counter(references_in(text)) != Counter(references_in(ask.text)):
            return "references"
        if text.rstrip().endswith("?") != ask.text.rstrip().endswith("?"):
            return "added_argument"  # it asks what the original does not, or the other way round
        return self._like_original(REFERENCE.sub(" ", text), REFERENCE.sub(" ", ask.text))

    def _like_original(self, new: str, old: str) -> Reason | None:
        """What is said: nothing lost, nothing added, no product out of nowhere."""
        before, now = keys(read(old, self.shelf)), keys(read(new, self.shelf))
        added = now - before
        if any(slot in INVENTED for slot, _ in added) or _names_more(new, old):
            return "invented"
        if before - now:
            return "lost_argument"
        return "added_argument" if added else None

    def _added(self, text: str, ask: Ask) -> Reason | None:
        """A price, brand, title or number that the call does not have."""
        wanted = " ".join(_said(ask.call.arguments.values())) if ask.call else ""
        known = {token.key for token in tokens(wanted)}
        facts = read(text, self.shelf)
        for slot, value in sorted(keys(facts)):
            parts = value.split()[1:] if slot == MONEY else value.split()
            if slot in INVENTED and not {token.key for part in parts for token in tokens(part)} <= known:
                return "invented"
        if _names_more(text, wanted):
            return "invented"
        counted = {"items"} & ask.call.arguments.keys() if ask.call else set()
        return "added_argument" if not counted and _loose_numbers(facts, known) else None


def _said(values: Iterable[JsonValue]) -> Iterable[str]:
    for value in values:
        for one in value if isinstance(value, list) else [value]:
            yield f"{one:g}" if isinstance(one, int | float) else str(one)


def _loose_numbers(facts: list[Fact], known: set[str]) -> bool:
    """Whether a text has a number that is no value of the call and part of none."""
    values = [fact for fact in facts if fact.slot != "number"]
    return any(
        fact.value not in known
        and not any(one.start < fact.end and fact.start < one.end for one in values)
        for fact in facts
        if fact.slot == "number"
    )  # fmt: skip


def _form(text: str, ask: Ask) -> Reason | None:
    """What can be said without reading: different, plain, not endless, in the same language and script."""
    marks = REFERENCE if ask.intent == "reply" else IMAGE
    if spelled(text) == spelled(ask.text):
        return "unchanged"
    if _MARKUP.search(marks.sub(" ", text)):
        return "markup"
    if len(text) > max(MAX_CHARACTERS, len(ask.text)) or len(text.split()) > MAX_WORDS:
        return "too_long"
    if not tokens(text):
        return "too_short"
    is_same = detect_language(text) == ask.language and script_in(ask.language, text) == ask.script
    return None if is_same else "language"


def _names_more(new: str, old: str) -> bool:
    """A run of three capitalised words that the original does not have: an invented title."""
    known = spelled(old)
    return any(spelled(run) not in known for run in _CAPITALISED.findall(new))
