"""What stands in the prompt of a request: the arguments that the rules read in it."""

from __future__ import annotations

import pytest

from muse_core.reading.reader import read
from muse_core.reading.shop_words import ShopWords
from muse_core.types import Facet

SHOP = ShopWords(
    ("boAt", "Samsung", "Aravali"),
    (
        Facet("memory", "number", "gb", ("4 gb", "8 gb", "16 gb")),
        Facet("fit", "choice", "", ("slim", "regular")),
        Facet("waterproof", "yes_no"),
    ),
    ("shirt", "phone", "stapler", "loveseat", "comic"),
)

READINGS = {
    "cotton ke alawa koi shirt 2000 tak": {"query": "shirt", "not_material": "cotton", "max_price": 2000},
    "any hammocks below 900": {"query": "hammock", "max_price": 900},
    "loveseats under 20k": {"query": "loveseat", "max_price": 20000},
    "phone with at least 8 gb memory, no samsung": {
        "query": "phone",
        "min_memory": 8,
        "not_brand": "Samsung",
    },
    "स्टेपलर दिखाओ": {"query": "stapler"},
    "red or maroon shirts, slim fit": {"query": "shirt", "colour": ["red", "maroon"], "fit": "slim"},
    "दो हज़ार से कम की नीली शर्ट": {"query": "shirt", "colour": "blue", "max_price": 2000},
    "formal shirts chahiye": {"query": "formal shirt"},
    "something like the second but cheaper": {"like": 2, "than": "cheaper"},
    "compare 1 and 3": {"items": [1, 3]},
    "lose everything above 800": {"max_price": 800},
    "500 se kam wale hata do": {"min_price": 500},
    'how do you say "red shirt" in hindi': {"query": "shirt", "colour": "red", "text": "red shirt"},
    "like this [image:att1] in blue": {"colour": "blue", "like": "shown", "image": "att1"},
}


@pytest.mark.parametrize("text", READINGS)
def test_a_text_is_read_as_the_arguments_of_a_call(text: str) -> None:
    assert dict(read(text, SHOP)) == READINGS[text]


@pytest.mark.parametrize(
    ("text", "noun"),
    [("any gribbets below 900", "gribbets"), ("zorbulator chahiye laal rang ka", "zorbulator")],
)
def test_a_noun_that_nobody_knows_is_told_apart(text: str, noun: str) -> None:
    found = read(text, SHOP)
    assert noun in (found.get("words"), found.get("query"))
    assert noun not in str({name: one for name, one in found.items() if name not in ("words", "query")})


def test_an_unknown_noun_has_no_word_that_is_something_else() -> None:
    assert read("quibblers in red under 500 please", SHOP) == {
        "words": "quibblers",
        "colour": "red",
        "max_price": 500,
    }


@pytest.mark.parametrize("text", ["", "   ", "?!", "hello", "ok thanks"])
def test_what_names_nothing_has_no_limits(text: str) -> None:
    assert set(read(text, SHOP)) <= {"words"}


def test_another_shop_reads_other_things() -> None:
    assert "brand" not in read("samsung phone", ShopWords())
    assert read("samsung phone", SHOP)["brand"] == "Samsung"
