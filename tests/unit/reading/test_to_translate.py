"""Which words of a request may be the ones to be translated."""

from __future__ import annotations

import pytest

from muse_core.generation.read_values import read_values
from muse_core.reading.shop_words import ShopWords
from muse_core.reading.to_translate import to_translate
from muse_core.types import Message


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("पता नहीं आप ये करते हैं या नहीं पर अंग्रेजी में पीली प्लास्टिक कुर्सी कैसे बोलते हैं?", "पीली प्लास्टिक कुर्सी"),
        ("mixer grinder ko hindi me kya kehte hain", "mixer grinder"),
        ("rumal ki English kya h?", "rumal"),
        ("what does chikankari mean", "chikankari"),
        ("कंबल को अंग्रेज़ी में कैसे लिखते हैं", "कंबल"),
        ("Sofa Cum Bed in Hindi", "sofa cum bed"),
    ],
)
def test_one_name_is_all_that_can_be_meant(said: str, expected: str) -> None:
    assert to_translate(said) == (expected,)


def test_what_lies_between_two_names_is_a_candidate_too() -> None:
    assert {"cotton kurta", "tassels", "cotton kurta with tassels"} <= set(
        to_translate("cotton kurta with tassels, in hindi?")
    )


def test_far_names_are_not_joined_nor_over_a_comma() -> None:
    found = to_translate("office ke kaam ke liye translate karo chhata english me, sofa")
    assert {"office", "chhata", "sofa"} <= set(found)
    assert not any("office" in one and "chhata" in one for one in found)
    assert not any("chhata" in one and "sofa" in one for one in found)


def test_a_word_that_asks_beside_a_name_may_belong_to_it() -> None:
    assert "return policy" in to_translate("what is return policy called in hindi")


@pytest.mark.parametrize("said", ["how do i say thank you in hindi", "", "?!", "hindi me"])
def test_where_every_word_asks_there_is_none_and_any_may_be_meant(said: str) -> None:
    assert to_translate(said) == ()
    assert read_values([Message("user", said)], ShopWords((), (), ())).to_translate == ()


def test_a_long_text_has_no_candidate_of_more_than_eight_words() -> None:
    assert all(len(one.split()) <= 8 for one in to_translate("zorbix blarg " * 300))
