"""The entries of the lexicon, read once from their word lists, and the lookup of one form among a slot's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from muse_core.language.matching import Token, form_key, roman_key, singulars, tokens
from muse_core.language.phrases import Beginnings
from muse_core.language.word_lists import read_words

WORDS = "word"  # the slot of words that only `translate` uses
_MIN_LOOSE = 4  # Roman Hindi is matched loosely from this many letters on
REMEMBERED = 32_768  # looked up forms: most words of a shop come again and again


@dataclass(frozen=True)
class Entry:
    """One canonical value. Each form is a tuple of one or three spellings (masculine, plural, feminine)."""

    canonical: str
    hi: tuple[tuple[str, ...], ...]
    roman: tuple[tuple[str, ...], ...]
    en: tuple[str, ...]
    understood: tuple[str, ...]
    agreement: str = "m"


@dataclass(frozen=True, eq=False)
class Slot:
    """A slot's entries and the two indexes from keys to canonical values; one object for each slot."""

    entries: dict[str, Entry]
    exact: dict[str, str]
    loose: dict[str, str]
    longest: int  # tokens in the longest form


@lru_cache(maxsize=1)
def all_slots() -> dict[str, Slot]:
    """Every slot by name, that of other words (`WORDS`) too."""
    tables = {**read_words("lexicon"), WORDS: read_words("words")}
    return {name: _build_slot(rows) for name, rows in tables.items()}


def _build_slot(rows: dict[str, list[str]]) -> Slot:
    entries = {name: _entry(name, row) for name, row in rows.items()}
    exact: dict[str, str] = {}
    loose: dict[str, str] = {}
    longest = 1
    for name in entries:
        exact.setdefault(form_key(name), name)
    for name, entry in entries.items():
        for form in _all_forms(entry):
            exact.setdefault(form_key(form), name)
            longest = max(longest, len(tokens(form)))
        for form in (spelling for group in entry.roman for spelling in group):
            loose.setdefault(roman_key(form_key(form)), name)
    return Slot(entries, exact, loose, longest)


def _all_forms(entry: Entry) -> Iterator[str]:
    yield entry.canonical
    for group in (*entry.hi, *entry.roman):
        yield from group
    yield from entry.en
    yield from entry.understood


def _entry(name: str, row: list[str]) -> Entry:
    understood: list[str] = []
    said: list[tuple[tuple[str, ...], ...]] = []
    for field in row[:3]:
        forms = [form.strip() for form in field.split("|") if form.strip()]
        for form in forms:
            if form.startswith("~"):
                understood.extend(form[1:].split("/"))
        said.append(tuple(tuple(form.split("/")) for form in forms if not form.startswith("~")))
    hi, roman, english = (*said, (), (), ())[:3]
    agreement = row[3] if len(row) > 3 else "m"
    return Entry(name, hi, roman, tuple(form[0] for form in english), tuple(understood), agreement)


class _Index(NamedTuple):
    """Of all slots in one: key -> value by slot."""

    exact: dict[str, dict[str, str]]
    loose: dict[str, dict[str, str]]
    beginnings: Beginnings
    longest: int


@lru_cache(maxsize=1)
def _index() -> _Index:
    exact: dict[str, dict[str, str]] = {}
    loose: dict[str, dict[str, str]] = {}
    for name, slot in all_slots().items():
        for key, value in slot.exact.items():
            exact.setdefault(key, {})[name] = value
        for key, value in slot.loose.items():
            loose.setdefault(key, {})[name] = value
    return _Index(exact, loose, Beginnings(exact, loose), max(slot.longest for slot in all_slots().values()))


def longest() -> int:
    """Words of the longest form of any slot."""
    return _index().longest


class Meaning(NamedTuple):
    """What a key stands for: canonical values by slot. `goes_on`: a longer run of words that begins with it
    may be known too."""

    values: Mapping[str, str]
    goes_on: bool


_NOTHING = Meaning({}, False)


@lru_cache(maxsize=1)
def _hindi_words() -> frozenset[str]:
    """Keys in Devanagari that are values of some slot: never the plural of another's (college)."""
    named = (slot for name, slot in all_slots().items() if name != WORDS)
    return frozenset(key for slot in named for key in slot.exact if not key.isascii())


@lru_cache(maxsize=REMEMBERED)
def meaning(key: str) -> Meaning:
    """What a key stands for in each slot: as it is, as a plural, or loosely spelt Roman Hindi."""
    index = _index()
    if not index.beginnings.may_go_on(key):
        return _NOTHING  # what is known begins so as well, its plurals and loose spellings too
    found = dict(index.exact.get(key, {}))
    for singular in singulars(key) if key not in _hindi_words() else ():
        found = index.exact.get(singular, {}) | found
    # A word of its own in some slot is never matched loosely: jute is not joote.
    if key.isascii() and len(key) >= _MIN_LOOSE and key not in index.exact:
        found = index.loose.get(roman_key(key), {}) | found
    return Meaning(found, True)


def lookup(slot: str, key: str) -> str | None:
    """The canonical value of a key in a slot; None if unknown."""
    return meaning(key).values.get(slot)


def run_key(run: list[Token]) -> str:
    """The joined key of a run of words; nothing when a lone letter ends it ("my son a" is not sona)."""
    return "" if any(map(is_lone_letter, run[1:])) else "".join(token.key for token in run)


def is_lone_letter(word: Token) -> bool:
    """Whether a word is one letter: it ends no form of several words."""
    return len(word.key) == 1 and word.key.isalpha()
