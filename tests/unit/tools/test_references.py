"""References become words; what cannot be filled in is a fault."""

from __future__ import annotations

import pytest

from muse_core.tools.references import items_of, lexicalise, references_in
from muse_core.types import LANGUAGES, Language

VALUE = {
    "items": [
        {
            "id": "p1",
            "title": "Tarang Shirt",
            "price": 1499,
            "rating": 4.0,
            "brand": "Tarang",
            "colour": "black",
        },
        {"id": "p2", "title": "Nilgiri Shirt", "rating": 4.5},
    ],
    "total": 2,
}


def test_items_are_filled_in() -> None:
    text, faults = lexicalise("[1] by [1:brand] at [1:price]; [2] has [2:rating] stars", VALUE, "en")
    assert (text, faults) == ("Tarang Shirt by Tarang at ₹1,499; Nilgiri Shirt has 4.5 stars", 0)


@pytest.mark.parametrize("reference", ["[3]", "[0]", "[1:warranty]", "[2:brand]", "[2:colour]"])
def test_faults_are_counted_and_left_standing(reference: str) -> None:
    assert lexicalise(f"see {reference}.", VALUE, "en") == (f"see {reference}.", 1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_unknown_price_is_said_in_the_language(language: Language) -> None:
    text, faults = lexicalise("[2:price]", VALUE, language)
    assert faults == 0 and "[" not in text


def test_colour_is_said_in_hindi() -> None:
    assert lexicalise("[1:colour]", VALUE, "hi") == ("काला", 0)


def test_translation_and_bare_items() -> None:
    assert lexicalise("इसे [1] कहते हैं", {"text": "लाल साड़ी", "source": "red saree", "target": "hi"}, "hi") == (
        "इसे लाल साड़ी कहते हैं",
        0,
    )
    assert lexicalise("[1:price]", {"text": "लाल", "source": "red", "target": "hi"}, "hi") == ("[1:price]", 1)
    assert lexicalise("[2]", items_of(VALUE), "en") == ("Nilgiri Shirt", 0)
    assert lexicalise("[1]", None, "en") == ("[1]", 1)


def test_references_in_order_and_no_second_expansion() -> None:
    assert references_in("[2:price] and [1]") == [(2, "price"), (1, "title")]
    tricky = {"items": [{"id": "p1", "title": "Set [2] of cups"}]}
    assert lexicalise("[1]", tricky, "en") == ("Set [2] of cups", 0)
