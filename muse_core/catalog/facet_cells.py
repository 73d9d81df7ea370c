"""The cells of one column -> values of a facet, or why it is none.

    "256GB SSD + 1TB HDD" -> "256 gb", "1024 gb"     "1.5-2kg" -> "1.5 kg", "2 kg"     ">9 hours" -> "9 hour"
    "Backlit keyboard and PCIe SSD" -> "backlit keyboard", "pcie ssd"                   "हाँ" -> "yes"

A column is yes/no, else numbers of one dimension, else a choice of few values. Of a number's cell only the
numbers are kept; a comparison ("> 9") is its number.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from muse_core.catalog import cell_text, cells
from muse_core.catalog.facet_numbers import Numbers, numbers_of
from muse_core.catalog.facet_words import english, words_of
from muse_core.catalog.facets import NO, YES
from muse_core.catalog.words import stems
from muse_core.language.matching import word_key

Values = tuple[str, ...]
_MOST = 2000  # values of a choice
_SAMPLE = 400  # cells that a column of very many is judged by
_OWN = 0.9  # share of different values from which on every product has its own
_LONGEST, _MOST_WORDS = 40, 5  # of a value
_LISTS = 0.15  # share of cells with several values that makes a column one of lists
_CODE = re.compile(r"[{}\[\]<>=\\_]|https?:")  # what programs write, no word of a shopper
_SEPARATOR = re.compile(r"\s*(?:[;|\n/]|,(?!\d{2,3}\b))\s*")


@dataclass(frozen=True)
class Read:
    """A column as a facet: raw cell -> values, none where it says nothing. `stated`: by the header's unit."""

    of_cell: Mapping[str, Values]
    kind: str
    stated: bool = False


def read(counts: Counter[str], stated: str | None, header: str, given: bool = False) -> Read | str:
    """The column with these cells, or why it is no facet. `stated`: the unit that its header names; `given`:
    the user has named the column, so that only a column without values is none."""
    if len(counts) > 2 * _MOST and not given:
        few = Counter(dict(islice(counts.items(), _SAMPLE)))
        sample = numbers_of(_cleaned(few), stated, header)
        if not isinstance(sample, Numbers):
            return sample or f"{len(counts):,} different values"
    cleaned = _cleaned(counts)
    if not any(cleaned.values()):
        return "no values"
    found = _yes_no(cleaned) or _numbers(cleaned, stated, header, counts)
    if found is None or (given and isinstance(found, str)):
        found = _choice(counts, cleaned, given)
    return found if isinstance(found, str) or given else _told(found, counts)


def _numbers(
    cleaned: Mapping[str, str], stated: str | None, header: str, counts: Counter[str]
) -> Read | str | None:
    found = numbers_of(cleaned, stated, header, counts)
    return Read(found.of_cell, "number", found.stated) if isinstance(found, Numbers) else found


def _cleaned(counts: Counter[str]) -> dict[str, str]:
    """Raw cell -> its text; '' where it says nothing."""
    nothing = words_of("nothing")
    texts = {raw: cells.text(raw) for raw in counts}
    return {
        raw: "" if text and len(text) <= 20 and _key(text) in nothing else _closed(text)
        for raw, text in texts.items()
    }


def _closed(text: str) -> str:
    """Numbers that a tokeniser has spaced out are one again: '8 . 0 kg'."""
    return re.sub(r"(?<=\d) \. (?=\d)", ".", text)


def _key(text: str) -> str:
    return " ".join(map(word_key, text.strip(" .").split()))


def _told(found: Read, counts: Counter[str]) -> Read | str:
    """The column, unless its values tell products apart too little or too much."""
    weights = _values(found, counts)
    having = sum(weight for raw, weight in counts.items() if found.of_cell[raw])
    if not weights:
        return "no values"
    if len(weights) == 1 and (found.kind != "yes_no" or having >= _OWN * sum(counts.values())):
        return f"one value ({next(iter(weights))!r})"
    if found.kind == "choice":
        if len(weights) > _MOST:
            return f"{len(weights):,} different values"
        if len(weights) > _OWN * sum(weights.values()):
            return "nearly every product has a value of its own"
    return found


