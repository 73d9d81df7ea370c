"""The rows of `facet_words.toml` as groups of forms, and the words of a text as they are compared.

A word is compared by its stem (seats = seat, सीटें = सीट); a form by its stems, joined ("sci-fi" = "sci fi").
A number of gigabytes is one word with its unit, as names of disks write it ("512 gb ssd" = "512gb ssd").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from muse_core.language.matching import roman_key, singulars, tokens
from muse_core.language.units import dimension_of, unit_of
from muse_core.language.word_lists import read_words

_MIN_LOOSE = 5  # letters of a Roman Hindi form that may be spelt loosely


class Word(NamedTuple):
    """A word of a text: its stem, its key as written, and its place in code points."""

    stem: str
    key: str
    start: int
    end: int


@dataclass(frozen=True)
class Group:
    """The forms of one row, as joined stems, the row's own first. `loose`: (loose spelling, form) of Hindi in
    Latin script."""

    forms: tuple[str, ...]
    loose: tuple[tuple[str, str], ...]
    longest: int  # words of the longest form


def words_of(text: str) -> list[Word]:
    """The words of a text, left to right."""
    found: list[Word] = []
    for token in tokens(text):
        unit = unit_of(token.key) if found and found[-1].key.isdecimal() else None
        if unit is not None and dimension_of(unit) == "memory":
            before = found.pop()
            found.append(Word(before.key + unit, before.key + unit, before.start, token.end))
        else:
            found.append(Word(stem(token.key), token.key, token.start, token.end))
    return found


@lru_cache(maxsize=65536)
def stem(key: str) -> str:
    """A key without the ending of its plural; not always a word, but one for all forms. "2010s" is none."""
    return key if any(char.isdecimal() for char in key) else next(iter(singulars(key)), key)


def joined(words: Sequence[Word]) -> str:
    """What a run of words is compared by."""
    return "".join(word.stem for word in words)


def form_of(text: str) -> str:
    """What a form is compared by."""
    return joined(words_of(text))


@lru_cache(maxsize=2)
def groups_by_form(kind: Literal["names", "values"]) -> dict[str, tuple[Group, ...]]:
    """The groups that a form stands in; of a form that is a row's own word, that row first."""
    found: dict[str, list[Group]] = {}
    groups = [_group(word, row) for word, row in read_words("facet_words")[kind].items()]
    for group in groups:
        found.setdefault(group.forms[0], []).append(group)
    for group in groups:
        for form in group.forms:
            rows = found.setdefault(form, [])
            if group not in rows:
                rows.append(group)
    return {form: tuple(rows) for form, rows in found.items()}


def _group(word: str, row: list[str]) -> Group:
    hindi, roman, english = (_split(forms) for forms in row)
    said = [word, *english, *hindi, *roman]
    return Group(
        forms=tuple(dict.fromkeys(map(form_of, said))),
        loose=tuple((roman_key(form), form) for form in map(form_of, roman) if len(form) >= _MIN_LOOSE),
        longest=max(len(words_of(form)) for form in said),
    )


def _split(forms: str) -> list[str]:
    return [form.strip() for form in forms.split("|") if form.strip()]


@lru_cache(maxsize=16)
def listed(name: str) -> frozenset[str]:
    """The stems of a list of `[reading]`."""
    return frozenset(word.stem for word in words_of(read_words("facet_words")["reading"][name]))


def decade_forms(value: str) -> Iterator[str]:
    """How a value such as "1990s" is also said."""
    if value[:-1].isdecimal() and value.endswith("s"):
        for form in read_words("facet_words")["forms"]["decade"]:
            yield form_of(form.format(value[:-1]))
