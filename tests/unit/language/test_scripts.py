"""Language detection by DECISIONS."""

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
