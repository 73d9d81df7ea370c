"""Does a reply answer in the language of the user's turn? Names are not language."""

from __future__ import annotations

import re
from collections.abc import Iterable

from muse_core.language.scripts import detect_language, share_devanagari
from muse_core.types import Language

FEW_WORDS = 3
_REFERENCE = re.compile(r"\[\d+(?::\w+)?\]")


def without_names(text: str, names: Iterable[str]) -> str:
    """The text without references, titles and brands (longest first, any case)."""
    bare = _REFERENCE.sub(" ", text)
    for name in sorted({name for name in names if name.strip()}, key=len, reverse=True):
        bare = re.sub(r"\s+".join(map(re.escape, name.split())), " ", bare, flags=re.IGNORECASE)
    return " ".join(bare.split())


def language_match(reply: str, language: Language, names: Iterable[str] = ()) -> bool:
    """True when the reply, without `names`, is in `language`. A reply of names and numbers only matches
    every language; of one to three other words only the script is judged: they are too few to tell."""
    bare = without_names(reply, names)
    words = [word for word in bare.split() if any(char.isalpha() for char in word)]
    if len(words) <= FEW_WORDS:
        return _script_fits(bare, language) if words else True
    return detect_language(bare) == language


def _script_fits(text: str, language: Language) -> bool:
    share = share_devanagari(text)
    return language == "mixed" or (share == 0.0 if language == "en" else share > 0.0)
