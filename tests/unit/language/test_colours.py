"""Which colour words of a request are colours."""

from __future__ import annotations

import pytest

from muse_core.language.colours import find_colours, is_shade_of


@pytest.mark.parametrize(
    ("text", "colours"),
    [
        ("peach kurti", ["peach"]),
        ("cream wali saree", ["cream"]),
        ("kurta in mustard", ["mustard"]),
        ("navy and olive", ["navy blue", "olive"]),
        ("cherry", ["red"]),
        ("skin color leggings", ["skin"]),
        ("black06 jeans", ["black"]),
        ("an espresso colored shelf", ["espresso"]),
        ("chocolate color boots", ["brown"]),
        ("Orange Kurta", ["orange"]),
        ("Mujhe Black Dress dikhao", ["black"]),
        ("navy (blue)", ["navy blue"]),
        ("light golden brown table", ["brown"]),
    ],
)
def test_colours(text: str, colours: list[str]) -> None:
    assert [value for value, _, _ in find_colours(text)] == colours


@pytest.mark.parametrize(
    "text",
    [
        "gold plated ring",
        "green tea",
        "hari mirch ka achar",
        "cream for dry skin",
        "coffee table",
        "stainless steel bottle",
        "traffic near Orange County today",
        "songs by Al Green please",
        "multi pack of socks",
        "the same color",
        "in a medium size",
    ],
)
def test_no_colours(text: str) -> None:
    assert find_colours(text) == []


def test_offsets() -> None:
    text = "काली, navy-blue shirt"
    assert [text[start:end] for _, start, end in find_colours(text)] == ["काली", "navy-blue"]


def test_a_shade_is_a_kind_of_its_colour_and_not_the_other_way_round() -> None:
    assert is_shade_of("navy blue", "blue")
    assert is_shade_of("blue", "blue")
    assert not is_shade_of("blue", "navy blue")
    assert not is_shade_of("navy blue", "green")
