"""The noun a shopper would say, from titles and type cells."""

from __future__ import annotations

import pytest

from muse_core.catalog import nouns
from muse_core.catalog.words import singular, stems


@pytest.mark.parametrize(
    ("title", "noun"),
    [
        ("Aravali Men Navy Blue Slim Fit Cotton Casual Shirt", "shirt"),
        ("Printed Kurta with Trousers and Dupatta", "kurta"),
        ("Laptop Bag for Men, Black", "laptop bag"),
        ("Round Neck Tee", "t-shirt"),
        ("Blue T Shirt", "t-shirt"),
        ("Cotton Double Bedsheet with 2 Pillow Covers", "bedsheet"),
        ("Wooden Shirt Box", "shirt box"),
        ("Sneakers (Pack of 2)", "sneakers"),
        ("नीला लैपटॉप", "laptop"),
        ("Mystery Thing 500 ml", None),
    ],
)
def test_noun_in_title(title: str, noun: str | None) -> None:
    assert nouns.noun_in_title(title) == noun


@pytest.mark.parametrize(
    ("cell", "noun"),
    [
        ("Tshirts", "t-shirt"),
        ("Watches", "watch"),
        ("Necklace and Chains", "necklace"),
        ("Gadgets", "gadget"),
        ("42", None),
    ],
)
def test_type_cell(cell: str, noun: str | None) -> None:
    assert nouns.type_in_cell(cell) == noun


def test_words_fold_plurals_and_keep_hindi_whole() -> None:
    assert stems("Watches, T-Shirts & women's dresses") == ["watch", "tshirt", "women", "dress"]
    assert stems("काली साड़ी") == ["काली", "साड़ी"]
    assert singular("track pants") == "track pants"
    assert singular("Phone Cases") == "phone case"
