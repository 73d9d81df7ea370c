"""Language detection (docs/decisions.md#language-of-a-text)."""

from __future__ import annotations

import pytest

from muse_core.language.scripts import detect_language, share_devanagari


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("show me red shirts under 2000", "en"),
        ("thanks", "en"),
        ("", "en"),
        ("iPhone charger, please", "en"),
        ("is this one in cotton too?", "en"),
        ("मुझे लाल शर्ट चाहिए", "hi"),
        ("मुझे Nike के जूते चाहिए", "hi"),
        ("XL में काली शर्ट", "hi"),
        ("ये देखिए: [1] सिर्फ [1:price] में।", "hi"),
        ("नमस्ते", "hi"),
        ("mujhe laal shirt dikhao", "mixed"),
        ("koi accha sa bag batao", "mixed"),
        ("show me a laal dress", "mixed"),
        ("kaala bag", "mixed"),
        ("मुझे casual shirts चाहिए under 2000", "mixed"),
        ("मुझे Black Dress दिखाओ", "mixed"),
        ("please ये वाला compare कर दो", "mixed"),
    ],
)
def test_detect_language(text: str, language: str) -> None:
    assert detect_language(text) == language


def test_share_of_devanagari_letters() -> None:
    assert share_devanagari("काली shirt") == pytest.approx(4 / 9)
    assert share_devanagari("123 ₹") == 0.0


@pytest.mark.parametrize("word", ["Welcome!", "Done,", "Filter", "Anytime!", "Superb!", "Photo", "Okay,"])
def test_an_english_word_at_the_start_is_no_name(word: str) -> None:
    assert detect_language(f"{word} ये देखिए") == "mixed"
    assert detect_language(f"ये देखिए। {word} ये लीजिए") == "mixed"


@pytest.mark.parametrize("name", ["Nike", "XL", "boAt", "Puma"])
def test_a_name_at_the_start_leaves_hindi_hindi(name: str) -> None:
    assert detect_language(f"{name} में काली शर्ट") == "hi"


@pytest.mark.parametrize(
    "text",
    [
        "Photo mil jaye to main dhund du, bhejo na.",
        "pehenkar dekhunga phir bataunga",
        "kab tak milega",
        "bhejne ki zaroorat nahi",
        "sahi hai",
    ],
)
def test_roman_hindi_verbs_are_seen(text: str) -> None:
    assert detect_language(text) == "mixed"


@pytest.mark.parametrize("text", ["a banana shake for Leo", "the aroma of Jaipur", "open the door, Leo"])
def test_english_that_looks_like_a_hindi_verb(text: str) -> None:
    assert detect_language(text) == "en"
