"""Requests that say a wording of our own from end to end: small talk, words to be put into a language,
something without saying what.

Small talk and open wishes are matched whole, with openings and closings around them. In a translation the
words to be translated may be any; what a shop declines is one of our topics.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from muse_core.scoring.normal import normal_text
from muse_core.types import TurnType
from muse_core.wordings.beside import closings, openings
from muse_core.wordings.book import shipped
from muse_core.wordings.grammar import readings
from muse_core.wordings.words import SCRIPTS, Script, words

_TOPICS = {"noun": "nouns", "task": "tasks", "ask": "questions"}
_MARK = re.compile(r"\(([^()/]+)/[^()]*\)|\*|\{tail\}|\{acol\}")
_MOST_WORDS = 12  # of a text to be translated
_LEAST_OWN = 6  # letters of a wording: "books in hindi" asks for no translation


@dataclass(frozen=True)
class Whole:
    """What a text says from end to end: a kind of small talk, of an open wish, or of what a shop declines."""

    turn_type: TurnType
    kind: str


def whole_wording(text: str) -> Whole | None:
    """The wording that a text is, without what may stand around one; None for another text."""
    said = normal_text(text)
    for one in (said, _without(said, _before(), True), _without(said, _after(), False)):
        if one in _known():
            return _known()[one]
    both = _without(_without(said, _before(), True), _after(), False)
    return _known().get(both)


def translation(text: str) -> dict[str, str] | None:
    """The arguments of `translate` that a text asks for; None where it asks for none."""
    plain = " ".join(text.split()).strip(" ?!.।")
    for pattern in _translations():
        found = pattern.fullmatch(plain)
        if found:
            return {"text": found["text"].strip("\"'‘’“” "), "target": _targets()[found["target"].lower()]}
    return None


def _without(said: str, around: frozenset[str], is_before: bool) -> str:
    """The text without the longest opening or closing that it has."""
    parts = said.split()
    for length in range(min(5, len(parts) - 1), 0, -1):
        run = " ".join(parts[:length] if is_before else parts[-length:])
        if run in around:
            return " ".join(parts[length:] if is_before else parts[:-length])
    return said


@cache
def _known() -> dict[str, Whole]:
    found: dict[str, Whole] = {}
    for (script, intent, kind), wordings in shipped().items():
        if intent in ("chit_chat", "out_of_scope") or (intent, kind) == ("missing_slot", "query"):
            for wording in wordings:
                for said in _said(script, wording.text):
                    found.setdefault(normal_text(said), Whole(intent, kind))
    found.pop("", None)
    return found


def _said(script: Script, text: str) -> Iterator[str]:
    """Every text that a wording can be, without limits; a topic in its place."""
    for reading in readings(text):
        plain = _MARK.sub(lambda match: match.group(1) or "", reading)
        slots = re.findall(r"\{(\w+)\}", plain)
        if not slots:
            yield plain
        elif len(slots) == 1 and slots[0] in _TOPICS:
            topics = words("topics", script)[_TOPICS[slots[0]]]
            yield from (plain.replace(f"{{{slots[0]}}}", topic) for topic in topics)


@cache
def _before() -> frozenset[str]:
    return frozenset(
        normal_text(said)
        for script in SCRIPTS
        for kind in ("hail", "filler")
        for said in openings(script, kind)
    )


@cache
def _after() -> frozenset[str]:
    kinds = ("please", "thanks", "urge", "warm")
    return frozenset(
        normal_text(said) for script in SCRIPTS for kind in kinds for said in closings(script, kind)
    )


@cache
def _targets() -> dict[str, str]:
    """Names of the languages that words are put into, as wordings and replies say them."""
    named = {
        said.lower(): code for script in SCRIPTS for code, said in words("replies", script)["targets"].items()
    }
    return named | {"english": "en", "hindi": "hi"}


@cache
def _translations() -> tuple[re.Pattern[str], ...]:
    targets = "|".join(re.escape(name) for name in sorted(_targets(), key=len, reverse=True))
    slots = {"text": rf"(?P<text>\S+(?: \S+){{0,{_MOST_WORDS - 1}}}?)", "target": f"(?P<target>{targets})"}
    patterns: dict[str, int] = {}
    for (_, intent, kind), wordings in shipped().items():
        if (intent, kind) == ("translation", "out"):
            for reading in (one for wording in wordings for one in readings(wording.text)):
                plain = _MARK.sub(lambda match: match.group(1) or "", reading).strip(" ?!.।")
                own = sum(map(str.isalpha, re.sub(r"\{\w+\}", "", plain)))
                written = re.escape(plain).replace(r"\ ", " ")
                for name, pattern in slots.items():
                    written = written.replace(rf"\{{{name}\}}", pattern)
                if own >= _LEAST_OWN:
                    patterns[written] = own
    longest_first = sorted(patterns, key=lambda written: -patterns[written])
    return tuple(re.compile(written, re.IGNORECASE) for written in longest_first)