def _values(found: Read, counts: Counter[str]) -> Counter[str]:
    weights: Counter[str] = Counter()
    for raw, weight in counts.items():
        for value in found.of_cell[raw]:
            weights[value] += weight
    return weights


# ---- yes and no ------------------------------------------------------------------------------------


def _yes_no(cleaned: Mapping[str, str]) -> Read | None:
    """A column of yes and no in any spelling; of 1 and 0 if it has both."""
    yes, no = words_of("yes"), words_of("no")
    keys = {raw: _key(text) for raw, text in cleaned.items()}
    keys |= {
        raw: _key(raw) for raw, text in cleaned.items() if not text and _key(raw) in no
    }  # "not available"
    said = {key for key in keys.values() if key}
    if said == {"0", "1"}:
        yes, no = frozenset("1"), frozenset("0")
    if not said or len(said) > 12 or not said <= yes | no or not said & (yes | no):
        return None
    return Read(
        {raw: (YES,) if key in yes else (NO,) if key in no else () for raw, key in keys.items()}, "yes_no"
    )


# ---- choices ---------------------------------------------------------------------------------------


def _choice(counts: Counter[str], cleaned: Mapping[str, str], given: bool) -> Read | str:
    is_list = _is_list(cleaned, counts)
    parts = {raw: _parts(text) if is_list else ([text] if text else []) for raw, text in cleaned.items()}
    short = {raw: [value for part in of_cell if (value := _value(part))] for raw, of_cell in parts.items()}
    told = sum(weight for raw, weight in counts.items() if cleaned[raw])
    kept = sum(weight for raw, weight in counts.items() if short[raw])
    if kept < 0.5 * told and not given:
        return "sentences, or values too long to ask for"
    spelled = _spellings(short, counts)
    of_cell = {raw: tuple(dict.fromkeys(spelled[value] for value in values)) for raw, values in short.items()}
    return Read(of_cell, "choice")


def _is_list(cleaned: Mapping[str, str], counts: Counter[str]) -> bool:
    """Whether cells list values that come back in other cells."""
    if sum(map(len, cleaned.values())) > 200 * len(cleaned):
        return False
    texts = [text for text in cleaned.values() if text]
    parts = {raw: _parts(text) for raw, text in cleaned.items() if text}
    several = sum(counts[raw] for raw, of_cell in parts.items() if len(of_cell) > 1)
    values = {fold(part) for of_cell in parts.values() for part in of_cell if _value(part)}
    return several >= _LISTS * sum(counts[raw] for raw in parts) and len(values) < len(set(map(fold, texts)))


def _parts(text: str) -> list[str]:
    """The values that a cell lists."""
    found = []
    for part in _SEPARATOR.split(text[: cell_text.LONGEST * 2]):
        words = part.split()
        start = 0
        for at, word in enumerate(words):
            if word_key(word) in words_of("joints") or word == "&":
                found.append(" ".join(words[start:at]))
                start = at + 1
        found.append(" ".join(words[start:]))
    return [part for part in found if part]


@lru_cache(maxsize=65536)
def _value(part: str) -> str:
    """One value in English and lower case, without an article; '' for what is too long or says nothing."""
    said = english(" ".join(part.split())).strip(" .,:;!'\"*-")
    first, _, rest = said.partition(" ")
    said = rest if rest and first in words_of("articles") else said
    if len(said) > _LONGEST or len(said.split()) > _MOST_WORDS or _key(said) in words_of("nothing"):
        return ""
    return said if any(map(str.isalnum, said)) and not _CODE.search(said) else ""


@lru_cache(maxsize=65536)
def fold(value: str) -> tuple[str, ...]:
    """What two spellings of a value share: case, hyphens and plurals are gone."""
    return tuple(stems(value)) or (value.lower(),)


def _spellings(short: Mapping[str, list[str]], counts: Counter[str]) -> dict[str, str]:
    """Every spelling -> the most frequent one of its value."""
    weights: Counter[str] = Counter()
    for raw, values in short.items():
        for value in values:
            weights[value] += counts[raw]
    best: dict[tuple[str, ...], str] = {}
    for value in sorted(weights, key=lambda value: (-weights[value], value)):
        best.setdefault(fold(value), value)
    return {value: best[fold(value)] for value in weights}
