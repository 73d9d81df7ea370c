"""How one person types words: lasting habits, and slips now and then at the rates at which people make them.

Only `plain` words are touched, never a value that a call depends on. Kinds and rates of slips are data
(`[kinds]` in `wordings/<script>/spelling.toml`, docs/decisions.md#typing-noise).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from itertools import accumulate, pairwise

import numpy as np

from muse_core.dialogue.script import Script
from muse_core.dialogue.utterance import TRAILING, Word
from muse_core.language import lexicon
from muse_core.wordings.words import words as words_of

Table = Mapping[str, tuple[tuple[str, float], ...]]

_SHORTEST = 4  # letters of a word that a slip may change
_VOWELS = "aeiou"


def with_habits(words: Sequence[Word], habit: float, script: Script = "roman", tone: str = "") -> list[Word]:
    """The words as one writer puts them: the verb forms of the tone (`polite`, `casual`), then the
    writer's spellings. `habit` in [0, 1) picks the same variant every time."""
    language: Script = "hi" if script == "both" else script
    tables = [table for table in (_variants(tone, language), _variants("habits", language)) if table]
    for table in tables:
        words = [
            _respelled(word, _habitual(word.text, habit, table)) if word.role == "plain" else word
            for word in words
        ]
    return list(words)


@cache
def _variants(kind: str, script: Script) -> Table:
    """Word -> (form, cumulative share)."""
    return {word: _ends(forms) for word, forms in words_of("spelling", script).get(kind, {}).items()}


def _ends(shares: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    """Names with the cumulative end of each one's share."""
    total = sum(shares.values())
    return tuple((name, end / total) for name, end in zip(shares, accumulate(shares.values()), strict=True))


def _at(point: float, ends: Sequence[tuple[str, float]]) -> str:
    return next((name for name, end in ends if point < end), ends[-1][0])


def _habitual(word: str, habit: float, table: Table) -> str:
    bare = word.rstrip(TRAILING)
    variants = table.get(bare)
    if not variants:
        return word
    point = (habit * 97 + zlib.crc32(bare.encode()) / 997) % 1  # words of one writer vary independently
    return _at(point, variants) + word[len(bare) :]


def without_commas(words: Sequence[Word]) -> list[Word]:
    """As typed in a hurry: no commas outside the arguments."""
    kept = [word for word in words if not (word.glued and word.text == ",")]
    return [replace(word, text=word.text.rstrip(",")) if word.role == "plain" else word for word in kept]


def _respelled(word: Word, text: str) -> Word:
    return word if text == word.text else replace(word, text=text)


# ---- slips ----------------------------------------------------------------------------------------


def with_slip(words: Sequence[Word], rng: np.random.Generator, is_roman: bool = False) -> list[Word]:
    """One slip in plain words, where they allow one; `is_roman`: Hindi in Latin script, whose words have
    other spellings than English ones."""
    kind = _at(rng.random(), _kinds("roman" if is_roman else "en"))
    if kind == "space" and (run := _without_a_space(words, rng)) is not None:
        return run
    out = list(words)
    open_words = [i for i, word in enumerate(out) if word.role == "plain" and not word.glued]
    start = int(rng.integers(len(open_words))) if open_words else 0
    for at in (*open_words[start:], *open_words[:start]):
        slipped = _slipped(out[at].text, kind, rng, is_roman)
        if slipped != out[at].text:
            out[at] = _respelled(out[at], slipped)
            break
    return out


@cache
def _kinds(script: Script) -> tuple[tuple[str, float], ...]:
    return _ends(words_of("spelling", script)["kinds"])


def _without_a_space(words: Sequence[Word], rng: np.random.Generator) -> list[Word] | None:
    """Two plain words typed as one; None where no two stand side by side."""
    places = [
        at
        for at, (one, other) in enumerate(pairwise(words))
        if _may_join(one) and _may_join(other) and one.text.isascii() == other.text.isascii()
    ]
    if not places:
        return None
    at = places[int(rng.integers(len(places)))]
    joined = replace(words[at], text=words[at].text + words[at + 1].text)
    return [*words[:at], joined, *words[at + 2 :]]


def _may_join(word: Word) -> bool:
    return (
        word.role == "plain" and not word.glued and not any(c.isdigit() or c in TRAILING for c in word.text)
    )


def _slipped(word: str, kind: str, rng: np.random.Generator, is_roman: bool) -> str:
    """The word with a slip of the kind; as it is where that kind cannot happen to it."""
    bare = word.rstrip(TRAILING)
    end = word[len(bare) :]
    if not bare.isascii():
        slips = words_of("spelling", "hi")["slips"]
        return next((word.replace(part, slips[part], 1) for part in slips if bare.startswith(part)), word)
    if kind in ("spelling", "space"):
        known = _known(bare.lower(), is_roman)
        return known[int(rng.integers(len(known)))] + end if known else word
    if len(bare) < _SHORTEST or not bare.isalpha():
        return word
    found = [one for one in _SLIPS[kind](bare) if one != bare and not _is_of_the_shop(one)]
    return found[int(rng.integers(len(found)))] + end if found else word


def _known(word: str, is_roman: bool) -> list[str]:
    """Other spellings of a word that people are known to type."""
    if is_roman:
        return [form for form in words_of("spelling", "roman")["habits"].get(word, ()) if form != word]
    return list(words_of("spelling", "en")["slips"].get(word, ()))


@lru_cache(maxsize=65536)
def _is_of_the_shop(word: str) -> bool:
    """Whether a slip would make a value of the shop (`read` -> `red`)."""
    return any(lexicon.canonical(slot, word) is not None for slot in lexicon.slots())


def _inner(word: str) -> range:
    """Places inside a word: people rarely slip at its first and last letter."""
    return range(1, len(word) - 1)


def _lost_letters(word: str) -> list[str]:
    return [word[:at] + word[at + 1 :] for at in _inner(word) if word[at].lower() not in _VOWELS]


def _lost_vowels(word: str) -> list[str]:
    return [word[:at] + word[at + 1 :] for at in _inner(word) if word[at].lower() in _VOWELS]


def _doubled(word: str) -> list[str]:
    return [word[:at] + word[at] + word[at:] for at in _inner(word)]


def _swapped(word: str) -> list[str]:
    return [word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(1, len(word) - 2)]


def _neighbours(word: str) -> list[str]:
    return [word[:at] + key + word[at + 1 :] for at in _inner(word) for key in _beside().get(word[at], ())]


@cache
def _beside() -> Mapping[str, tuple[str, ...]]:
    """A letter's neighbours on its row of the keyboard."""
    rows: Sequence[str] = words_of("shared")["keyboard"]
    pairs = [pair for row in rows for pair in pairwise(row)]
    both = [*pairs, *((right, left) for left, right in pairs)]
    return {key: tuple(other for one, other in both if one == key) for key in "".join(rows)}


_SLIPS: Mapping[str, Callable[[str], list[str]]] = {
    "letter": _lost_letters,
    "vowel": _lost_vowels,
    "double": _doubled,
    "swap": _swapped,
    "neighbour": _neighbours,
}
