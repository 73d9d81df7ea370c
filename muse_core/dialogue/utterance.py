"""From a pattern and its values to an utterance that knows where its arguments end.

A reading of a wording is read once into parts; filling it gives words, each with a role: `plain` (may be
respelled), `argument` (the first call depends on it), `later` (a later call of the turn depends on it). The
position of a turn is the offset right after its last `argument` word, punctuation not counted. When
a reading has no filled placeholder that counts, its `*starred*` words do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np

from muse_core.dialogue.script import SpeakerGender
from muse_core.wordings.grammar import choose, slots_in_order

Role = Literal["plain", "argument", "later"]

_PART = re.compile(r"\{(\w+)\}|\*([^*]+)\*|\(([^()/|]+(?:/[^()/|]+){2})\)|\(([^()/|]+)/([^()/|]+)\)")
_ONLY_PUNCTUATION = re.compile(r"^[,.?!।;:]+$")
TRAILING = " ,.?!।;:'\"’”)"
_CONTENT_FREE = frozenset(["target"])  # alone it does not say what to translate
_NOT_MEANT = frozenset(["wrong"])  # said, and taken back


@dataclass(frozen=True)
class Part:
    """A stretch of a pattern: literal text, a placeholder, a cue, or words that agree."""

    kind: Literal["text", "slot", "cue", "noun_forms", "speaker_forms"]
    text: str
    forms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Word:
    """A word of an utterance. `glued` words (punctuation) follow without a space."""

    text: str
    role: Role
    glued: bool = False


@dataclass(frozen=True)
class Utterance:
    """What the shopper says; `position` is None when nothing in it is an argument. `arguments`: where words
    stand that a call of the turn depends on, as (start, end)."""

    text: str
    position: int | None
    arguments: tuple[tuple[int, int], ...] = ()


@lru_cache(maxsize=8192)
def read_pattern(pattern: str) -> tuple[Part, ...]:
    """The parts of a pattern, in order."""
    parts: list[Part] = []
    at = 0
    for match in _PART.finditer(pattern):
        if match.start() > at:
            parts.append(Part("text", pattern[at : match.start()]))
        parts.append(_part(match))
        at = match.end()
    if at < len(pattern):
        parts.append(Part("text", pattern[at:]))
    return tuple(parts)


def _part(match: re.Match[str]) -> Part:
    slot, cue, forms, first, second = match.groups()
    if slot:
        return Part("slot", slot)
    if cue:
        return Part("cue", cue)
    if forms:
        return Part("noun_forms", "", tuple(forms.split("/")))
    return Part("speaker_forms", "", (first, second))


def slots_of(pattern: str) -> frozenset[str]:
    """Names of the placeholders of a pattern."""
    return frozenset(slots_in_order(pattern))


def fill(
    pattern: str, values: Mapping[str, str], agreement: int = 0, speaker: SpeakerGender = "m"
) -> list[Word]:
    """The words of a pattern; `agreement` is 0 masculine, 1 plural, 2 feminine (of the noun)."""
    parts = read_pattern(pattern)
    has_argument = any(p.kind == "slot" and _counts(p.text) and values.get(p.text) for p in parts)
    words: list[Word] = []
    for part in parts:
        if part.kind == "slot":
            words += _words(values.get(part.text, ""), _role(part.text))
        elif part.kind == "cue":
            words += _words(part.text, "plain" if has_argument else "argument")
        else:
            words += _words(_literal(part, agreement, speaker), "plain")
    return words


def _role(slot: str) -> Role:
    if slot in _NOT_MEANT:
        return "plain"
    return "later" if slot.endswith("2") else "argument"


def told(sentence: str, role: Role, speaker: SpeakerGender, rng: np.random.Generator) -> list[Word]:
    """A sentence beside the request as words of one role."""
    return [
        word if word.glued else replace(word, role=role)
        for word in fill(choose(sentence, rng), {}, 0, speaker)
    ]


def _counts(slot: str) -> bool:
    return not slot.endswith("2") and slot not in _CONTENT_FREE | _NOT_MEANT


def _literal(part: Part, agreement: int, speaker: SpeakerGender) -> str:
    if part.kind == "noun_forms":
        return part.forms[agreement]
    if part.kind == "speaker_forms":
        return part.forms[0 if speaker == "m" else 1]
    return part.text


def _words(text: str, role: Role) -> list[Word]:
    return [
        Word(word, "plain", True) if _ONLY_PUNCTUATION.match(word) else Word(word, role)
        for word in text.split()
    ]


def join(*runs: Sequence[Word]) -> list[Word]:
    """Runs of words one after the other. A question mark moves behind a closing, unless the closing
    is a sentence of its own (", thanks"): then it is dropped."""
    filled = [list(run) for run in runs if run]
    if not filled:
        return []
    out = filled[0]
    for run in filled[1:]:
        out, mark = _without_end_mark(out)
        is_own_sentence = run[0].text == ","
        run = (
            [*run, Word(mark, "plain", True)]
            if mark and not is_own_sentence and not _ends_with_mark(run)
            else run
        )
        out = [*out, *run]
    return out


def _without_end_mark(words: list[Word]) -> tuple[list[Word], str]:
    if words and words[-1].text == "?":
        return words[:-1], "?"
    if words and words[-1].text.endswith("?") and words[-1].role == "plain":
        return [*words[:-1], replace(words[-1], text=words[-1].text.rstrip("?"))], "?"
    return words, ""


def _ends_with_mark(words: Sequence[Word]) -> bool:
    return words[-1].text.endswith("?")


def render(words: Sequence[Word]) -> Utterance:
    """Text and position. Stray punctuation (before the first word, doubled) is dropped."""
    text = ""
    position: int | None = None
    arguments: list[tuple[int, int]] = []
    for word in words:
        if word.glued:
            if text and text[-1] not in ",.?!।;:":
                text += word.text
            continue
        start = len(text) + bool(text)
        text += (" " if text else "") + word.text
        end = len(text.rstrip(TRAILING))
        if word.role == "argument":
            position = end
        if word.role != "plain":
            goes_on = bool(arguments) and arguments[-1][1] == start - 1
            arguments.append((arguments.pop()[0] if goes_on else start, end))
    return Utterance(text.rstrip(","), position, tuple(arguments))
