"""The product that a text names: a noun that the shop, the lexicon or the table of nouns knows, else words
that nothing explains.

    noun_in("loveseat sofa under 20k", …) -> "loveseat sofa"     "लाल कुर्ता" -> "kurta"
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Protocol

from muse_core.catalog.nouns import may_begin_noun, noun_of_table
from muse_core.language import lexicon, shop_nouns
from muse_core.language.lexicon_entries import lookup, meaning
from muse_core.language.matching import Token, form_key, roman_key, singulars, tokens, word_key
from muse_core.language.phrases import Beginnings, Phrases, loose_starts
from muse_core.language.sounds import consonants, english_sound, latin_of, skeleton
from muse_core.language.word_lists import read_words
from muse_core.reading.known_words import is_asking
from muse_core.reading.noun_heads import heads
from muse_core.reading.unknown_nouns import Noun, Place, is_open, unexplained

_LONGEST = 4  # words of a known noun
_MIN_SOUND = 4  # letters of a noun that is told by its sound
_OTHER_SLOTS = frozenset(("colour", "material", "occasion", "gender", "product_type", lexicon.WORDS))
_REMEMBERED = 65536  # words that are asked for, in all shops


def nouns_in(text: str, nouns: Sequence[str], taken: Sequence[Place]) -> list[Noun]:
    """The products that a text names, in its order: the known ones, else one run of unexplained words.
    `taken`: places of brands, colours, prices and other values, which are no part of an unknown noun."""
    words, own = tokens(text), _shop_names(tuple(nouns))
    idioms = _idioms(words)
    found = [noun for noun in _named(text, words, own) if not _is_other(noun, words, idioms)]
    if len(found) > 1:
        found = [noun for noun in found if not _is_in(noun, taken)] or found
        found = [noun for noun in found if not is_asking(form_key(noun.value))] or found
    found = [one for one in found if own.sells(text[one.start : one.end]) or not _is_in(one, taken)]
    if not found:
        found = [noun for noun in _named(text, words, _TABLE) if not _is_in(noun, (*taken, *idioms))]
    if found:
        return heads(text, words, _joined(text, found), lambda word: is_open(word, (*taken, *idioms)))
    unknown = unexplained(text, words, (*taken, *idioms))
    return [unknown] if unknown is not None else []


def _is_other(noun: Noun, words: Sequence[Token], idioms: Sequence[Place]) -> bool:
    """The top of "top rated", the suit of "would suit": by the word behind or before it no product."""
    if _is_in(noun, idioms):
        return True
    followers, leaders = _beside(noun.value, "no_product"), _beside(noun.value, "no_product_behind")
    if followers and next((word.key for word in words if word.start >= noun.end), "") in followers:
        return True
    return (
        bool(leaders)
        and next((word.key for word in reversed(words) if word.end <= noun.start), "") in leaders
    )


def _idioms(words: Sequence[Token]) -> list[Place]:
    """Where words stand that name nothing together: "bag a deal", "watch out"."""
    keys = [word.key for word in words]
    phrases = _idiom_phrases()
    if not phrases.may_be_in(keys):
        return []
    found = [(at, told[0]) for at in range(len(keys)) if (told := phrases.at(keys, at)) is not None]
    return [(words[at].start, words[at + length - 1].end) for at, length in found]


@cache
def _idiom_phrases() -> Phrases[bool]:
    rows = (
        tuple(token.key for token in tokens(one)) for one in read_words("request_words")["idioms"]["words"]
    )
    return Phrases((row, True) for row in sorted(rows, key=len, reverse=True))


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


class _Names(Protocol):
    """Nouns by what is said and its key. `may_go_on`: whether these words, or more, may be one; `in_hindi`:
    there is Devanagari among them."""

    def named(self, said: str, key: str) -> str | None: ...

    def may_go_on(self, said: str, key: str, in_hindi: bool) -> bool: ...


def _named(text: str, words: Sequence[Token], names: _Names) -> Iterator[Noun]:
    """The nouns that `names` knows, the longest at each place."""
    at = 0
    while at < len(words):
        length, noun = _noun_at(text, words[at : at + _LONGEST], names)
        if noun is not None:
            yield Noun(noun, words[at].start, words[at + length - 1].end, True)
        at += length


def _noun_at(text: str, words: Sequence[Token], names: _Names) -> tuple[int, str | None]:
    """(words taken, noun) at one place, the longest first."""
    start, key = words[0].start, ""
    in_hindi = not text.isascii() and not all(word.key.isascii() for word in words)
    runs: list[tuple[str, str]] = []
    for word in words:
        key += word.key
        said = text[start : word.end]
        if not names.may_go_on(said, key, in_hindi):
            break  # nor is it a noun itself
        runs.append((said, key))
    for length in range(len(runs), 0, -1):
        found = names.named(*runs[length - 1])
        if found is not None:
            return length, found
    return 1, None


@lru_cache(maxsize=_REMEMBERED)
def _may_go_on(said: str, key: str) -> bool:
    """Whether a noun of the lexicon, of the table or of other shops may begin so."""
    return meaning(key).goes_on or may_begin_noun(said) or shop_nouns.beginnings().may_go_on(key)


class _ShopNames:
    """Nouns of the shop and of the lexicon, and of titles those of several words."""

    def __init__(self, nouns: Sequence[str]) -> None:
        self._shop = _ShopNouns(nouns)

    def sells(self, said: str) -> str | None:
        """A noun of the shop or the lexicon."""
        return self._sold(said, form_key(said))

    def _sold(self, said: str, key: str) -> str | None:
        return self._shop.named(said, key) or lookup("product_type", key)

    def named(self, said: str, key: str) -> str | None:
        found = self._sold(said, key)
        return found or (noun_of_table(said) or shop_nouns.of_key(key) if " " in said else None)

    def may_go_on(self, said: str, key: str, in_hindi: bool) -> bool:
        return _may_go_on(said, key) or self._shop.may_go_on(key, in_hindi)


class _TableNames:
    """Nouns of titles, but for words that are said of everything."""

    @staticmethod
    @lru_cache(maxsize=_REMEMBERED)
    def named(said: str, key: str) -> str | None:
        found = noun_of_table(said) or lookup("product_type", key) or shop_nouns.of_key(key)
        return None if is_asking(key) else found

    @staticmethod
    def may_go_on(said: str, key: str, in_hindi: bool) -> bool:
        return _may_go_on(said, key)


_TABLE = _TableNames()


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
        self._keys = Beginnings(self.by_key)
        self._sounds = Beginnings((*self.by_sound, *self.by_consonants), has_plurals=False)

    def may_go_on(self, key: str, in_hindi: bool) -> bool:
        """Whether a noun may begin so; one that Hindi spells is told by its sound, to which Latin letters add
        nothing."""
        if self._keys.may_go_on(key):
            return True
        if not in_hindi:
            return False
        return any(map(self._sounds.may_go_on, _sounds_begun(key)))

    def named(self, said: str, key: str) -> str | None:
        """The noun that these words are, in the singular or the plural, in either script."""
        for one in (key, *singulars(key)) if self._keys.may_go_on(key) else ():
            if one in self.by_key:
                return self.by_key[one]
        if key.isascii():
            return None
        sound, bare = _sound_of(key)
        spelt = self.by_sound.get(sound) or self.by_consonants.get(bare)
        if spelt is None or lexicon.slots_of(key) & _OTHER_SLOTS:
            return None
        return None if any(is_asking(word.key) for word in tokens(said)) else spelt


@lru_cache(maxsize=_REMEMBERED)
def _sounds_begun(key: str) -> tuple[str, ...]:
    """How the sound, or the consonants, of a longer word may begin that begins with a key."""
    sounds = loose_starts(latin_of(key))
    return (*sounds, *map(consonants, sounds))


@lru_cache(maxsize=_REMEMBERED)
def _sound_of(key: str) -> tuple[str, str]:
    """The sound of a key in Devanagari, and its consonants."""
    sound = roman_key(latin_of(key))
    return sound, skeleton(sound)


@lru_cache(maxsize=1024)
def _shop_names(nouns: tuple[str, ...]) -> _ShopNames:
    return _ShopNames(nouns)


@lru_cache(maxsize=1024)
def _beside(noun: str, side: str) -> frozenset[str]:
    """The words behind (`no_product`) or before a noun that make it none."""
    return frozenset(map(word_key, read_words("request_words")[side].get(noun, "").split()))
