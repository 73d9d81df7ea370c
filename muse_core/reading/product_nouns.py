"""The product that a text names: a noun that the shop, the lexicon or the table of nouns knows, else words
that nothing explains.

    noun_in("loveseat sofa under 20k", …) -> "loveseat sofa"     "लाल कुर्ता" -> "kurta"
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from muse_core.catalog.nouns import known_noun
from muse_core.language import lexicon, shop_nouns
from muse_core.language.matching import Token, form_key, roman_key, singulars, tokens
from muse_core.language.sounds import english_sound, latin_of, skeleton
from muse_core.reading.known_words import is_asking

_LONGEST = 4  # words of a known noun
_LONGEST_UNKNOWN = 3
_MIN_SOUND = 4  # letters of a noun that is told by its sound
_OTHER_SLOTS = ("colour", "material", "occasion", "gender", "product_type", lexicon.WORDS)
Place = tuple[int, int]


@dataclass(frozen=True)
class Noun:
    """A noun as a call has it, and where it stands. `is_known` off: words that nothing explains."""

    value: str
    start: int
    end: int
    is_known: bool


def nouns_in(text: str, shop_nouns: Sequence[str], taken: Sequence[Place]) -> list[Noun]:
    """The products that a text names, in its order: the known ones, else one run of unexplained words.
    `taken`: places of brands, colours, prices and other values, which are no part of an unknown noun."""
    words = tokens(text)
    for names in (_shop_names(shop_nouns), _table_name):
        found = list(_named(text, words, names))
        if names is _table_name:
            found = [noun for noun in found if not _is_in(noun, taken)]
        elif len(found) > 1:
            found = [noun for noun in found if not _is_in(noun, taken)] or found
            found = [noun for noun in found if not is_asking(form_key(noun.value))] or found
        if found:
            return _joined(text, found)
    unknown = _unexplained(text, words, taken)
    return [unknown] if unknown is not None else []


def _joined(text: str, nouns: Sequence[Noun]) -> list[Noun]:
    """Nouns that stand side by side are one: "loveseat sofa"."""
    found = [nouns[0]]
    for noun in nouns[1:]:
        last = found[-1]
        if text[last.end : noun.start].strip() or last.value == noun.value:
            found.append(noun)
        else:
            found[-1] = Noun(f"{last.value} {noun.value}", last.start, noun.end, True)
    return found


def _named(text: str, words: Sequence[Token], names: Callable[[str], str | None]) -> Iterator[Noun]:
    """The nouns that `names` knows, the longest at each place."""
    at = 0
    while at < len(words):
        length, noun = _noun_at(text, words[at : at + _LONGEST], names)
        if noun is not None:
            yield Noun(noun, words[at].start, words[at + length - 1].end, True)
        at += length


def _noun_at(text: str, words: Sequence[Token], names: Callable[[str], str | None]) -> tuple[int, str | None]:
    """(words taken, noun) at one place, the longest first."""
    for length in range(len(words), 0, -1):
        found = names(text[words[0].start : words[length - 1].end])
        if found is not None:
            return length, found
    return 1, None


def _shop_names(nouns: Sequence[str]) -> Callable[[str], str | None]:
    """Nouns of the shop and of the lexicon, and of titles those of several words."""
    shop = _index(tuple(nouns))

    def name(said: str) -> str | None:
        found = shop.named(said) or lexicon.canonical("product_type", said)
        return found or (known_noun(said) or shop_nouns.named(said) if " " in said else None)

    return name


def _table_name(said: str) -> str | None:
    """Nouns of titles, but for words that are said of everything."""
    return None if is_asking(form_key(said)) else known_noun(said) or shop_nouns.named(said)


def _is_in(noun: Noun, places: Sequence[Place]) -> bool:
    return any(start < noun.end and noun.start < end for start, end in places)


class _ShopNouns:
    """The shop's own nouns by key, and by sound for those that Hindi spells its own way."""

    def __init__(self, nouns: Sequence[str]) -> None:
        own = {form_key(noun): noun for noun in nouns}
        said = ((form, noun) for noun in nouns for form in lexicon.surfaces("product_type", noun, "mixed"))
        self.by_key = {form_key(form): noun for form, noun in said} | own
        sounds = {roman_key(english_sound(key)): noun for key, noun in own.items() if key.isascii()}
        self.by_sound = {sound: noun for sound, noun in sounds.items() if len(sound) >= _MIN_SOUND}
        self.by_consonants = {skeleton(sound): noun for sound, noun in self.by_sound.items()}
        self.by_consonants.pop("", None)

    def named(self, said: str) -> str | None:
        """The noun that these words are, in the singular or the plural, in either script."""
        key = form_key(said)
        for one in (key, *singulars(key)):
            if one in self.by_key:
                return self.by_key[one]
        if key.isascii() or any(is_asking(word.key) for word in tokens(said)):
            return None
        return self._spelt_in_hindi(key)

    def _spelt_in_hindi(self, key: str) -> str | None:
        if any(lexicon.canonical(slot, key) for slot in _OTHER_SLOTS):
            return None
        sound = roman_key(latin_of(key))
        return self.by_sound.get(sound) or self.by_consonants.get(skeleton(sound))


@lru_cache(maxsize=256)
def _index(nouns: tuple[str, ...]) -> _ShopNouns:
    return _ShopNouns(nouns)


# ---- unknown nouns --------------------------------------------------------------------------------


def _unexplained(text: str, words: Sequence[Token], taken: Sequence[Place]) -> Noun | None:
    """The longest run of words that nothing explains, the last of equally long ones."""
    best: Sequence[Token] = ()
    for run in _runs(text, words, taken):
        if len(run) >= len(best):
            best = run
    if not best:
        return None
    start, end = best[0].start, best[-1].end
    return Noun(" ".join(text[start:end].lower().split()), start, end, False)


def _runs(text: str, words: Sequence[Token], taken: Sequence[Place]) -> Iterator[Sequence[Token]]:
    run: list[Token] = []
    for word in words:
        is_next = bool(run) and not text[run[-1].end : word.start].strip()
        if run and (not is_next or not _is_open(word, taken)):
            yield run[-_LONGEST_UNKNOWN:]
            run = []
        if _is_open(word, taken):
            run.append(word)
    if run:
        yield run[-_LONGEST_UNKNOWN:]


def _is_open(word: Token, taken: Sequence[Place]) -> bool:
    """Whether a word may be part of an unknown noun."""
    if len(word.key) < 2 or word.key[0].isdigit() or is_asking(word.key):
        return False
    return not any(start < word.end and word.start < end for start, end in taken)
