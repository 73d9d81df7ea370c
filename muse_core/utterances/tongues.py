"""Which language a request is in, or that it is none of ours.

Letters of another script decide by themselves; in ours, small words that no text of ours has. One such
word may be a name; two, or one in three words, are a language.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

from muse_core.language import lexicon
from muse_core.language.matching import tokens, word_key
from muse_core.language.scripts import detect_language, is_roman_hindi, share_devanagari
from muse_core.types import Language
from muse_core.utterances.word_lists import read_words

Tongue = Literal["en", "hi", "roman", "both", "other", "none"]
LANGUAGE: dict[Tongue, Language] = {"en": "en", "hi": "hi", "roman": "mixed", "both": "mixed"}
_LETTERS = re.compile(r"[^\W\d_]")
_OURS = re.compile(r"[A-Za-z\u00c0-\u024f\u0900-\u097f]")


def tongue_of(text: str) -> Tongue:
    """`roman` and `both` are Hinglish, in Latin letters and in two scripts; `none`: no letters at all."""
    letters = _LETTERS.findall(text)
    if not letters:
        return "none"
    if sum(bool(_OURS.match(letter)) for letter in letters) < 0.7 * len(letters) or _is_foreign(text):
        return "other"
    language = detect_language(text)
    if language != "mixed":
        return language
    return "both" if share_devanagari(text) else "roman"


def _is_foreign(text: str) -> bool:
    keys = [token.key for token in tokens(text) if not token.key.isdigit()]
    most = max((sum(key in words for key in keys) for words in _foreign()), default=0)
    return most >= 2 and most * 3 >= len(keys)


@cache
def _foreign() -> tuple[frozenset[str], ...]:
    """The small words of each language without those that our own word lists have."""
    lists = [
        frozenset(word_key(word) for word in listed.split()) for listed in read_words("foreign").values()
    ]
    known = lexicon.english_words() | lexicon.roman_hindi_words()
    return tuple(
        frozenset(key for key in keys if key not in known and not is_roman_hindi(key)) for keys in lists
    )
