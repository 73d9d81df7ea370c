"""Products named by a word of their titles: by words that tell them apart, never by a colour or a kind."""

from __future__ import annotations

import pytest

from muse_core.language.named_items import find_named, naming_words

TITLES = ["Kiara Red Cotton Kurta", "Oslo Kurta in Blue", "Nordvik Kiara Silk Saree", "Trellis-9 Kurta"]


def test_a_title_is_named_by_what_no_other_has() -> None:
    assert naming_words(TITLES) == [(), ("Oslo",), ("Nordvik",), ("Trellis",)]
    assert naming_words(["Kiara Kurta"]) == [("Kiara",)]
    assert naming_words(["Red Kurta", "Blue Kurta"]) == [(), ()]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Oslo or Nordvik, which is cheaper?", (2, 3)),
        ("nordvik aur oslo me se kaunsa sasta hai", (3, 2)),
        ("trellis wala dikhao", (4,)),
        ("oslo, no, the oslo one", (2,)),
        ("the red one", ()),
        ("kiara", ()),
        ("a silk kurta", ()),
        ("", ()),
    ],
)
def test_items_are_found_in_the_order_said(text: str, found: tuple[int, ...]) -> None:
    assert find_named(text, TITLES) == found


def test_nothing_is_named_where_nothing_was_shown() -> None:
    assert find_named("Oslo or Nordvik", []) == ()
