"""Made words: known again, and written in Devanagari in one way."""

from __future__ import annotations

import numpy as np

from muse_core.language import lexicon, shop_nouns
from muse_core.language.made_words import made_name, made_word, spelled


def test_a_made_word_is_known_again_and_written_in_devanagari() -> None:
    rng = np.random.default_rng(3)
    words = {made_word(rng) for _ in range(500)}
    assert len(words) > 450
    spellings = {spelled(word) for word in words}
    assert len(spellings) == len(words)
    assert all("\u0900" <= letter <= "\u097f" for spelling in spellings for letter in spelling or "x")
    assert spelled("fumilk") == "\u092b\u093c\u0941\u092e\u093f\u0932\u094d\u0915"


def test_no_real_word_is_taken_for_a_made_one() -> None:
    real = {word for nouns in shop_nouns.by_kind().values() for noun in nouns for word in noun.split()}
    assert not [
        word for word in (*real, *lexicon.english_words(), "milk", "silk", "volk", "self") if spelled(word)
    ]


def test_a_made_noun_is_said_in_its_speakers_script() -> None:
    assert lexicon.surfaces("product_type", "fumilk", "en") == ("fumilk",)
    assert lexicon.surfaces("product_type", "fumilk", "hi") == (spelled("fumilk"),)
    assert lexicon.surfaces("product_type", "loveseat", "hi") == ("loveseat",)


def test_names_are_ever_different() -> None:
    rng = np.random.default_rng(3)
    assert len({made_name(rng) for _ in range(300)}) > 280
