"""Nouns of shops of many kinds, beyond the lexicon: how they are said in Hindi, where Hindi has a word.

The lexicon says of its own nouns what shoppers write and what they mean; of these it only says them. Data:
`shop_nouns.toml`, by kind of shop; a noun without Hindi is said in English by everybody, as people do.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, lru_cache

from muse_core.language.lexicon_entries import Entry
from muse_core.language.made_words import spelled
from muse_core.language.matching import form_key, singulars
from muse_core.language.phrases import Beginnings
from muse_core.language.word_lists import read_words


@cache
def by_kind() -> Mapping[str, tuple[str, ...]]:
    """Kind of shop -> its nouns, in the order of the file."""
    return {kind: tuple(_entries(rows)) for kind, rows in read_words("shop_nouns").items()}


def entry(noun: str) -> Entry | None:
    """How a noun is said, a made one too; None for one that is not here."""
    return _all().get(noun) or _made(noun)


def named(said: str) -> str | None:
    """The noun that some words are, in any script, in the singular or the plural; None for others."""
    return of_key(form_key(said))


@lru_cache(maxsize=65536)
def of_key(key: str) -> str | None:
    """The noun of a form's key."""
    return next((_by_key()[one] for one in (key, *singulars(key)) if one in _by_key()), None)


@cache
def beginnings() -> Beginnings:
    """How the forms of these nouns begin."""
    return Beginnings(_by_key())


@cache
def _by_key() -> dict[str, str]:
    forms = ((form, noun) for noun, one in _all().items() for form in _forms(one))
    return {form_key(form): noun for form, noun in forms}


def _forms(one: Entry) -> tuple[str, ...]:
    spelt = (form for forms in (*one.hi, *one.roman) for form in forms)
    return (*spelt, *one.en, one.canonical)


def _made(noun: str) -> Entry | None:
    hindi = spelled(noun)
    return Entry(noun, ((hindi,),), (), (), ()) if hindi else None


@cache
def _all() -> dict[str, Entry]:
    return {noun: one for rows in read_words("shop_nouns").values() for noun, one in _entries(rows).items()}


@cache
def _entries(rows: str) -> dict[str, Entry]:
    return {one.canonical: one for one in map(_entry, rows.replace("\n", " ").split(",")) if one.canonical}


def _entry(row: str) -> Entry:
    """`hammer = हथौड़ा / hathauda / m`."""
    noun, _, told = (part.strip() for part in row.partition("="))
    hindi, roman, agreement, *_ = (*(part.strip() for part in told.split("/")), "", "")
    said, spelt = (((form,),) if form else () for form in (hindi, roman))
    return Entry(noun, said, spelt, (), (), agreement or "m")
