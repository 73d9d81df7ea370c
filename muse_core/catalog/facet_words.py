"""A facet's value as the tools say it: lower case, English where our words know it.

    english("इंटेल कोर आई 3") -> "intel core i3"      english("2010 के दशक") -> "2010s"

Word by word, and only where every word is known: half a translation is no value. What stays in Devanagari
is a value as well.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from muse_core.catalog.tables import listed, table
from muse_core.language import lexicon
from muse_core.language.matching import word_key

_DEVANAGARI = re.compile("[\u0900-\u097f]")
_WORD = re.compile("[\u0900-\u097f]+")
_GAP = re.compile(r"(?<=\b[a-z]) (?=\d)")


@lru_cache(maxsize=65536)
def english(text: str) -> str:
    """A cleaned cell in lower case, in English if it can be said with the words that we have."""
    text = text.lower()
    if not _DEVANAGARI.search(text):
        return text
    whole = _phrases().get(_key(text)) or _known(text)
    if whole:
        return whole
    said = _decade().sub("s", text)
    said = _GAP.sub("", _WORD.sub(lambda word: _word(word.group()), said))  # 'i 3' is 'i3'
    if _DEVANAGARI.search(said):
        glossed, unknown = lexicon.gloss(text, "en")
        return text if unknown or _DEVANAGARI.search(glossed) else glossed.lower()
    return " ".join(said.split())


def _word(word: str) -> str:
    """One Devanagari word in English; itself where it is unknown."""
    return _words().get(word_key(word)) or _abbreviation(word) or word


def _known(text: str) -> str | None:
    """What the lexicon calls a value in one of the slots that describe products."""
    for slot in ("colour", "material", "occasion"):
        value = lexicon.canonical(slot, text)
        if value:
            return value
    return None


def _abbreviation(word: str) -> str | None:
    """Latin letters spelled out: 'esesdi' in Devanagari is ssd; None for another word."""
    if not _letters_of_words().fullmatch(word_key(word)):
        return None
    return "".join(_letters()[one] for one in _letter().findall(word_key(word)))


def _key(text: str) -> str:
    return " ".join(map(word_key, re.split(r"[\s-]+", text.strip())))


@cache
def _phrases() -> dict[str, str]:
    return {_key(phrase): said for phrase, said in table("facets")["phrases"].items()}


@cache
def _words() -> dict[str, str]:
    return {word_key(word): said for word, said in table("facets")["words"].items()}


@cache
def _letters() -> dict[str, str]:
    return {word_key(spelled): letter for letter, spelled in table("facets")["letters"].items()}


@cache
def _letter() -> re.Pattern[str]:
    return re.compile("|".join(sorted(map(re.escape, _letters()), key=len, reverse=True)))


@cache
def _decade() -> re.Pattern[str]:
    """What stands behind the year of a decade."""
    said = "|".join(map(re.escape, listed(table("facets")["cells"]["decade"])))
    return re.compile(f"(?<=\\d{{4}}) (?:{said})")


@cache
def _letters_of_words() -> re.Pattern[str]:
    return re.compile(f"(?:{_letter().pattern})+")


@cache
def words_of(name: str) -> frozenset[str]:
    """A list of `facets.toml` under [cells], as compared."""
    return frozenset(" ".join(map(word_key, word.split())) for word in listed(table("facets")["cells"][name]))
