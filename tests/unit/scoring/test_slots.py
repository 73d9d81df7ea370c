"""The detector of what a reply asks for, on hand-written replies."""

from __future__ import annotations

import pytest

from muse_core.scoring.declines import declines
from muse_core.scoring.slots import asked_slot, is_asked, is_question
from muse_core.types import Facet


@pytest.mark.parametrize(
    ("reply", "language", "slot"),
    [
        ("What is your budget?", "en", "max_price"),
        ("Which size do you wear?", "en", "size"),
        ("Sure! Any colour in mind?", "en", "colour"),
        ("What are you looking for?", "en", "product_type"),
        ("Which items should I compare?", "en", "items"),
        ("आपका बजट कितना है?", "hi", "max_price"),
        ("कौन सा रंग चाहिए?", "hi", "colour"),
        ("कौन सा साइज़ पहनते हैं आप", "hi", "size"),
        ("आपको क्या चाहिए?", "hi", "product_type"),
        ("Budget kitna hai aapka", "mixed", "max_price"),
        ("kaunsa rang chahiye?", "mixed", "colour"),
        ("Kis occasion ke liye?", "mixed", "occasion"),
        ("Try this blue shirt in your size.", "en", None),
        ("Namaste! Kaise madad karun?", "mixed", None),
        ("", "en", None),
    ],
)
def test_asked_slot(reply: str, language: str, slot: str | None) -> None:
    assert asked_slot(reply, language) == slot  # type: ignore[arg-type]


def test_query_and_product_type_are_one_slot() -> None:
    assert is_asked("product_type", "query") and is_asked("max_price", "budget")
    assert not is_asked(None, "size") and not is_asked("size", None) and not is_asked("size", "colour")


def test_is_question() -> None:
    assert is_question("Okay. Which one?") and is_question("rang bataiye")
    assert not is_question("Here you go.")


@pytest.mark.parametrize(
    "reply",
    [
        "Sorry, I can only help with shopping.",
        "माफ़ कीजिए, यह मैं नहीं बता सकती।",
        "Maaf kijiye, main sirf shopping mein madad kar sakta hoon",
    ],
)
def test_declines(reply: str) -> None:
    assert declines(reply)


@pytest.mark.parametrize("reply", ["Here are two shirts.", "आपका स्वागत है", "Aapka budget kitna hai?"])
def test_does_not_decline(reply: str) -> None:
    assert not declines(reply)


def test_a_facet_is_asked_for_by_its_name() -> None:
    facets = (Facet("screen_size", "number", "inch"), Facet("memory", "number", "gb"))
    assert asked_slot("Which screen size do you want?", "en", facets) == "screen_size"
    assert asked_slot("memory kitni chahiye?", "mixed", facets) == "memory"
    assert asked_slot("Which size do you wear?", "en", facets) == "size"
    assert asked_slot("[1] has the memory.", "en", facets) is None
