"""What is found by how it begins is what a plain scan over every run of words and every phrase finds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest

from muse_core.catalog.nouns import known_noun
from muse_core.catalog.other_shops import other_shop
from muse_core.language import lexicon, shop_nouns, size_words
from muse_core.language.facet_forms import joined
from muse_core.language.facet_index import facet_index
from muse_core.language.facet_values import FacetText, T
from muse_core.language.lexicon_entries import WORDS, all_slots
from muse_core.language.matching import form_key, plurals, roman_key, singulars, tokens
from muse_core.language.numerals import _NumberReader, read_number
from muse_core.language.phrases import Phrases, loose_starts
from muse_core.reading.product_nouns import _TABLE, _named, _Names, _shop_names
from muse_core.reading.shop_words import words_of

SEEDS = range(6)
TEXTS = 40  # of each seed

Span = tuple[str, int, int]


# ---- texts ----------------------------------------------------------------------------------------


@cache
def forms() -> list[str]:
    """What the lexicon, the nouns of other shops and the lists of words know, in every script."""
    found = [form for slot in all_slots() for form in lexicon.forms(slot)]
    for noun, entry in shop_nouns._all().items():
        found += [noun, *(form for group in (*entry.hi, *entry.roman) for form in group)]
    return found


def some_texts(seed: int, more: tuple[str, ...] = ()) -> Iterator[str]:
    """Texts of known forms and of others, cut, glued, misspelt and in the plural."""
    rng = np.random.default_rng(seed)
    known = forms()
    plain = [
        "i",
        "want",
        "a",
        "s",
        "8",
        "size",
        "number",
        "7.5",
        "under",
        "2000",
        "ke",
        "alawa",
        "the",
        "of",
        "t",
    ]
    plain += [
        "shirts",
        "शर्ट",
        "का",
        "दो",
        "हज़ार",
        "dedh",
        "hazaar",
        "xl",
        "don't",
        "men's",
        "n",
        "zz",
        "32",
        "gb",
    ]
    for _ in range(TEXTS):
        words = []
        for _ in range(int(rng.integers(1, 9))):
            one = more if more and rng.random() < 0.4 else known if rng.random() < 0.6 else plain
            words.append(_changed(one[int(rng.random() * len(one))], rng))
        yield str(rng.choice([" ", " ", " ", "-", ", "])).join(words)


def _changed(word: str, rng: np.random.Generator) -> str:
    how, at = int(rng.integers(10)), int(rng.integers(len(word) + 1))
    ending = str(rng.choice(["s", "es", "ें", "ों", "ियाँ", "े", "'s"]))
    changes = {0: word[:at] + " " + word[at:], 1: word + ending, 2: word.replace(" ", ""), 3: word.upper()}
    changes |= {4: word[:at] + word[at : at + 1] + word[at:], 5: word.replace("aa", "a").replace("ee", "i")}
    return changes.get(how, word)


# ---- the lexicon ----------------------------------------------------------------------------------


def plain_lookup(slot: str, key: str) -> str | None:
    """A key in one slot alone, as it is, as a plural, loosely."""
    table = all_slots()[slot]
    hindi = {one for name, other in all_slots().items() if name != WORDS for one in other.exact}
    is_hindi = not key.isascii() and key in hindi  # a word of its own is no other's plural
    for one in (key, *(() if is_hindi else singulars(key))):
        if key and one in table.exact:
            return table.exact[one]
    is_own = any(key in other.exact for other in all_slots().values())
    return table.loose.get(roman_key(key)) if key.isascii() and len(key) >= 4 and not is_own else None


def plain_find(slot: str, text: str) -> Iterator[Span]:
    """Every run of words at every place, the longest first."""
    words, at = tokens(text), 0
    while at < len(words):
        for length in range(min(all_slots()[slot].longest, len(words) - at), 0, -1):
            run = words[at : at + length]
            has_letter = any(len(word.key) == 1 and word.key.isalpha() for word in run[1:])
            value = None if has_letter else plain_lookup(slot, "".join(word.key for word in run))
            end = run[-1].end
            if slot == "size" and length == 1 and value is None:
                value, end = plain_size(text, at)
            if slot == "size" and value is not None and not size_words.is_size(value, words, at, length):
                value = None
            if value is not None and (slot != "size" or length > 1 or is_size(text, at)):
                yield value, run[0].start, end
                at += length - 1
                break
        at += 1


def plain_size(text: str, at: int) -> tuple[str | None, int]:
    """A bare number beside a word of sizes, and where it ends."""
    word = tokens(text)[at]
    if not word.key.isdigit() or len(word.key) > 3 or not is_beside_size(text, at):
        return None, word.end
    half = re.match(r"\.\d(?!\d)", text[word.end :])
    return str(int(word.key)) + (half[0] if half else ""), word.end + (2 if half else 0)


def is_beside_size(text: str, at: int) -> bool:
    words = tokens(text)
    around = [words[place].key for place in (at - 1, at + 1) if 0 <= place < len(words)]
    return any(size_words.is_cue(key, words) for key in around)


def is_size(text: str, at: int) -> bool:
    word = tokens(text)[at]
    if word.end - word.start > 1 or not word.key.isascii():
        return True
    is_after_mark = word.start > 0 and text[word.start - 1] in "'\u2019"
    return not is_after_mark and (text[word.start].isupper() or is_beside_size(text, at))


@pytest.mark.parametrize("seed", SEEDS)
def test_values_of_the_lexicon_are_those_of_a_plain_scan(seed: int) -> None:
    for text in some_texts(seed):
        for slot in all_slots():
            assert lexicon.find(slot, text) == list(plain_find(slot, text)), (slot, text)


def test_a_form_is_known_in_the_slots_that_have_it() -> None:
    for form in forms():
        known = {slot for slot in all_slots() if lexicon.canonical(slot, form) is not None}
        assert lexicon.slots_of(form) == known, form


def test_a_plural_leads_back_to_its_singulars() -> None:
    for key in {word.key for text in some_texts(3) for word in tokens(text)}:
        assert all(key in plurals(one) for one in singulars(key)), key


def test_a_loose_key_begins_as_those_of_its_first_letters_may() -> None:
    rng = np.random.default_rng(11)
    for _ in range(20_000):
        word = "".join(rng.choice(list("aaeeiioouupphhscckxzqwtb"), int(rng.integers(2, 9))))
        cut = int(rng.integers(1, len(word)))
        assert any(roman_key(word).startswith(start) for start in loose_starts(word[:cut])), (word, cut)


# ---- nouns and facets -----------------------------------------------------------------------------


def plain_nouns(text: str, names: _Names) -> Iterator[Span]:
    """Every run of up to four words at every place, the longest first."""
    words, at = tokens(text), 0
    while at < len(words):
        length = 1
        for length in range(min(4, len(words) - at), 0, -1):
            start, end = words[at].start, words[at + length - 1].end
            noun = names.named(text[start:end], form_key(text[start:end]))
            if noun is not None:
                yield noun, start, end
                break
        at += length


@pytest.mark.parametrize("seed", SEEDS)
def test_nouns_are_those_of_a_plain_scan(seed: int) -> None:
    shop = words_of(other_shop(5, seed, "train"))
    for text in some_texts(seed, shop.nouns):
        for names in (_shop_names(shop.nouns), _TABLE):
            found = [(noun.value, noun.start, noun.end) for noun in _named(text, tokens(text), names)]
            assert found == list(plain_nouns(text, names)), text


def test_every_noun_of_the_table_is_found_in_a_text() -> None:
    for form in forms():
        if known_noun(form) and len(tokens(form)) <= 4:
            found = list(_named(f"show {form} now", tokens(f"show {form} now"), _shop_names(())))
            assert list(plain_nouns(f"show {form} now", _shop_names(()))) == [
                (one.value, one.start, one.end) for one in found
            ]


class PlainFacetText(FacetText):
    """Looks every run of words up in every table."""

    def _reach(self, at: int) -> int:
        return min(self.index.longest, len(self.words) - at)

    def _look_up(self, table: dict[str, set[T]], at: int, last: int) -> set[T]:
        written = joined(self.words[at:last])
        said = (written, "".join(self.heard[at:last]), self.index.spelt(written))
        return next((table[key] for key in said if key in table), set())


@pytest.mark.parametrize("seed", SEEDS)
def test_facets_are_those_of_a_plain_scan(seed: int) -> None:
    facets = other_shop(5, seed, "train").facets
    said = [facet.name.replace("_", " ") for facet in facets]
    said += [value for facet in facets for value in facet.values]
    index = facet_index(facets)
    found = 0
    for text in some_texts(seed, tuple(said)):
        fast, plain = FacetText(text, index), PlainFacetText(text, index)
        assert (fast.names, fast.values()) == (plain.names, plain.values()), text
        found += len(plain.names) + len(plain.values())
    assert found > 10


# ---- phrases and numbers --------------------------------------------------------------------------


def test_phrases_are_those_of_a_plain_scan() -> None:
    rng = np.random.default_rng(7)
    letters = ["a", "b", "c"]
    for _ in range(400):
        rows = [
            (tuple(map(str, rng.choice(letters, int(rng.integers(1, 4))))), at)
            for at in range(int(rng.integers(1, 9)))
        ]
        keys = list(map(str, rng.choice(letters, int(rng.integers(0, 6)))))
        table = Phrases(rows)
        for at in range(-1, len(keys) + 2):
            behind = [
                (len(one), told) for one, told in rows if at >= 0 and tuple(keys[at : at + len(one)]) == one
            ]
            ahead = [
                (len(one), told)
                for one, told in rows
                if at >= len(one) and tuple(keys[at - len(one) : at]) == one and at <= len(keys)
            ]
            assert table.at(keys, at) == (behind[0] if behind else None)
            assert table.before(keys, at) == (ahead[0] if ahead else None)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_number_begins_only_where_the_reader_finds_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    said = [
        "5",
        "1,500",
        "१४",
        "so",
        "k",
        "hazaar",
        "हज़ार",
        "dedh",
        "sava",
        "aadha",
        "twenty",
        "five",
        "सौ",
        "shirt",
        "",
    ]
    for _ in range(300):
        words = list(map(str, rng.choice(said, 5)))
        for at in range(5):
            assert read_number(words, at) == _NumberReader(words, at).read(), (words, at)
