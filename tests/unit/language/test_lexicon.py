"""The lexicon: every form it says it understands, in any script; agreement; finding; glosses."""

from __future__ import annotations

import numpy as np
import pytest

from muse_core.language import lexicon
from muse_core.types import LANGUAGES


@pytest.mark.parametrize(
    ("slot", "surface", "expected"),
    [
        ("colour", "काली", "black"),
        ("colour", "Laal", "red"),
        ("colour", "lal", "red"),
        ("colour", "safaid", "white"),
        ("colour", "nila", "blue"),
        ("colour", "NAVY", "navy blue"),
        ("colour", "navy-blue", "navy blue"),
        ("product_type", "T shirts", "t-shirt"),
        ("product_type", "tee", "t-shirt"),
        ("product_type", "साड़ियाँ", "saree"),
        ("product_type", "साडी", "saree"),
        ("product_type", "sari", "saree"),
        ("product_type", "Watches", "watch"),
        ("product_type", "जूतों", "shoes"),
        ("product_type", "joota", "shoes"),
        ("product_type", "scarves", "scarf"),
        ("gender", "Men's", "men"),
        ("gender", "महिलाओं", "women"),
        ("material", "jute", "jute"),
        ("occasion", "shaadi", "wedding"),
        ("size", "medium", "M"),
        ("size", "xl", "XL"),
        ("size", "UK 8", "8"),
        ("size", "08", "8"),
        ("category", "किताबें", "books"),
        ("colour", "quickly", None),
        ("colour", "", None),
        ("size", "1499", None),
    ],
)
def test_canonical_in_any_spelling(slot: str, surface: str, expected: str | None) -> None:
    assert lexicon.canonical(slot, surface) == expected


@pytest.mark.parametrize("slot", lexicon.slots())
def test_what_is_said_is_understood(slot: str) -> None:
    for value in lexicon.values(slot):
        for language in LANGUAGES:
            for noun in (None, "shirt", "shoes"):
                for form in lexicon.surfaces(slot, value, language, noun):
                    assert lexicon.canonical(slot, form) == value, (value, form)


def test_hindi_forms_are_devanagari_and_english_forms_are_not() -> None:
    for slot in lexicon.slots():
        for value in lexicon.values(slot):
            assert all(not form.isascii() for form in lexicon.surfaces(slot, value, "hi"))
            assert all(form.isascii() for form in lexicon.surfaces(slot, value, "en"))


def test_colours_agree_with_their_noun() -> None:
    assert lexicon.surfaces("colour", "black", "hi", noun="shirt")[0] == "काली"
    assert lexicon.surfaces("colour", "black", "hi", noun="kurta")[0] == "काला"
    assert lexicon.surfaces("colour", "black", "hi", noun="shoes")[0] == "काले"


def test_unknown_value_is_said_as_it_is() -> None:
    rng = np.random.default_rng(0)
    assert lexicon.surface("colour", "ultraviolet", "hi", rng) == "ultraviolet"
    assert lexicon.surfaces("colour", "ultraviolet", "en") == ("ultraviolet",)


def test_mixed_uses_all_three_spellings() -> None:
    rng = np.random.default_rng(0)
    said = {lexicon.surface("colour", "black", "mixed", rng, noun="kurta") for _ in range(100)}
    assert {"black", "kaala", "काला"} <= said


def test_find_takes_the_longest_match_and_its_offsets() -> None:
    text = "mujhe navy blue shirt और काली साड़ी chahiye"
    assert [(value, text[start:end]) for value, start, end in lexicon.find("colour", text)] == [
        ("navy blue", "navy blue"),
        ("black", "काली"),
    ]
    assert [value for value, _, _ in lexicon.find("product_type", text)] == ["shirt", "saree"]


def test_a_stray_letter_does_not_complete_a_word() -> None:
    assert lexicon.find("material", "buy my son a toy") == []
    assert [value for value, _, _ in lexicon.find("product_type", "a t shirt")] == ["t-shirt"]


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("I'm looking for a size m shirt", ["M"]),
        ("it's mine", []),
        ("shirt in L", ["L"]),
        ("UK 8 shoes", ["8"]),
        ("size 32 jeans under 500", ["32"]),
        ("shirt under 500", []),
    ],
)
def test_find_sizes(text: str, sizes: list[str]) -> None:
    assert [value for value, _, _ in lexicon.find("size", text)] == sizes


def test_gloss_both_ways_reports_unknown_words() -> None:
    assert lexicon.gloss("black cotton shirt", "hi") == ("काली सूती शर्ट", ())
    assert lexicon.gloss("लाल साड़ी", "en") == ("red saree", ())
    assert lexicon.gloss("kaale joote", "en") == ("black shoes", ())
    assert lexicon.gloss("red zorp, 2 shirts", "hi") == ("लाल zorp, 2 शर्ट", ("zorp",))
