"""Keys: spellings of one word share a key; words that differ do not."""

from __future__ import annotations

import pytest

from muse_core.language.matching import form_key, roman_key, singulars, tokens, word_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("T-shirt", "t shirt"),
        ("हज़ार", "हजार"),
        ("पाँच", "पांच"),
        ("साड़ी", "साड\u093cी"),
        ("Men's", "men"),
        ("जॉर्जेट", "जार्जेट"),
    ],
)
def test_spellings_share_a_key(one: str, other: str) -> None:
    assert form_key(one) == form_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("laal", "lal"), ("neela", "nila"), ("safed", "safaid"), ("tawa", "tava")]
)
def test_roman_spellings_share_a_loose_key(one: str, other: str) -> None:
    assert roman_key(one) == roman_key(other)


def test_different_words_differ() -> None:
    assert len({roman_key(word) for word in ("laal", "neela", "peela", "hara", "kaala")}) == 5
    assert word_key("हरा") != word_key("हार")


def test_tokens_have_offsets_and_drop_punctuation() -> None:
    text = "काली शर्ट, (size-M)!"
    assert [text[token.start : token.end] for token in tokens(text)] == ["काली", "शर्ट", "size", "M"]


def test_singulars() -> None:
    assert "saree" in singulars("sarees")
    assert "accessory" in singulars("accessories")
    assert "dress" not in singulars("dress") and list(singulars("dress")) == []
    assert "साड़ी".replace("\u093c", "") in singulars(word_key("साड़ियाँ"))
