"""The shop's words: canonical English <-> Hindi in Devanagari, Hindi in Latin script, English variants.

The data is `lexicon.toml` (slots whose canonical values are call arguments) and `words.toml` (a few
hundred other words for translation). A row of a slot reads::

    black = ["काला/काले/काली | ब्लैक", "kaala/kaale/kaali | kala/kale/kali", "jet black | ~blk"]

that is Devanagari, Roman Hindi and English variants. `|` separates forms; `/` separates the masculine,
plural and feminine form of an adjective (Hindi colours agree with their noun); `~` marks a form that
is understood but never said; an empty field means "say the English word". A product type has a fourth
field: gender and number of its Hindi noun (m, f, mp, fp).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from muse_core.language import shop_nouns
from muse_core.language.lexicon_entries import WORDS, Entry, all_slots, lookup, meaning, run_key
from muse_core.language.lexicon_find import found_in, numeric_size
from muse_core.language.matching import Token, form_key, keys_of, tokens, word_key
from muse_core.language.word_lists import read_words
from muse_core.types import Language

_AGREEMENT = {"m": 0, "mp": 1, "f": 2, "fp": 2}


# ---- public ---------------------------------------------------------------------------------------


def slots() -> tuple[str, ...]:
    """The slots whose values are call arguments."""
    return tuple(name for name in all_slots() if name != WORDS)


def values(slot: str) -> tuple[str, ...]:
    """The canonical values of a slot, in the order of the data file."""
    return tuple(all_slots()[slot].entries)


@lru_cache(maxsize=65536)
def canonical(slot: str, surface: str) -> str | None:
    """The canonical value of a surface form in any script, case or number; None if unknown."""
    if slot == "size" and (number := numeric_size(surface)):
        return number
    return lookup(slot, form_key(surface))


@lru_cache(maxsize=65536)
def slots_of(surface: str) -> frozenset[str]:
    """The slots that know a surface form, `WORDS` among them."""
    known = meaning(form_key(surface)).values
    return frozenset((*known, "size")) if numeric_size(surface) else frozenset(known)


def surfaces(slot: str, canonical: str, language: Language, noun: str | None = None) -> tuple[str, ...]:
    """The forms that may be said in a language, the most usual first. With `noun` (a product type or a
    translated word's canonical value) a Hindi colour agrees with it: काली शर्ट, काले जूते."""
    entry = _entry_of(slot, canonical)
    if entry is None:
        return (canonical,)
    place = agreement_with(noun)
    hi = tuple(form[min(place, len(form) - 1)] for form in entry.hi)
    roman = tuple(form[min(place, len(form) - 1)] for form in entry.roman)
    english = (canonical, *entry.en)
    if language == "en":
        return english
    if language == "hi":
        return hi or (canonical,)
    return tuple(dict.fromkeys((*english, *roman, *hi)))


def _entry_of(slot: str, canonical: str) -> Entry | None:
    """A value's entry; a noun that is not ours may be one of other shops."""
    found = all_slots()[slot].entries.get(canonical)
    return found or (shop_nouns.entry(canonical) if slot == "product_type" else None)


def agreement_with(noun: str | None) -> int:
    """What a Hindi adjective does before a product type: 0 masculine, 1 plural, 2 feminine."""
    entry = _entry_of("product_type", noun) if noun is not None else None
    return _AGREEMENT[entry.agreement] if entry is not None else 0


def surface(
    slot: str, canonical: str, language: Language, rng: np.random.Generator, noun: str | None = None
) -> str:
    """One form at random: the usual one in about two cases of three; `mixed` draws the script first
    (English 50 %, Roman Hindi 30 %, Devanagari 20 %)."""
    if language == "mixed":
        return _mixed_surface(slot, canonical, rng, noun)
    return _pick(surfaces(slot, canonical, language, noun), rng)


def find(slot: str, text: str) -> list[tuple[str, int, int]]:
    """Every value of the slot named in a text: (canonical, start, end), longest match, left to right."""
    return list(found_in(text).get(slot, ()))


def names_size(text: str) -> bool:
    """Whether a text has the word size itself, in any script."""
    return not _size_names().isdisjoint(keys_of(text))


@lru_cache(maxsize=1)
def roman_hindi_words() -> frozenset[str]:
    """Keys of the Hindi words in Latin script that are not English words of the lexicon too."""
    entries = [entry for slot in all_slots().values() for entry in slot.entries.values()]
    forms = [form for entry in entries for group in entry.roman for form in group]
    return frozenset(token.key for form in forms for token in tokens(form)) - english_words()


def gloss(text: str, target: str) -> tuple[str, tuple[str, ...]]:
    """Word-for-word translation, longest match first: (text, words kept because they are unknown)."""
    words = tokens(text)
    out: list[str] = []
    unknown: list[str] = []
    at = position = 0
    while position < len(words):
        token = words[position]
        out.append(text[at : token.start])
        translated, length = _translate_at(words, position, target)
        end = words[position + length - 1].end
        if translated is None:
            translated = text[token.start : end]
            if not _is_in_target(translated, target):
                unknown.append(translated)
        out.append(translated)
        at, position = end, position + length
    out.append(text[at:])
    return " ".join("".join(out).split()), tuple(unknown)


def is_word(key: str) -> bool:
    """Whether a key is a form of some slot, as it is spelt."""
    return any(key in all_slots()[slot].exact for slot in slots())


def forms(slot: str) -> Iterator[str]:
    """Every form of every value of a slot, in all scripts."""
    for entry in all_slots()[slot].entries.values():
        spelt = (form for forms in (*entry.hi, *entry.roman) for form in forms)
        yield from (entry.canonical, *entry.en, *entry.understood, *spelt)


@lru_cache(maxsize=1)
def english_words() -> frozenset[str]:
    """Keys of the single words of all canonical values and English variants."""
    entries = [entry for slot in all_slots().values() for entry in slot.entries.values()]
    return frozenset(
        token.key for entry in entries for form in (entry.canonical, *entry.en) for token in tokens(form)
    )


# ---- saying ---------------------------------------------------------------------------------------


def _pick(forms: Sequence[str], rng: np.random.Generator) -> str:
    if len(forms) == 1 or rng.random() < 0.5:
        return forms[0]
    return forms[int(rng.integers(len(forms)))]


def _mixed_surface(slot: str, canonical: str, rng: np.random.Generator, noun: str | None) -> str:
    entry = _entry_of(slot, canonical)
    draw = rng.random()
    place = agreement_with(noun)
    if entry is not None and 0.5 <= draw < 0.8 and entry.roman:
        return _pick([form[min(place, len(form) - 1)] for form in entry.roman], rng)
    if entry is not None and draw >= 0.8 and entry.hi:
        return _pick([form[min(place, len(form) - 1)] for form in entry.hi], rng)
    return _pick(surfaces(slot, canonical, "en"), rng)


# ---- translation ----------------------------------------------------------------------------------

# Where a word stands in two slots, the earlier slot's meaning wins.
_TRANSLATED = ("product_type", "colour", "material", "occasion", "gender", WORDS, "size", "category")


def _translate_at(words: list[Token], position: int, target: str) -> tuple[str | None, int]:
    """The translation of the longest known run at `position` and its length in tokens."""
    lexicon = all_slots()
    most = max(lexicon[slot].longest for slot in _TRANSLATED)
    for length in range(min(most, len(words) - position), 0, -1):
        key = run_key(words[position : position + length])
        for name in _TRANSLATED:
            entry = lexicon[name].entries.get(lookup(name, key) or "")
            if entry is not None and not (name == "size" and len(key) < 3):
                return _said(entry, key, words, position + length, target), length
    return None, 1


def _said(entry: Entry, key: str, words: list[Token], after: int, target: str) -> str | None:
    if target == "en":
        return entry.canonical
    if not entry.hi:
        return None
    form = entry.hi[0]
    noun = _noun_after(words, after) if len(form) > 1 else None
    return form[min(agreement_with(noun), len(form) - 1)]


def _noun_after(words: list[Token], position: int) -> str | None:
    """The product type within the next three words, for agreement."""
    for start in range(position, min(position + 3, len(words))):
        for length in (2, 1):
            key = run_key(words[start : start + length])
            if (value := lookup("product_type", key)) is not None:
                return value
    return None


def _is_in_target(word: str, target: str) -> bool:
    """A word that needs no translation: a number, or (towards Hindi) one already in Devanagari."""
    if word.isdigit():
        return True
    return target == "hi" and any("\u0900" <= char <= "\u097f" for char in word)


@lru_cache(maxsize=1)
def _size_names() -> frozenset[str]:
    return frozenset(word_key(word) for word in read_words("price_words")["size_names"].split())
