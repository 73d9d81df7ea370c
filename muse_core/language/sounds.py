"""Latin words as Hindi writes them: by sound (अरावली, गेमिंग) and by the names of letters (एचपी, आई5).

latin_of("अरावली") -> "aravali"     english_sound("processor") -> "prosesor"     letters_of("एसयूवी") -> "suv"
"""

from __future__ import annotations

import re
from functools import lru_cache

from muse_core.language.matching import roman_key, word_key
from muse_core.language.word_lists import read_words

_MIN_SKELETON = 3  # consonants that a loan word must share with a name
_VIRAMA = "्"
_NO_CONSONANTS = re.compile(r"[aeiouyh\W]")
# English letters that roman_key does not fold by their sound.
_ENGLISH = (
    (re.compile("tion"), "shan"),
    (re.compile("gh"), ""),
    (re.compile("qu"), "kv"),
    (re.compile("ture$"), "char"),
    (re.compile("c(?=[eiy])"), "s"),
    (re.compile("c(?!h)"), "k"),
)


@lru_cache(maxsize=65536)
def latin_of(word: str) -> str:
    """Devanagari by its letters, with the inherent a but for the last: अरावली -> aravali."""
    bare, spoken, others, silencing = _sounds()
    out = [
        (bare if following in silencing else spoken).get(char) or others.get(char, "")
        for char, following in zip(word, f"{word[1:]} ", strict=True)
    ]
    return "".join(out)


@lru_cache(maxsize=1)
def _sounds() -> tuple[dict[str, str], dict[str, str], dict[str, str], frozenset[str]]:
    """Consonants by themselves and with the inherent a; vowels, signs and digits; what takes the a away."""
    bare, signs = _letters("consonants"), _letters("signs")
    spoken = {char: f"{sound}a" for char, sound in bare.items()}
    others = signs | _letters("vowels") | {digit: digit for digit in "0123456789"}
    return bare, spoken, others, frozenset((*signs, _VIRAMA, " "))


def skeleton(sound: str) -> str:
    """The consonants of a sound, or nothing when there are too few to tell a word by."""
    found = consonants(sound)
    return found if len(found) > _MIN_SKELETON else ""


def consonants(sound: str) -> str:
    """How a sound begins, then its consonants."""
    return sound[:1].replace("e", "a") + _NO_CONSONANTS.sub("", sound)


def english_sound(word: str) -> str:
    """An English word as `roman_key(latin_of(...))` of its Hindi spelling comes near to."""
    for letters, sound in _ENGLISH:
        word = letters.sub(sound, word)
    return roman_key(word)


def letters_of(key: str) -> str:
    """The Latin letters and digits whose names a word is made of: एचपी -> hp, आई5 -> i5; else nothing."""
    match = _letter_names().fullmatch(key)
    if match is None or key.isascii():
        return ""
    table = _named_letters()
    return "".join(table.get(part, part) for part in _letter_name().findall(key))


@lru_cache(maxsize=4)
def _letters(kind: str) -> dict[str, str]:
    pairs = read_words("roman_hindi")["letters"][kind].split()
    return dict(zip(pairs[::2], pairs[1::2], strict=True))


@lru_cache(maxsize=1)
def _named_letters() -> dict[str, str]:
    return {word_key(name): letter for name, letter in _letters("names").items()}


@lru_cache(maxsize=1)
def _letter_name() -> re.Pattern[str]:
    names = sorted(_named_letters(), key=len, reverse=True)
    return re.compile("|".join([*map(re.escape, names), r"\d"]))


@lru_cache(maxsize=1)
def _letter_names() -> re.Pattern[str]:
    return re.compile(rf"(?:{_letter_name().pattern})+")
