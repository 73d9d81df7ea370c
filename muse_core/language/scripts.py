"""Which language a text is in, `hi`, `mixed` or `en` (docs/decisions.md#language-of-a-text).

`hi` is Devanagari, where Latin tokens may be names (capitals, codes, sizes); `mixed` is Hindi words in
Latin script, or words of both languages; `en` is the rest. Decided by word lists, not by a model: the
Hindi words of `roman_hindi.toml` and the lexicon's Roman forms.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from muse_core.language import lexicon
from muse_core.language.matching import Token, tokens
from muse_core.language.word_lists import read_words
from muse_core.types import Language

_REFERENCE = re.compile(r"\[[^\]\s]*\]|https?://\S+|\\u003c|<[^>]*>")
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"|‘[^’]*’|(?<!\w)'[^']*'(?!\w)")
_SIZES = frozenset({"xs", "xl", "xxl", "xxxl"})
_LETTER = re.compile(r"[^\W\d_]|[\u0900-\u0963]")


def share_devanagari(text: str) -> float:
    """Share of the letters that are Devanagari; 0 for a text without letters."""
    letters = _LETTER.findall(text)
    if not letters:
        return 0.0
    return sum("\u0900" <= letter <= "\u097f" for letter in letters) / len(letters)


def detect_language(text: str) -> Language:
    """The language of a user's or assistant's text; references such as `[1:price]` do not count."""
    bare = _REFERENCE.sub(" ", text)
    words = [token for token in tokens(bare) if not token.key.isdigit()]
    latin = [token for token in words if token.key[0].isascii()]
    if len(latin) == len(words):
        return "mixed" if _has_roman_hindi(latin) else "en"
    if not share_devanagari(bare):
        return "mixed" if _has_roman_hindi(latin) else "en"  # a third script: as if it were not there
    spoken = [token for token in latin if not _is_name(bare, token)]
    return "mixed" if spoken else "hi"


def language_of_turns(texts: Iterable[str]) -> Language:
    """The language in which a speaker is answered: that of the last text that has words of its own. A
    number, a size or a picture says nothing, and what is quoted is somebody else's; `2000 tak` is Hindi
    from who has spoken it before; `en` where nothing says anything."""
    said = list(texts)
    while said:
        own = _QUOTED.sub(" ", said.pop())
        if _has_words(own):
            found = detect_language(own)
            is_open = found == "en" and any(token.key in _maybe_hindi() for token in tokens(own))
            return "mixed" if is_open and language_of_turns(said) != "en" else found
    return "en"


def _has_words(text: str) -> bool:
    """Whether there is more than a number, a size, a reference or a sign."""
    return any(
        len(token.key) > 1 and not any(char.isdigit() for char in token.key) and token.key not in _SIZES
        for token in tokens(_REFERENCE.sub(" ", text))
    )


def is_roman_hindi(key: str) -> bool:
    """Whether a word key may be Hindi in Latin script."""
    return key in _hindi()


def _has_roman_hindi(words: list[Token]) -> bool:
    sure = sum(token.key in _sure_hindi() for token in words)
    maybe = sum(token.key in _maybe_hindi() for token in words)
    if len(words) > 12 and sure == 1:
        return maybe >= 2  # one Hindi-looking word in a long English text is a name
    return sure >= 1 or (maybe >= 2 and maybe * 2 >= len(words))


def _is_name(text: str, token: Token) -> bool:
    """A Latin token that Hindi text may carry: a brand, a code, a size, a short acronym."""
    written = text[token.start : token.end]
    if any(char.isdigit() for char in written):
        return True
    if token.key in _english_words() or token.key in _sure_hindi():
        return written.isupper() and len(written) <= 3
    if _is_exclamation(text, token):
        return False
    return written[0].isupper() or any(char.isupper() for char in written[1:])


def _is_exclamation(text: str, token: Token) -> bool:
    """A sentence of one word ("Superb!") is said, not named."""
    before, after = text[: token.start].rstrip(), text[token.end : token.end + 1]
    return after in ("!", ",") and (not before or before[-1] in ".!?।")


@lru_cache(maxsize=1)
def _sure_hindi() -> frozenset[str]:
    return _hindi() - _listed("ambiguous")


@lru_cache(maxsize=1)
def _maybe_hindi() -> frozenset[str]:
    """Ambiguous words that are Hindi as soon as others stand beside them (`kale jute ka bag`)."""
    return _hindi() & _listed("ambiguous")


@lru_cache(maxsize=1)
def _hindi() -> frozenset[str]:
    """Words listed, the lexicon's Roman forms, and every listed verb stem with every ending."""
    verbs = {stem + ending for stem in _listed("stems") for ending in _listed("endings")}
    return _listed("hindi") | lexicon.roman_hindi_words() | (verbs - _listed("not_verbs"))


@lru_cache(maxsize=1)
def _english_words() -> frozenset[str]:
    return lexicon.english_words() | _listed("english")


def _listed(name: str) -> frozenset[str]:
    return frozenset(read_words("roman_hindi")[name].split())
