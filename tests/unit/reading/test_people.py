"""How people word requests: what they dislike or have, what they compare by, and words that name nothing."""

from __future__ import annotations

import pytest

from muse_core.reading.reader import read
from muse_core.reading.shop_words import ShopWords
from muse_core.types import Facet

SHOP = ShopWords(
    ("Nokia", "Samsung"),
    (
        Facet("battery", "number", "mah", ("3000 mah", "6000 mah")),
        Facet("pattern", "choice", "", ("printed", "solid")),
        Facet("waterproof", "yes_no"),
    ),
    ("phone", "shirt", "suit", "watch", "bag", "dress", "table", "phone case"),
)
UNWANTED = {
    "already have black, what else": {"not_colour": "black"},
    "we own a Nokia, something different": {"not_brand": "Nokia"},
    "sick of Samsung": {"not_brand": "Samsung"},
    "never liked red shirts": {"query": "shirt", "not_colour": "red"},
    "a silk shirt? i'm allergic to wool": {"query": "shirt", "material": "silk", "not_material": "wool"},
    "kaala mere paas hai, dusra rang": {"not_colour": "black"},
    "nokia use kiya, ab koi aur": {"not_brand": "Nokia"},
    "हरा रंग पसंद नहीं": {"not_colour": "green"},
    "सैमसंग से तंग आ गया": {"not_brand": "Samsung"},
    "red shirts bore me": {"query": "shirt", "not_colour": "red"},
}
WANTED = {
    "i have a black shirt, need a belt": {"colour": "black"},
    "do you already have red shirts": {"query": "shirt", "colour": "red"},
    "never tired of black": {"colour": "black"},
    "agar red pasand nahi aaya to kya hoga": {"colour": "red"},
    "can't get enough of cotton": {"material": "cotton"},
}
COMPARED = {
    "which is cheaper": {"attribute": "price", "sort_by": "price_low"},
    "compare 1 and 2 on battery": {"items": [1, 2], "attribute": "battery"},
    "दोनों का दाम": {"attribute": "price"},
    "pehle aur teesre me kiski rating zyada": {"items": [1, 3], "attribute": "rating"},
    "first vs second, fabric?": {"items": [1, 2], "attribute": "material"},
    "difference in price and battery": {"attribute": ["price", "battery"]},
    "which is waterproof, 1 or 2": {"items": [1, 2], "attribute": "waterproof"},
}
NOT_COMPARED = [
    "which phone is cheaper",
    "waterproof phone under 900, then compare 1 and 2",
    "phone with 5000 mah battery",
    "compare 1 and 2",
]
NAMELESS = [
    "would it suit her?", "bag a deal", "watch out", "just in case", "kya ye mujhpe suit karega",
    "सूट करेगा क्या", "गुड बाय", "quick question", "um hey there", "bhai yaar plz", "एक सवाल मानिए",
    "just wondering",
]  # fmt: skip
NAMED = {
    "a suit for my brother": "suit",
    "mujhe suit chahiye": "suit",
    "watch for men": "watch",
    "bag me dikhao": "bag",
    "want to watch tv, need a table": "table",
    "bag for my phone": "bag",
    "phone ke liye bag": "bag",
    "shirt, bag": ["shirt", "bag"],
    "shirt aur watch": ["shirt", "watch"],
    "doll in red dress wali bag": "bag",
}


@pytest.mark.parametrize("text", UNWANTED)
def test_what_is_disliked_or_owned_is_excluded(text: str) -> None:
    found = read(text, SHOP)
    assert {name: found.get(name) for name in UNWANTED[text]} == UNWANTED[text]
    assert not any(f"not_{name}" in found and name in found for name in ("colour", "brand"))


@pytest.mark.parametrize("text", WANTED)
def test_what_only_looks_disliked_is_wanted(text: str) -> None:
    found = read(text, SHOP)
    assert {name: found.get(name) for name in WANTED[text]} == WANTED[text]
    assert not any(name.startswith("not_") for name in found)


@pytest.mark.parametrize("text", COMPARED)
def test_what_results_are_compared_by(text: str) -> None:
    found = read(text, SHOP)
    assert {name: found.get(name) for name in COMPARED[text]} == COMPARED[text]


@pytest.mark.parametrize("text", NOT_COMPARED)
def test_a_limit_or_a_search_compares_nothing(text: str) -> None:
    assert "attribute" not in read(text, SHOP)


@pytest.mark.parametrize("text", NAMELESS)
def test_idioms_and_asides_name_no_product(text: str) -> None:
    assert not {"query", "words"} & set(read(text, SHOP))


@pytest.mark.parametrize("text", NAMED)
def test_the_product_that_is_asked_for(text: str) -> None:
    assert read(text, SHOP).get("query") == NAMED[text]
