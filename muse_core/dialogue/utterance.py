"""From a pattern and its values to an utterance that knows where its arguments end.

A reading of a wording is read once into parts; filling it gives words, each with a role: `plain` (may be
respelled), `argument` (the first call depends on it), `later` (a later call of the turn depends on it). The
position of a turn is the offset right after its last `argument` word, punctuation not counted. When
a reading has no filled placeholder that counts, its `*starred*` words do.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import accumulate
from typing import Literal

import numpy as np

from muse_core.dialogue.script import Script, SpeakerGender
from muse_core.wordings.grammar import choose, slots_in_order
from muse_core.wordings.words import words as words_of

Role = Literal["plain", "argument", "later"]

_PART = re.compile(r"\{(\w+)\}|\*([^*]+)\*|\(([^()/|]+(?:/[^()/|]+){2})\)|\(([^()/|]+)/([^()/|]+)\)")
_ONLY_PUNCTUATION = re.compile(r"^[,.?!।;:]+$")
_TRAILING = " ,.?!।;:'\"’”)"
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
        end = len(text.rstrip(_TRAILING))
        if word.role == "argument":
            position = end
        if word.role != "plain":
            goes_on = bool(arguments) and arguments[-1][1] == start - 1
            arguments.append((arguments.pop()[0] if goes_on else start, end))
    return Utterance(text.rstrip(","), position, tuple(arguments))


# ---- spelling -------------------------------------------------------------------------------------


def with_habits(words: Sequence[Word], habit: float, script: Script = "roman", tone: str = "") -> list[Word]:
    """The words as one writer puts them: the verb forms of the tone (`polite`, `casual`), then the
    writer's spellings. `habit` in [0, 1) picks the same variant every time."""
    language: Script = "hi" if script == "both" else script
    tables = [table for table in (_variants(tone, language), _variants("habits", language)) if table]
    for table in tables:
        words = [
            _respelled(word, _habitual(word.text, habit, table)) if word.role == "plain" else word
            for word in words
        ]
    return list(words)


Table = Mapping[str, tuple[tuple[str, float], ...]]


@cache
def _variants(kind: str, script: Script) -> Table:
    """Word -> (form, cumulative share)."""
    table: dict[str, tuple[tuple[str, float], ...]] = {}
    for word, forms in words_of("spelling", script).get(kind, {}).items():
        ends = accumulate(forms.values())
        table[word] = tuple((form, end / sum(forms.values())) for form, end in zip(forms, ends, strict=True))
    return table


def _habitual(word: str, habit: float, table: Table) -> str:
    bare = word.rstrip(_TRAILING)
    variants = table.get(bare)
    if not variants:
        return word
    point = (habit * 97 + zlib.crc32(bare.encode()) / 997) % 1  # words of one writer vary independently
    chosen = next((form for form, end in variants if point < end), variants[-1][0])
    return chosen + word[len(bare) :]


def without_commas(words: Sequence[Word]) -> list[Word]:
    """As typed in a hurry: no commas outside the arguments."""
    kept = [word for word in words if not (word.glued and word.text == ",")]
    return [replace(word, text=word.text.rstrip(",")) if word.role == "plain" else word for word in kept]


def with_slip(words: Sequence[Word], rng: np.random.Generator, is_roman: bool = False) -> list[Word]:
    """One typo or other spelling in one plain word, if a plain word allows it; `is_roman`: Hindi in Latin
    script, whose words have other spellings than English ones."""
    out = list(words)
    open_words = [i for i, word in enumerate(out) if word.role == "plain" and not word.glued]
    if not open_words:
        return out
    start = int(rng.integers(len(open_words)))
    for at in (*open_words[start:], *open_words[:start]):
        slipped = _slipped(out[at].text, rng, is_roman)
        if slipped != out[at].text:
            out[at] = _respelled(out[at], slipped)
            break
    return out


def _english_slips(word: str) -> list[str]:
    return list(words_of("spelling", "en")["slips"].get(word.lower(), ()))


def _respelled(word: Word, text: str) -> Word:
    return word if text == word.text else replace(word, text=text)


def _slipped(word: str, rng: np.random.Generator, is_roman: bool) -> str:
    bare = word.rstrip(_TRAILING)
    end = word[len(bare) :]
    if not bare.isascii():
        slips = words_of("spelling", "hi")["slips"]
        return next((word.replace(part, slips[part], 1) for part in slips if bare.startswith(part)), word)
    known = list(words_of("spelling", "roman")["habits"].get(bare, ())) if is_roman else _english_slips(bare)
    if known:
        return known[int(rng.integers(len(known)))] + end
    if len(bare) < 5 or not bare.isalpha():
        return word
    at = 1 + int(rng.integers(len(bare) - 3))
    if rng.random() < 0.5:
        return bare[:at] + bare[at + 1] + bare[at] + bare[at + 2 :] + end  # two letters swapped
    return bare[:at] + bare[at + 1 :] + end  # one letter lost
